from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlgitops.cli.answers import Answered, answer_stop
from mlgitops.cli.verbs import run
from mlgitops.model.errors import GateFailed, SpecError
from mlgitops.model.run import STEPS
from tests.fakes.answers import valid
from tests.fakes.laboratory import Laboratory
from tests.fakes.wiring import call, wired

pytestmark = pytest.mark.slow

Run = Callable[..., int]


@pytest.fixture
def do(laboratory: Laboratory) -> Run:
    """`mlgitops run` in the laboratory, with the environment given."""

    def execute(*words: str, environ: dict[str, str] | None = None, **given: Any) -> int:
        neighbours = {
            name: getattr(laboratory.neighbours, name)
            for name in ("tables", "worker", "store", "registry", "engine", "progress", "clock")
        }
        origin = {
            name: getattr(laboratory.origin, name)
            for name in ("root", "commit", "dirty", "versions")
        }
        wiring = wired(
            laboratory.root, {"GITHUB_ACTOR": "Ada <ada@example.org>", **(environ or {})},
            specs=laboratory.specs, **{**neighbours, **origin, **given},
        )  # fmt: skip
        return call(run, wiring, *words)

    return execute


def test_what_was_done_and_what_came_of_it(do: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert do("churn") == 0

    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == "churn"
    assert [line.split()[:2] for line in lines[1:9]] == [[step, "cached"] for step in STEPS]
    found = dict(line.split(maxsplit=1) for line in lines[9:])
    assert list(found) == ["candidate", "environment", "verdict", "report", "version"]
    assert (found["environment"], found["verdict"], found["version"]) == ("staging", "pass", "1")
    assert Path(found["report"]).is_file()


def test_a_run_that_stops_early_has_no_outcome(do: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert do("churn", "--until", "train") == 0

    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "churn", *STEPS[:5],
    ]  # fmt: skip


def test_outputs_go_to_a_workflow_that_asks(do: Run, tmp_path: Path) -> None:
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    environ = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}

    do("churn", environ=environ)
    text = outputs.read_text()
    assert all(f"{name}<<" in text for name in ("candidate", "verdict", "report", "version"))
    assert not summary.exists()

    do("churn", "--from", "gate", environ=environ)
    assert "min-metric" in summary.read_text()
    delimiters = {
        line.partition("<<")[2] for line in outputs.read_text().splitlines() if "<<" in line
    }
    assert len(delimiters) == 2


def test_json_has_the_steps_and_what_came_of_them(
    do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert do("churn", "--format", "json") == 0

    told = valid("run", capsys.readouterr().out)
    assert [step["name"] for step in told["steps"]] == list(STEPS)
    assert (told["environment"], told["verdict"], told["version"]) == ("staging", "pass", 1)

    assert do("churn", "--until", "train", "--format", "json") == 0
    assert valid("run", capsys.readouterr().out)["verdict"] is None


def test_a_missed_gate_is_in_the_document_and_annotated_elsewhere(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "min: 0.6", "min: 0.9999")

    with pytest.raises(Answered) as caught:
        do("churn", "--format", "json", environ={"GITHUB_ACTIONS": "true"})
    answer_stop(["--format=json"], caught.value, caught.value.error.exit_code)

    out, err = capsys.readouterr()
    told = valid("run", out)
    assert told["error"]["code"] == 3
    assert "min-metric" in told["error"]["message"]
    assert (told["verdict"], told["version"]) == ("fail", None)
    assert "::error" in err


def test_a_missed_gate_is_shown_and_raised(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "[visits, spent, plan]", "[visits, refund, plan]")
    laboratory.edit("shop/features.py", '["visits", "spent"]', '["visits", "refund"]')

    with pytest.raises(GateFailed):
        do("churn", environ={"GITHUB_ACTIONS": "true"})

    out = capsys.readouterr().out
    assert "leakage" in out
    assert "verdict      fail" in out
    assert "version" not in out.rpartition("candidate")[2]
    assert "::error" in out


def test_without_worker_stored_steps_still_do(do: Run) -> None:
    assert do("churn", "--no-worker") == 0


def test_without_worker_user_code_is_refused(laboratory: Laboratory, do: Run) -> None:
    from mlgitops.cli.no_worker import NoWorker

    laboratory.edit("mlops/pipelines/churn.yaml", "C: 1.0", "C: 2.0")

    with pytest.raises(SpecError, match="--no-worker forbids it"):
        do("churn", "--no-worker", worker=NoWorker())


def test_a_run_on_uncommitted_changes_says_what_that_means(
    do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert do("churn", dirty=True) == 0
    out = capsys.readouterr().out

    said = "made with uncommitted changes: cannot be promoted\n"
    assert out.endswith(said)
    assert "Ready" not in out

    assert do("churn", "--until", "train", dirty=True) == 0
    assert said not in capsys.readouterr().out
