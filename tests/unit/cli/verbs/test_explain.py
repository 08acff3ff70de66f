from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlgitops.cli.verbs import explain
from mlgitops.model.errors import SpecError
from mlgitops.model.run import RunRecord, StepRecord
from tests.fakes.laboratory import Laboratory
from tests.fakes.wiring import call, wired

STEP = StepRecord("extract", "ran", "first", (), "sha256:k", {"sample": "0"}, {}, 1.0)


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    made = Laboratory.create(tmp_path)
    made.store.record_run(RunRecord("churn", "", "", 0, (STEP,), {}))
    return made


def told(laboratory: Laboratory, *words: str) -> int:
    wiring = wired(laboratory.root, store=laboratory.store, specs=laboratory.specs)
    return call(explain, wiring, *words)


def test_it_says_why(laboratory: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(laboratory, "extract", "--model", "churn") == 0

    assert capsys.readouterr().out == (
        "extract: ran, its first run here\ninputs\n  sample                       0\n"
    )


def test_json_is_the_record(laboratory: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(laboratory, "extract", "--model", "churn", "--format", "json") == 0

    assert json.loads(capsys.readouterr().out) == {
        "name": "extract", "status": "ran", "because": "first", "changes": [],
        "key": "sha256:k", "inputs": {"sample": "0"}, "outputs": {}, "seconds": 1.0,
        "failure": None,
    }  # fmt: skip


def test_among_several_models_one_has_to_be_named(laboratory: Laboratory) -> None:
    with pytest.raises(SpecError, match="which model") as caught:
        told(laboratory, "extract")

    assert caught.value.hint == "name one of churn, demand, topic"


def test_the_only_model_needs_no_name(
    laboratory: Laboratory, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("topic", "demand"):
        (laboratory.root / f"mlops/pipelines/{name}.yaml").unlink()

    assert told(laboratory, "extract") == 0


def test_it_says_why_a_step_failed(
    laboratory: Laboratory, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = STEP.failed("2 are wrong:\n  ::error::a\n  \x1b[31mb")
    laboratory.store.record_run(RunRecord("churn", "", "", 0, (failed,), {}))

    assert told(laboratory, "extract", "--model", "churn") == 0

    assert capsys.readouterr().out == (
        "extract: failed, its first run here\nfailure\n"
        "| 2 are wrong:\n|   ::error::a\n|   \\x1b[31mb\n"
        "inputs\n  sample                       0\n"
    )
