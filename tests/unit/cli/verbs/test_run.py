from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.git_repository import GitRepository
from mlgitops.cli.answers import Answered, answer_stop
from mlgitops.cli.verbs import gate, run
from mlgitops.model.errors import GateFailed, SpecError
from mlgitops.model.promotion import release_path
from mlgitops.model.run import STEPS
from mlgitops.model.spec import Pin, Release
from mlgitops.spec.release import render
from tests.fakes.answers import valid
from tests.fakes.git_workspace import GitWorkspace
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
            for name in (
                "tables",
                "worker",
                "store",
                "registry",
                "engine",
                "decisions",
                "progress",
                "clock",
            )
        }
        origin = {
            name: getattr(laboratory.origin, name)
            for name in ("root", "commit", "dirty", "versions")
        }
        wiring = wired(
            laboratory.root, {"GITHUB_ACTOR": "Ada <ada@example.org>", **(environ or {})},
            **{"specs": laboratory.specs, **neighbours, **origin, **given},
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
    assert list(found) == ["candidate", "version", "staging", "production", "evidence"]
    assert found["version"] == "1"
    for environment in ("staging", "production"):
        verdict, report = found[environment].split(maxsplit=1)
        assert verdict == "pass"
        assert report.endswith(f"{found['candidate']}-{environment}.html")
        assert Path(report).is_file()
    places = [line.split(maxsplit=1)[1] for line in lines if line.startswith("evidence ")]
    assert [Path(place).name for place in places] == [
        f"{found['candidate']}-{environment}.json" for environment in ("staging", "production")
    ]


def test_the_evidence_that_is_named_can_be_judged_again(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    do("churn")
    [place, _] = re.findall(r"^evidence +(/.+)$", capsys.readouterr().out, re.MULTILINE)
    wiring = wired(laboratory.root, specs=laboratory.specs, engine=laboratory.engine)

    assert call(gate, wiring, "--evidence", place, "--format", "json") == 0

    assert valid("gate", capsys.readouterr().out)["verdict"] == "pass"


def test_a_gate_of_the_last_run_names_the_environments_that_it_did_not_judge(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    do("churn")
    own = laboratory.neighbours
    wiring = wired(
        laboratory.root,
        specs=laboratory.specs,
        engine=laboratory.engine,
        store=own.store,
        clock=own.clock,
    )

    def judged(*words: str) -> list[str]:
        capsys.readouterr()
        assert call(gate, wiring, "churn", *words) == 0
        return capsys.readouterr().out.splitlines()

    command = "mlgitops gate churn --env production"
    assert judged()[-1] == f"→ For production: {command}"
    assert judged("--now", "2026-12-01T08:00:00Z")[-1].endswith(
        f"{command} --now 2026-12-01T08:00:00Z"
    )
    assert "Ready to release to production" in judged("--env", "production")[0]
    assert not [line for line in judged("--env", "production") if "gate churn" in line]


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
    assert [(one["environment"], one["held"]) for one in told["environments"]] == [
        ("staging", False), ("production", False),
    ]  # fmt: skip
    assert all(Path(one["evidence"]).is_file() for one in told["environments"])
    assert told["logs"] == {}

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


def test_nothing_is_annotated_where_no_runner_reads_it(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "min: 0.6", "min: 0.9999")

    with pytest.raises(GateFailed):
        do("churn", environ={"GITHUB_ACTIONS": "false"})

    said = capsys.readouterr()
    assert "::error" not in said.out + said.err


def test_a_missed_gate_is_shown_and_raised(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "[visits, spent, plan]", "[visits, refund, plan]")
    laboratory.edit("shop/features.py", '["visits", "spent"]', '["visits", "refund"]')

    with pytest.raises(GateFailed):
        do("churn", environ={"GITHUB_ACTIONS": "true"})

    out = capsys.readouterr().out
    assert "leakage" in out
    ruled = out.rpartition("candidate")[2]
    assert re.search(r"^staging +fail +/", ruled, re.MULTILINE)
    assert "version" not in ruled
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


def test_what_another_environment_refuses_is_told_and_no_exit_code(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = "{policy: leakage, with: {max_feature_auc: 0.5}}"
    place, before = "mlops/environments/production.yaml", "alias: champion}"
    laboratory.edit(place, before, f"alias: champion, policies: [{gate}]}}")

    assert do("churn") == 0

    lines = capsys.readouterr().out.splitlines()
    staging, production = (
        next(line for line in lines if line.startswith(f"{name} "))
        for name in ("staging", "production")
    )
    assert staging.split()[1] == "pass"
    assert production.split()[1] == "fail"
    assert [line for line in lines if line.startswith("why ")] == [
        "why         mlgitops gate churn --env production"
    ]
    assert staging.index("/") == production.index("/")


@pytest.mark.parametrize("rows", ["0", "-1"])
def test_no_rows_are_no_sample(do: Run, rows: str) -> None:
    with pytest.raises(SpecError, match=f"--sample {rows}: a model is made of at least one row"):
        do("churn", f"--sample={rows}")


@pytest.fixture
def rolled_back(
    do: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[GitWorkspace, str]:
    """A repository whose history holds the laboratory's candidate in staging, and its name."""
    do("churn")
    [candidate] = re.findall(r"^candidate +(\w+)$", capsys.readouterr().out, re.MULTILINE)
    workspace = GitWorkspace.create(tmp_path / "history")
    pin = Pin(1, candidate, f"sha256:{1:064}", f"sha256:{2:064}")
    for desired in (pin, None):
        text = render(Release("churn", "staging", desired, None))
        workspace.commit({release_path("staging", "churn"): text}, "Release")
    return workspace, candidate


def test_a_held_candidate_is_told_and_no_promotion_is_suggested(
    laboratory: Laboratory,
    do: Run,
    rolled_back: tuple[GitWorkspace, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace, candidate = rolled_back
    releases = {("staging", "churn"): Release("churn", "staging", None, None)}
    given = {
        "specs": replace(laboratory.specs, releases=releases),
        "repository": GitRepository(workspace.root),
    }

    assert do("churn", "--from", "gate", **given) == 0

    out = capsys.readouterr().out
    assert "Passed, but held in staging" in out
    assert "mlgitops promote" not in out
    assert re.search(r"^staging +pass, but held: rolled back there  /", out, re.MULTILINE)
    assert re.search(r"^production +pass  +/", out, re.MULTILINE)

    assert do("churn", "--format", "json", **given) == 0
    told = valid("run", capsys.readouterr().out)
    assert told["candidate"] == candidate
    assert [one["held"] for one in told["environments"]] == [True, False]


def test_a_history_that_is_not_here_holds_nobody_up(
    laboratory: Laboratory, do: Run, rolled_back: tuple[GitWorkspace, str]
) -> None:
    workspace, _ = rolled_back
    releases = {("staging", "churn"): Release("churn", "staging", None, None)}
    project = replace(laboratory.specs.project, branch="elsewhere")
    specs = replace(laboratory.specs, releases=releases, project=project)

    assert do("churn", specs=specs, repository=GitRepository(workspace.root)) == 0


def test_without_a_release_no_history_is_read(do: Run) -> None:
    assert do("churn", repository=None) == 0


PRINTING = "import sys, warnings; print('\\x1b[2Jfitted'); warnings.warn('slow')"
FIT = "    return LogisticRegression"


@pytest.mark.parametrize("end", ["pass", "raise ValueError(7)"])
def test_what_training_prints_is_kept_and_its_place_is_told(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    laboratory.edit("shop/train.py", FIT, f"    {PRINTING}; {end}\n{FIT}")

    with pytest.raises(SpecError) if end != "pass" else nullcontext():
        do("churn")

    lines = capsys.readouterr().out.splitlines()
    [log] = [line.split(maxsplit=1)[1] for line in lines if line.startswith("log ")]
    assert log == str(laboratory.root / ".mlgitops/logs/churn/train.log")
    text = Path(log).read_text()
    assert "\\x1b[2Jfitted\n" in text
    assert "UserWarning: slow" in text


def test_silent_training_leaves_no_log(
    laboratory: Laboratory, do: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    old = laboratory.store.keep_log("churn", "train", b"of an earlier run")
    laboratory.edit("mlops/pipelines/churn.yaml", "C: 1.0", "C: 2.0")

    assert do("churn") == 0

    assert not re.search(r"^log ", capsys.readouterr().out, re.MULTILINE)
    assert old is not None
    assert not old.exists()
