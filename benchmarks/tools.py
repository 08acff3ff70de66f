"""The programs that are compared."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from measure import environment

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent / "examples" / "flights"


@dataclass(frozen=True, slots=True)
class Tools:
    """*python* has mlgitops installed; `mlgitops` lies beside it."""

    python: Path
    dvc: Path

    @property
    def mlgitops(self) -> str:
        """The console script."""
        return str(self.python.with_name("mlgitops"))

    def timed(self, program: str, *arguments: str) -> list[str]:
        """A command that runs a program of `timed/`."""
        return [str(self.python), str(HERE / "timed" / program), *arguments]


def done(command: list[str], cwd: Path) -> str:
    """Run *command* without measuring it; what it prints."""
    ended = subprocess.run(
        command, cwd=cwd, env=environment(), check=True, capture_output=True, text=True
    )
    return ended.stdout


def taken(tools: Tools, place: Path, program: str, *arguments: str) -> list[float]:
    """The seconds that a program of `timed/` prints, run in *place*."""
    printed = done(tools.timed(program, *arguments), place)
    seconds: list[float] = json.loads(printed.splitlines()[-1])
    return seconds


def repository(place: Path) -> Path:
    """Make *place*, with its files, a git repository with one commit."""
    done(["git", "init", "--quiet", "--initial-branch=main"], place)
    done(["git", "add", "."], place)
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org"]
    done(["git", *identity, "commit", "--quiet", "-m", "Begin"], place)
    done(["git", "config", "user.name", "Benchmark"], place)
    done(["git", "config", "user.email", "benchmark@example.org"], place)
    # Files of the same moment as the index are read again at every `git status`, until
    # one that may write it has looked once more.
    time.sleep(1)
    done(["git", "status", "--porcelain"], place)
    return place


def dvc_repository(tools: Tools, place: Path) -> Path:
    """The same with DVC, at its fastest: hard links, and nobody is called."""
    repository(place)
    dvc = str(tools.dvc)
    done([dvc, "init", "--quiet"], place)
    for setting in (
        ("core.analytics", "false"),
        ("core.check_update", "false"),
        ("core.site_cache_dir", str(place / ".dvc" / "site")),
        ("cache.type", "hardlink"),
    ):
        done([dvc, "config", *setting], place)
    return place
