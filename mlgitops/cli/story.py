"""The demo: what a team does with its model over a few months, for real.

Every step is a command that a person would type, run as its own process; the
exit codes are checked, so that the story cannot go wrong unnoticed.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlgitops.cli.output import has_colours
from mlgitops.folders import OURS

MODEL = "flights-delay"
_PIPELINE = f"mlops/pipelines/{MODEL}.yaml"
_MOVE_ALIAS = """\
from mlflow import MlflowClient
client = MlflowClient("sqlite:///mlflow.db", "sqlite:///mlflow.db")
client.set_registered_model_alias("flights-delay", "champion", 1)
"""


class WentAstray(Exception):
    """A command of the demo ended otherwise than the story says: a bug of ours."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays, where its files come from, and the environment."""

    place: Path
    example: Path
    environ: Mapping[str, str]

    @property
    def _is_coloured(self) -> bool:
        return has_colours(sys.stdout, self.environ)

    def tell(self, title: str, text: str) -> None:
        """A heading, and what is going on."""
        bold, plain = ("\x1b[1m", "\x1b[0m") if self._is_coloured else ("", "")
        sys.stdout.write(f"\n{bold}── {title} {'─' * max(2, 74 - len(title))}{plain}\n{text}\n")
        sys.stdout.flush()

    def do(self, *words: str, expect: int = 0, shown: str | None = None) -> None:
        """Run a command here and show it.

        Raises:
            WentAstray: it ended with another code than *expect*.
        """
        dim, plain = ("\x1b[36m", "\x1b[0m") if self._is_coloured else ("", "")
        sys.stdout.write(f"\n{dim}$ {shown or shlex.join(words)}{plain}\n")
        sys.stdout.flush()
        program = {"mlgitops": [sys.executable, "-m", "mlgitops"], "python": [sys.executable]}
        command = [*program.get(words[0], [words[0]]), *words[1:]]
        code = subprocess.run(
            command, cwd=self.place, env=dict(self.environ), check=False
        ).returncode
        if code != expect:
            raise WentAstray(
                f"`{shown or shlex.join(words)}` ended with {code} where the story says {expect}; "
                f"look around in {self.place}"
            )

    def merge(self, environment: str) -> None:
        """Approve the open promotion to *environment* as a reviewer with plain git."""
        branches = self._git("for-each-ref", "--format=%(refname:short)", "refs/heads/mlgitops")
        unmerged = self._git("branch", "--no-merged", "main", "--format=%(refname:short)")
        prefixes = tuple(f"mlgitops/{kind}/{environment}/" for kind in ("promote", "rollback"))
        for branch in branches.split():
            if branch in unmerged.split() and branch.startswith(prefixes):
                self.do("git", "merge", "--quiet", "--no-ff", "--no-edit", branch)

    def release(self, environment: str) -> None:
        """Propose, review, merge, reconcile."""
        self.do("mlgitops", "promote", MODEL, "--to", environment)
        self.merge(environment)
        self.do("mlgitops", "reconcile")

    def _git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=self.place, check=True, capture_output=True, text=True
        ).stdout


def play(stage: Stage) -> None:
    """The whole story, from an empty folder to a rolled-back release.

    Raises:
        WentAstray: a command ended otherwise than the story says.
    """
    for scene in (_begin, _first_model, _next_model, _leak, _drift, _rollback, _end):
        scene(stage)


def _begin(stage: Stage) -> None:
    stage.tell(
        "A new repository",
        "A data scientist commits specs, data, features and training code: no framework to import.",
    )
    shutil.copytree(stage.example, stage.place, dirs_exist_ok=True)
    stage.do("git", "init", "--quiet", "--initial-branch=main")
    if not _has_identity(stage):
        stage.do("git", "config", "user.name", "Demo")
        stage.do("git", "config", "user.email", "demo@example.org")
    stage.do("python", "arrive.py", "1", "2", "3")
    stage.do("git", "add", ".")
    stage.do("git", "commit", "--quiet", "-m", "Predict late arrivals")
    stage.do("mlgitops", "check")


def _first_model(stage: Stage) -> None:
    stage.tell(
        "The first model",
        "The pipeline runs. With no champion yet, the candidate must beat a dummy.",
    )
    stage.do("mlgitops", "run", MODEL)
    stage.tell(
        "Release it to staging, then to production",
        "A promotion is a pull request that edits one Release file and carries its evidence.\n"
        "Merging it is the approval; reconcile makes MLflow equal to git.",
    )
    stage.do("mlgitops", "promote", MODEL, "--to", "staging")
    stage.merge("staging")
    stage.do("mlgitops", "plan")
    stage.do("mlgitops", "reconcile")
    stage.release("production")
    stage.do("mlgitops", "status")


def _next_model(stage: Stage) -> None:
    stage.tell(
        "New months arrive",
        "The same spec, more flights: a retrained candidate meets the champion on the same rows.",
    )
    stage.do("python", "arrive.py", "4", "5")
    stage.do("git", "add", "data")
    stage.do("git", "commit", "--quiet", "-m", "Add the flights of April and May")
    stage.do("mlgitops", "run", MODEL)
    stage.do("mlgitops", "explain", "train")
    stage.release("staging")
    stage.release("production")


def _leak(stage: Stage) -> None:
    stage.tell(
        "A model that is too good",
        "Somebody adds dep_delay, which is known only once the flight has left.",
    )
    stage.do("git", "switch", "--quiet", "-c", "add-departure-delay")
    path = stage.place / _PIPELINE
    text = path.read_text()
    path.write_text(text.replace("columns: [", "columns: [dep_delay, "))
    stage.do("git", "commit", "--quiet", "-am", "Use the departure delay")
    stage.do("mlgitops", "run", MODEL, expect=3)
    stage.do("git", "switch", "--quiet", "main")


def _drift(stage: Stage) -> None:
    stage.tell(
        "Somebody moves the alias by hand",
        "MLflow now serves version 1 as champion, and git does not know: that is drift, exit 4.",
    )
    stage.do("python", "-W", "ignore", "-c", _MOVE_ALIAS, shown=f"python <<'EOF'\n{_MOVE_ALIAS}EOF")
    stage.do("mlgitops", "drift", expect=4)
    stage.do("mlgitops", "drift", "--heal")
    stage.do("mlgitops", "drift")


def _rollback(stage: Stage) -> None:
    stage.tell(
        "Take a release back",
        "A rollback is a pull request as well. It leaves a hold: nobody, and no automation,\n"
        "proposes that candidate to production again.",
    )
    stage.do("mlgitops", "rollback", MODEL, "--env", "production")
    stage.merge("production")
    stage.do("mlgitops", "reconcile")
    stage.do("mlgitops", "promote", MODEL, "--to", "production", expect=3)
    stage.do("mlgitops", "status")


def _end(stage: Stage) -> None:
    reports = sorted((stage.place / OURS / "reports").rglob("*.html"))
    stage.tell(
        "Look around",
        "\n".join(
            [
                "Reports, one page for each candidate and environment:",
                *(f"  {report}" for report in reports),
                f"\nThe repository is {stage.place}. Try there:",
                "  git log --graph --oneline",
                "  mlgitops status",
                "  mlgitops explain evaluate",
                "  mlflow ui --backend-store-uri sqlite:///mlflow.db",
            ]
        ),
    )


def _has_identity(stage: Stage) -> bool:
    found = subprocess.run(
        ["git", "config", "user.email"], cwd=stage.place, capture_output=True, check=False
    )
    return found.returncode == 0
