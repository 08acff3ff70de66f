"""Parse every spec of the repository here with PyYAML's C parser, and nothing more."""

from pathlib import Path

import yaml

for path in [Path("mlgitops.yaml"), *Path("mlops").rglob("*.yaml")]:
    yaml.load(path.read_text(), yaml.CSafeLoader)
