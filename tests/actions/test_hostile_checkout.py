"""The actions' own scripts, run in a checkout that tries to have its files executed or read as settings."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
# What `python -m`, the standard library, an installer or the engine would import by these names.
MODULES = (
    "venv.py", "ensurepip/__main__.py", "pip/__init__.py", "pip/__main__.py", "argparse.py", "json.py",
    "yaml.py", "jsonschema/__init__.py", "sitecustomize.py", "usercustomize.py", "setup.py",
    "mlgitops/__init__.py", "mlgitops/__main__.py", "mlgitops/cli/app.py",
)  # fmt: skip
NOWHERE = "http://127.0.0.1:9/simple"
SETTINGS = {
    "uv.toml": f'required-version = "==0.0.1"\nindex-url = "{NOWHERE}"\n',
    "pip.conf": f"[global]\nindex-url = {NOWHERE}\n",
    "setup.cfg": "[install]\nprefix = elsewhere\n",
    ".python-version": "2.7.18\n",
    "constraints.txt": "uv==0.0.1\npyyaml==0.0.1\n",
    "matplotlibrc": "backend: module://yaml\n",
}
# A job's variables, as a team sets them for its own tests.
VARIABLES = {
    "PYTHONPATH": ".", "PYTHONSTARTUP": "setup.py", "PIP_CONSTRAINT": "constraints.txt",
    "PIP_CONFIG_FILE": "pip.conf", "PIP_TARGET": "elsewhere", "UV_CONSTRAINT": "constraints.txt",
    "UV_CONFIG_FILE": "uv.toml", "UV_PYTHON": "2.7", "UV_WORKING_DIR": ".",
}  # fmt: skip


class Job:
    """One job of a runner, in a checkout of the example with traps in it."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self._temp = folder / "checkout", folder / "temp"
        self._sprung, self._outputs = folder / "sprung", folder / "outputs"
        self._temp.mkdir()
        self._outputs.touch()
        shutil.copytree(
            CHECKOUT / "examples/flights", self.workspace,
            ignore=shutil.ignore_patterns("__pycache__", ".mlgitops", "data", "mlflow.db", "mlartifacts"),
        )  # fmt: skip
        for name in MODULES:
            file = self.workspace / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"open({str(self._sprung)!r}, 'a').write({name + chr(10)!r})\n")
        for name, text in SETTINGS.items():
            (self.workspace / name).write_text(text)
        (self.workspace / "pyproject.toml").write_text(
            f'[tool.uv]\nrequired-version = "==0.0.1"\nindex-url = "{NOWHERE}"\n'
        )
        for words in (
            ["init", "--quiet", "--initial-branch=main"],
            ["add", "."],
            ["commit", "-qm", "."],
        ):
            self.shell(["git", *words], {})

    def shell(
        self, command: list[str], given: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* in the checkout, with *given* beside the runner's variables."""
        environ = os.environ  # noqa: TID251 - the border of the test
        environment = {
            **environ,
            # The actions call `python3`: the one that runs the tests is new enough.
            "PATH": os.pathsep.join([f"{sys.base_prefix}/bin", environ["PATH"]]),
            "RUNNER_TEMP": str(self._temp),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(self._outputs),
            **given,
        }
        return subprocess.run(
            command, cwd=self.workspace, env=environment, check=False, capture_output=True, text=True,
            timeout=300,
        )  # fmt: skip

    def action(self, name: str, given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the scripts of an action, as its shell would."""
        folder = CHECKOUT / "actions" / name
        document = yaml.safe_load((folder / "action.yml").read_text())
        script = "\n".join(step["run"] for step in document["runs"]["steps"] if "run" in step)
        file = self._temp / f"{name}.sh"
        file.write_text(script)
        bash = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(file)]
        return self.shell(bash, {"GITHUB_ACTION_PATH": str(folder), **given})

    @property
    def outputs(self) -> dict[str, str]:
        lines = self._outputs.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def sprung(self) -> list[str]:
        """Names of the traps whose code was run, each once."""
        return sorted(set(self._sprung.read_text().split())) if self._sprung.exists() else []


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


@pytest.mark.parametrize(
    ("command", "trap"),
    [
        (["python3", "-m", "venv", "elsewhere"], "venv.py"),
        (["python3", "-m", "pip", "--version"], "pip/__main__.py"),
        (["env", "PYTHONPATH=.", "python3", "-c", ""], "sitecustomize.py"),
        ([sys.executable, "-m", "mlgitops", "--version"], "mlgitops/__main__.py"),
    ],
)
def test_the_traps_are_sprung_by_what_is_not_isolated(
    job: Job, command: list[str], trap: str
) -> None:
    job.shell(command, {})

    assert trap in job.sprung


@pytest.mark.slow
@pytest.mark.parametrize("variables", [{}, VARIABLES], ids=["bare", "variables"])
def test_nothing_of_the_checkout_is_run_or_read_as_settings(
    job: Job, variables: dict[str, str], require: Callable[[str, str], NoReturn]
) -> None:
    try:
        socket.getaddrinfo("pypi.org", 443)
    except OSError as error:
        require("a package index", str(error))
    installed = job.action("setup", {"EXTRAS": "", **variables})
    assert (job.sprung, installed.returncode) == ([], 0), installed.stderr

    checked = job.action("check", {"BIN": job.outputs["bin"], **variables})

    assert job.sprung == []
    assert (checked.returncode, checked.stderr) == (0, "")
    assert not (job.workspace / "elsewhere").exists()


def test_every_program_of_the_set_up_is_told_to_look_nowhere_else() -> None:
    script = (CHECKOUT / "actions/setup/action.yml").read_text().partition("run: |\n")[2]
    started = re.findall(r'(?:python3|bin/python"|bin/uv"|exec %q) (-\S+)', script)

    assert started == ["-I", "-I", "--no-config", "-I"]


@pytest.mark.parametrize("verb", ["check", "run", "promote", "reconcile"])
def test_every_verb_is_started_outside_the_checkout(job: Job, tmp_path: Path, verb: str) -> None:
    place = tmp_path / "bin"
    place.mkdir()
    said = tmp_path / "said"
    command = place / "mlgitops"
    command.write_text(f'#!/bin/sh\n{{ pwd; printf "%s\\n" "$@"; }} > "{said}"\n')
    command.chmod(0o755)
    names = ("MODEL", "ENVIRONMENT", "CANDIDATE", "UNTIL", "NO_WORKER")

    ended = job.action(verb, {"BIN": str(place), **dict.fromkeys(names, "x")})

    assert ended.returncode == 0, ended.stderr
    assert said.read_text().splitlines()[:4] == [str(place), "-C", str(job.workspace), verb]
