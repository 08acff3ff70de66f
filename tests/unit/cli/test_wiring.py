from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.cli.app import main
from mlgitops.model.errors import SpecError
from tests.fakes.git_workspace import GitWorkspace

PROJECT = """\
apiVersion: mlgitops.dev/v1
kind: Project
metadata: {name: orders}
spec:
  registry: {uri: "env:MLFLOW_TRACKING_URI", artifacts: mlartifacts}
"""


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
