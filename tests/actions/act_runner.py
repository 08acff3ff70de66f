"""Runs workflows on this machine with act, and reads what it reports.

act knows neither `$/path` references nor `queue`, has no artifacts for today's
clients and no network: `render` and the stand-ins beside this file make up for it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
STAND_INS = Path(__file__).with_name("stand_ins")
TIMEOUT_S = 900
_SELF_REFERENCE = re.compile(r"(uses:\s*)\$/(\S+)")
_UNKNOWN_TO_ACT = re.compile(r"^ *queue: max\n", re.MULTILINE)
_THIRD_PARTY = re.compile(r"uses:\s*((actions/[\w-]+)@[0-9a-f]{40})")
# How this machine reaches package indexes; nothing else of its environment is passed on.
_KEPT = ("LANG", "LC_", "PIP_", "UV_", "SSL_CERT_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Report:
    """What act said: one object an event, as by `--json`."""

    exit_code: int
    events: tuple[dict[str, Any], ...]

    @property
    def results(self) -> dict[str, str]:
        """`success` or `failure` by job."""
        return {e["jobID"]: e["jobResult"] for e in self.events if "jobResult" in e}

    def outputs(self, job: str, step: str) -> dict[str, str]:
        """Outputs of a step of the workflow itself, by its name."""
        return {
            e["name"]: e["arg"]
            for e in self._commands("set-output", job, step)
            if len(e["stepID"]) == 1 and e["name"] != "bin"
        }

    def summary(self, job: str, step: str) -> str:
        """What a step added to its job's summary."""
        return "".join(
            e["content"] for e in self._commands("summary", job, step) if len(e["stepID"]) == 1
        )

    @property
    def log(self) -> str:
        """The end of what steps printed, for people."""
        return "".join(e["msg"] for e in self.events if e.get("raw_output"))[-6_000:]

    def _commands(self, name: str, job: str, step: str) -> Iterator[dict[str, Any]]:
        for e in self.events:
            if (e.get("command"), e.get("jobID"), e.get("step")) == (name, job, step):
                yield e


@dataclass(frozen=True)
class ActRunner:
    """A runner with a home, a cache and temporary files of its own, all below *folder*.

    *url* is the address of the repository on the forge, which git is led from to
    the bare repository *origin*.
    """

    folder: Path
    url: str
    origin: Path
    secrets: Mapping[str, str]

    def prepare(self) -> None:
        """Make the runner's folders; its git has no identity."""
        for name in ("home", "cache", "tmp"):
            self._place(name).mkdir()
        redirect = f'[url "{self.origin}"]\n\tinsteadOf = {self.url}\n'
        self._place("home").joinpath(".gitconfig").write_text(redirect)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the runner."""
        environ = os.environ  # noqa: TID251 - the border of the test
        kept = {name: value for name, value in environ.items() if name.upper().startswith(_KEPT)}
        # The actions call `python3`: the one that runs the tests is new enough.
        return kept | {
            "PATH": os.pathsep.join([f"{sys.base_prefix}/bin", environ["PATH"]]),
            "HOME": str(self._place("home")),
            "XDG_CACHE_HOME": str(self._place("cache")),
            "UV_CACHE_DIR": str(self._place("cache") / "uv"),
            "TMPDIR": str(self._place("tmp")),
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def push(self, checkout: Path, name: str) -> Report:
        """Let a push to the branch that *checkout* is on start its workflows.

        Artifacts are kept in the folder `artifacts(name)`.
        """
        return self._start(checkout, name, ["push"])

    def dispatch(
        self, checkout: Path, name: str, workflow: str, inputs: Mapping[str, str]
    ) -> Report:
        """Start one workflow of *checkout* by hand, on the branch that it is on."""
        file = f".github/workflows/{workflow}"
        words = ["workflow_dispatch", "--workflows", file, *_flags("--input", inputs)]
        return self._start(checkout, name, words)

    def artifacts(self, name: str) -> Path:
        """Where the artifacts of the run *name* are, by artifact."""
        return self._place(f"artifacts-{name}")

    def _start(self, checkout: Path, name: str, event: list[str]) -> Report:
        rendered = self._place(f"rendered-{name}")
        call = (checkout / ".github/workflows/mlgitops.yml").read_text()
        repository, ref = re.findall(r"uses: (\S+?)/\.github/\S+@(\S+)", call)[0]
        render(rendered, repository, ref)
        pipeline = (rendered / ".github/workflows/pipeline.yml").read_text()
        replaced = {f"{repository}@{ref}": rendered} | {
            pinned: STAND_INS / action.partition("/")[2]
            for pinned, action in _THIRD_PARTY.findall(pipeline)
        }
        command = [
            *(str(Path(sys.executable).with_name("act")), *event, "--json"),
            *("-P", "ubuntu-24.04=-self-hosted", "--no-cache-server"),
            *("--env", f"ARTIFACTS_STAND_IN={self.artifacts(name)}"),
            *_flags("--local-repository", replaced),
            *_flags("--secret", self.secrets),
        ]
        return self._run(command, checkout)

    def _run(self, command: list[str], checkout: Path) -> Report:
        with subprocess.Popen(
            command, cwd=checkout, env=self.environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            try:
                printed, _ = process.communicate(timeout=TIMEOUT_S)
            except BaseException:  # also ^C: no job outlives the test
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return Report(process.returncode, tuple(_events(printed)))

    def _place(self, name: str) -> Path:
        return self.folder / name


def render(target: Path, repository: str, ref: str) -> None:
    """Copy this checkout to *target* with workflows and actions that act can read."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in listed.split("\0"):
        source, copy = CHECKOUT / name, target / name
        if not name or not source.is_file():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    for folder, pattern in ((".github/workflows", "*.yml"), ("actions", "*/action.yml")):
        for file in (target / folder).glob(pattern):
            text = _SELF_REFERENCE.sub(rf"\1{repository}/\2@{ref}", file.read_text())
            file.write_text(_UNKNOWN_TO_ACT.sub("", text))


def _flags(flag: str, values: Mapping[str, object]) -> list[str]:
    return [word for name, value in values.items() for word in (flag, f"{name}={value}")]


def _events(printed: str) -> Iterator[dict[str, Any]]:
    for line in printed.splitlines():
        try:
            yield json.loads(line)
        except ValueError:  # act's last words are plain text
            yield {"raw_output": True, "msg": f"{line}\n"}
