from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from mlgitops import folders
from mlgitops.cli.app import main
from mlgitops.model.digest import digest, digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.spec.bundled import folder
from tests.fakes.git_workspace import GitWorkspace
from tests.fakes.laboratory import Laboratory
from tests.fakes.wiring import wired

PROJECT = """\
apiVersion: mlgitops.dev/v1
kind: Project
metadata: {name: orders}
spec:
  registry: {uri: "env:MLFLOW_TRACKING_URI", artifacts: mlartifacts}
"""


def test_releases_go_by_the_addresses_on_the_branch_not_those_in_the_work_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = GitWorkspace.create(tmp_path / "orders")
    workspace.commit({"mlgitops.yaml": PROJECT}, "Add a project")
    workspace.write({"mlgitops.yaml": PROJECT.replace("MLFLOW_TRACKING_URI", "ELSEWHERE")})
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    code = main(["-C", str(workspace.root), "reconcile"])

    assert code == SpecError.exit_code
    assert "MLFLOW_TRACKING_URI, which is not set" in capsys.readouterr().err


def test_nothing_below_mlgitops_vouches_for_a_spec(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = GitWorkspace.create(tmp_path / "orders")
    wrong = PROJECT.replace("spec:", "spec:\n  branch: [main]")
    workspace.commit({"mlgitops.yaml": wrong}, "A wrong project")
    schemas = digest(folders.digests(sorted(folder("schemas").glob("*.json"))))
    remembered = {"schemas": schemas, "passed": [digest_of_bytes(wrong.encode())]}
    workspace.write({".mlgitops/checked.json": json.dumps(remembered)})

    for verb in ("run", "plan"):
        assert main(["-C", str(workspace.root), verb]) == SpecError.exit_code
        assert "SPEC201 spec.branch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "is_dirty"),
    [
        ({"notes.txt": "x"}, False),
        ({"shop/extra.py": "x"}, True),
        ({"mlops/waivers/mine.yaml": ""}, True),
        ({"shop/__pycache__/extra.pyc": "x"}, False),
    ],
    ids=["beside", "code", "spec", "cache"],
)
def test_untracked_files_count_among_specs_and_code(
    files: dict[str, str | None], is_dirty: bool, tmp_path: Path
) -> None:
    specs = Laboratory.create(tmp_path / "laboratory").specs
    workspace = GitWorkspace.create(tmp_path / "work")
    workspace.commit({"shop/train.py": "", "mlops/pipelines/churn.yaml": ""}, "Begin")
    workspace.write(files)

    with wired(workspace.root, specs=specs) as wiring:
        assert wiring.dirty is is_dirty


@pytest.mark.parametrize("is_measured", [True, False])
def test_untracked_code_of_a_metric_function_counts(is_measured: bool, tmp_path: Path) -> None:
    laboratory = Laboratory.create(tmp_path / "laboratory")
    if is_measured:
        functions = "functions: {profit: {entrypoint: 'money:profit', direction: maximize}}"
        laboratory.edit("mlops/pipelines/churn.yaml", "evaluate: {", f"evaluate: {{{functions}, ")
    workspace = GitWorkspace.create(tmp_path / "work")
    workspace.commit({"shop/train.py": "", "mlops/pipelines/churn.yaml": ""}, "Begin")
    workspace.write({"money.py": "x"})

    with wired(workspace.root, specs=laboratory.specs) as wiring:
        assert wiring.dirty is is_measured


@pytest.mark.parametrize("value", [None, ""], ids=["absent", "a missing secret"])
def test_a_variable_that_a_spec_names_must_hold_something(
    value: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    GitWorkspace.create(tmp_path / "orders").commit({"mlgitops.yaml": PROJECT}, "Add a project")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if value is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", value)

    code = main(["-C", str(tmp_path / "orders"), "plan"])

    assert code == SpecError.exit_code
    assert "MLFLOW_TRACKING_URI, which is not set" in capsys.readouterr().err


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "is_plain"), [({}, False), ({"NO_COLOR": "1"}, True)], ids=["coloured", "plain"]
)
def test_without_colours_nothing_is_bold_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], is_plain: bool
) -> None:
    from rich.text import Text

    monkeypatch.setattr("sys.stdout", shown := Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    console = wired(tmp_path, environ).console
    for style in ("bold", "dim", "green", "bold red"):
        console.print(Text("text", style))

    assert shown.getvalue().count("text") == 4
    assert ("\x1b" not in shown.getvalue()) is is_plain
