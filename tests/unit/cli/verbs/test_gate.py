"""`mlgitops gate`: the same verdicts anywhere, from the evidence and the policies alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mlgitops.cli.app import main
from mlgitops.model.digest import canonical_json, digest_of_bytes, short
from mlgitops.spec import evidence as evidence_file
from tests.fakes.answers import valid
from tests.fakes.release_world import MODEL, ReleaseWorld

NOW = "2026-01-02T12:00:00Z"
PIPELINE = f"mlops/pipelines/{MODEL}.yaml"
WAIVER = """apiVersion: mlgitops.dev/v1
kind: Waiver
metadata: {{name: known}}
spec:
  policy: min-metric
  model: flights-delay
  candidate: "{}"
  reason: Known and accepted by all.
  expires: 2026-01-02
"""


class Desk:
    """A clone and a file of evidence beside it: no data, no model, no registry."""

    def __init__(self, folder: Path) -> None:
        self.world = ReleaseWorld(folder)
        self.file = folder / "evidence.json"
        self.root = self.world.workspace.root

    def judge(self, *words: str, auc: float = 0.65) -> int:
        version = self.world.run(auc=auc, environments=("staging",))
        digest = version.tags["mlgitops.evidence.staging"]
        path = evidence_file.attachment(digest, "staging")
        self.file.write_bytes(self.world.registry.attachment(version, path) or b"")
        return self.again(*words)

    def again(self, *words: str) -> int:
        return main(["-C", str(self.root), "gate", "--evidence", str(self.file), *words])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("auc", "code", "verdict"),
    [(0.65, 0, "pass"), (0.5, 3, "fail"), (0.62, 8, "inconclusive")],
)
def test_the_verdict_is_the_exit_code(
    auc: float, code: int, verdict: str, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.judge("--format", "json", "--now", NOW, auc=auc) == code

    found = valid("gate", capsys.readouterr().out)
    assert found["verdict"] == verdict
    assert found["evidence"] == digest_of_bytes(desk.file.read_bytes())
    assert found["context"] == {"now": NOW, "stage": "gate", "environment": "staging"}
    assert ("error" in found) == (code > 0)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_every_gate_is_shown(form: str, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.judge("--format", form, auc=0.5) == 3

    told = capsys.readouterr()
    assert "min-metric" in told.out
    assert "not-worse-than-champion" in told.out or "first-model-baseline" in told.out
    assert "is not fit for staging: fail" in told.err


def test_a_waiver_holds_until_its_last_second_and_never_after(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.judge(auc=0.5) == 3
    candidate = json.loads(desk.file.read_bytes())["subject"]["candidate"]
    desk.world.workspace.write({"mlops/waivers/known.yaml": WAIVER.format(short(candidate))})

    assert desk.again("--now", "2026-01-02T23:59:59Z") == 0
    assert desk.again("--now", "2026-01-03T00:00:00Z") == 3
    capsys.readouterr()


def test_the_policies_of_a_commit_count_not_those_of_the_work_tree(desk: Desk) -> None:
    text = (desk.root / PIPELINE).read_text()
    desk.world.workspace.write({PIPELINE: text.replace("0.62", "0.99")})

    assert desk.judge("--now", NOW) == 3
    assert desk.again("--now", NOW, "--at", "HEAD") == 0
    assert desk.again("--at", "nowhere") == 2


def changed(content: bytes, **sections: Any) -> bytes:
    return canonical_json({**json.loads(content), **sections})


def test_a_file_that_is_no_evidence_is_refused(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.judge() == 0
    sound = desk.file.read_bytes()
    for content in (b"", b"{}", b"\xff", sound[:-1], sound.replace(b"0.65", b"NaN"),
                    changed(sound, more=1), changed(sound, environment="mars"),
                    b" " * (evidence_file.LARGEST_BYTES + 1)):  # fmt: skip
        desk.file.write_bytes(content)
        assert desk.again() == 2
    desk.file.unlink()
    assert desk.again() == 2
    assert "cannot be read: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--now", "soon"), ("--env", "staging")])
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], desk: Desk) -> None:
    assert desk.judge() == 0
    assert desk.again(*words) == 2


def test_another_folder_and_process_give_the_same_bytes(desk: Desk, tmp_path: Path) -> None:
    desk.judge(auc=0.5)
    elsewhere = tmp_path / "another" / "place"
    shutil.copytree(desk.root, elsewhere)
    (elsewhere / "own.json").write_bytes(desk.file.read_bytes())

    def printed(folder: Path, evidence: str, zone: str, seed: str) -> bytes:
        environ = {"PATH": os.environ["PATH"], "TZ": zone, "PYTHONHASHSEED": seed}  # noqa: TID251
        words = ["-C", str(folder), "gate", "--evidence", evidence, "--now", NOW]
        ended = subprocess.run(
            [sys.executable, "-m", "mlgitops", *words, "--format", "json"],
            capture_output=True,
            env=environ,
            check=False,
        )
        assert ended.returncode == 3
        return ended.stdout

    here = printed(desk.root, str(desk.file), "UTC", "1")
    there = printed(elsewhere, "own.json", "Pacific/Auckland", "2")

    assert here == there
    assert str(tmp_path).encode() not in here


def test_without_a_file_the_last_run_is_judged(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(desk.root), "gate", MODEL]) == 2
    assert "has not run here yet" in capsys.readouterr().err


def test_the_time_is_now_unless_told(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    before = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - what is tested
    assert desk.judge("--format", "json") == 0

    told = datetime.fromisoformat(json.loads(capsys.readouterr().out)["context"]["now"])
    assert before <= told <= datetime.now(UTC)  # noqa: TID251 - what is tested
