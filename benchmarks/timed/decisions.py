"""`policy backtest` over 1,000 decisions that lie in git: `decisions.py N`; prints seconds as JSON.

Each is about other evidence. Whole processes, from the command to its answer.
"""

import copy
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model import decision_log
from mlgitops.model.digest import canonical_json, digest_of_bytes
from mlgitops.model.verdict import Decision, context
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.load import load, read_builtin, read_folder
from mlgitops.usecases.gate import gate_all

DECISIONS = 1000
TOP = Path(__file__).parents[2]


def git(root: Path, *words: str) -> None:
    named = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *named, *words], cwd=root, check=True, stdout=subprocess.DEVNULL)


def fill(root: Path) -> None:
    """Put the decisions and what they are about into a copy of the example."""
    shutil.copytree(TOP / "examples/flights", root, ignore=shutil.ignore_patterns(".mlgitops"))
    known = json.loads((TOP / "policies/tests/evidence.json").read_text())
    documents = [copy.deepcopy(known) for _ in range(DECISIONS)]
    for number, document in enumerate(documents):
        document["cost"]["total_seconds"] = number / 10
    specs = load(read_folder(root), read_builtin())
    at = context(datetime(2026, 1, 1, tzinfo=UTC), "promote", known["environment"])
    made = gate_all(specs, [(document, at) for document in documents], engine=CelEngine())
    subject, lines, previous = known["subject"], [], None
    for document, decision in zip(documents, made, strict=True):
        assert isinstance(decision, Decision), decision
        content = canonical_json(document)
        path = evidence_file.path(digest_of_bytes(content), subject["candidate"], subject["model"])
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        entry = decision_log.entry(decision, previous, commit="0" * 40)
        lines.append(f"{entry.line}\n")
        previous = entry.id
    log = root / decision_log.path(known["environment"], subject["model"])
    log.parent.mkdir(parents=True)
    log.write_text("".join(lines))
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Decisions")


def main() -> None:
    taken = []
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "flights"
        fill(root)
        command = [sys.executable, "-m", "mlgitops", "-C", str(root), "policy", "backtest"]
        for _ in range(int(sys.argv[1])):
            started = time.perf_counter()
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            taken.append(time.perf_counter() - started)
            assert f"0 of {DECISIONS} decisions" in ended.stdout, ended
    print(json.dumps(taken))


main()
