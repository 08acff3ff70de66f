"""docs/spec.md says what the schemas say, and its examples are specs that pass."""

import json
import re
from pathlib import Path

import pytest

from mlgitops.model.metrics import DEFAULT_METRICS, METRICS, metrics_for
from mlgitops.model.spec import Kind
from mlgitops.spec.bundled import folder
from mlgitops.spec.load import load, read_builtin
from mlgitops.spec.schemas import file_name

REFERENCE = (Path(__file__).parents[2] / "docs" / "spec.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## )", REFERENCE, flags=re.MULTILINE | re.DOTALL))


def names(node):
    """Names of all properties below the schema *node*."""
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for below in node.values():
            yield from names(below)
    elif isinstance(node, list):
        for below in node:
            yield from names(below)


@pytest.mark.parametrize("kind", Kind)
def test_every_key_of_a_schema_is_in_the_reference(kind):
    schema = json.loads((folder("schemas") / file_name(kind)).read_text())
    del schema["$defs"]["metadata"]
    keys = set(names(schema["$defs"]))
    table = "\n".join(line for line in SECTIONS[kind].splitlines() if line.startswith("|"))
    written = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", table))))

    assert keys <= written


def test_the_examples_are_one_good_repository():
    blocks = re.findall(r"```yaml\n# (ml\S+)\n(.*?)```", REFERENCE, flags=re.DOTALL)
    specs = load(dict(blocks), read_builtin())

    assert len(blocks) == len(Kind)
    assert specs.releases
    assert specs.waivers


@pytest.mark.parametrize("task", DEFAULT_METRICS)
def test_the_table_of_metrics_is_the_one_in_the_code(task):
    (row,) = re.findall(rf"^\| `{task}` \| (.*) \|$", REFERENCE, flags=re.MULTILINE)
    listed = [name.strip("*") for name in row.split(", ")]
    bold = re.findall(r"\*\*(\w+)\*\*", row)

    assert set(listed) == set(metrics_for(task)) <= set(METRICS)
    assert tuple(bold) == DEFAULT_METRICS[task]
