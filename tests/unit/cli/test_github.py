from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.cli.app import main
from mlgitops.cli.github import (
    OUTPUTS,
    annotate,
    is_workflow,
    refuse_lost_branch,
    refuse_lost_registry,
    write_outputs,
    write_summary,
)
from mlgitops.model.errors import GateFailed, SpecError
from mlgitops.model.source import Diagnostic, Span


def outputs(file: Path) -> dict[str, str]:
    """What the runner reads: `name<<delimiter`, lines, the delimiter."""
    found, lines = {}, iter(file.read_text().splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        found[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return found


def test_an_output_of_many_lines_cannot_set_another(tmp_path: Path) -> None:
    file = tmp_path / "output"
    forged = "a\nversion=7\nversion<<x\n7\nx"

    write_outputs({"GITHUB_OUTPUT": str(file)}, "run", {"candidate": forged, "verdict": "pass"})

    assert outputs(file) == {"candidate": forged, "verdict": "pass"}


def test_outputs_of_a_verb_are_added_to_those_before(tmp_path: Path) -> None:
    environ = {"GITHUB_OUTPUT": str(tmp_path / "output")}

    write_outputs(environ, "reconcile", {"changes": "2"})
    write_outputs(environ, "promote", {"pull-request": ""})

    assert outputs(tmp_path / "output") == {"changes": "2", "pull-request": ""}


def test_an_output_that_no_action_declares_is_a_bug() -> None:
    with pytest.raises(ValueError, match=r"promote has no outputs \['version'\]"):
        write_outputs({}, "promote", {"version": "1"})


def test_outside_a_workflow_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    write_outputs({}, "run", dict.fromkeys(OUTPUTS["run"], "x"))
    write_summary({}, "x")
    annotate({}, GateFailed("x"))

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("value", ["", "false", "1"])
def test_only_a_runner_reads_commands(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    annotate({"GITHUB_ACTIONS": value}, GateFailed("x"))

    assert not is_workflow({"GITHUB_ACTIONS": value})
    assert is_workflow({"GITHUB_ACTIONS": "true"})
    assert capsys.readouterr() == ("", "")


def test_a_long_summary_is_cut_at_a_line_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "summary"

    write_summary({"GITHUB_STEP_SUMMARY": str(file)}, "é" * 99 + "\n" + "line é\n" * 200_000)

    content = file.read_bytes()
    assert len(content) < 1_000_000
    *lines, last = content.decode().splitlines()
    assert last == "… cut"
    assert set(lines[1:-1]) == {"line é"}


def test_an_error_is_one_annotation_whatever_its_message_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    annotate({"GITHUB_ACTIONS": "true"}, GateFailed("missed\n::warning::100%", hint="improve it"))

    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("::error title=mlgitops::missed")
    assert "100%25" in line
    assert "improve it" in line


def test_diagnostics_are_annotated_at_their_places(capsys: pytest.CaptureFixture[str]) -> None:
    found = Diagnostic("SPEC201", "expected a number", Span("mlgitops.yaml", 14, 12, 200, 204))

    annotate({"GITHUB_ACTIONS": "true"}, SpecError("1 problem", diagnostics=[found]))

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("::error file=mlgitops.yaml,line=14,col=12")


def test_a_verb_that_stops_in_a_workflow_annotates_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    code = main(["-C", str(tmp_path), "status"])

    assert code == SpecError.exit_code
    assert "\n::error title=mlgitops::" in capsys.readouterr().err


@pytest.mark.parametrize("path", [".", "shop"])
def test_a_branch_that_nobody_could_merge_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(SpecError, match="lost with this runner's clone"):
        refuse_lost_branch({"GITHUB_WORKSPACE": str(tmp_path)}, tmp_path / path, None)


def test_a_branch_is_written_where_it_stays(tmp_path: Path) -> None:
    refuse_lost_branch({}, tmp_path, None)
    refuse_lost_branch({"GITHUB_WORKSPACE": str(tmp_path)}, tmp_path, "origin")
    refuse_lost_branch({"GITHUB_WORKSPACE": str(tmp_path / "work")}, tmp_path / "demo", None)


@pytest.mark.parametrize(
    ("place", "runner"), [("mlflow.db", "self-hosted"), ("../mlflow.db", "github-hosted")]
)
def test_a_registry_that_goes_with_the_runner_is_refused(
    tmp_path: Path, place: str, runner: str
) -> None:
    root = tmp_path / "clone"

    for workspace in (root, tmp_path):  # with `path: clone`, it is the folder above
        environ = {"GITHUB_WORKSPACE": str(workspace), "RUNNER_ENVIRONMENT": runner}
        with pytest.raises(SpecError, match=r"lost with this runner: .*mlflow\.db"):
            refuse_lost_registry(environ, root, [root / place])


def test_a_registry_is_used_where_it_stays(tmp_path: Path) -> None:
    root, kept = tmp_path / "clone", tmp_path / "mlflow.db"
    runner = {"GITHUB_WORKSPACE": str(root)}

    refuse_lost_registry({}, root, [root / "mlflow.db"])  # not in a workflow
    refuse_lost_registry(runner, root, [kept])  # a runner of one's own
    refuse_lost_registry(runner | {"RUNNER_ENVIRONMENT": "github-hosted"}, root, [])  # a server
    beside = tmp_path / "demo"
    refuse_lost_registry(runner, beside, [beside / "mlflow.db"])  # another repository
