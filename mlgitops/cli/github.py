"""Hands results to a workflow when one runs us: outputs, the job's summary, annotations."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from mlgitops.cli.output import commands
from mlgitops.model.errors import MlgitopsError, SpecError

# What each verb hands to later steps: the outputs of `actions/<verb>/action.yml`.
OUTPUTS = {
    "run": frozenset({"candidate", "environment", "verdict", "report", "version"}),
    "promote": frozenset({"pull-request"}),
    "reconcile": frozenset({"changes"}),
}
WORKSPACE = "GITHUB_WORKSPACE"
_SUMMARY_BYTES = 900_000


def is_workflow(environ: Mapping[str, str]) -> bool:
    """Whether a runner reads what we print."""
    return environ.get("GITHUB_ACTIONS") == "true"


def write_outputs(environ: Mapping[str, str], verb: str, outputs: Mapping[str, str]) -> None:
    """Set outputs of the step that runs *verb*; does nothing outside a workflow.

    A random delimiter keeps a value from setting outputs of its own.

    Raises:
        ValueError: `OUTPUTS` has not all the names.
        SpecError: a value holds the delimiter, which only an attack can bring about.
    """
    if unknown := outputs.keys() - OUTPUTS[verb]:
        raise ValueError(f"{verb} has no outputs {sorted(unknown)}")
    path = environ.get("GITHUB_OUTPUT")
    if not path:
        return
    delimiter = os.urandom(16).hex()
    lines = []
    for name, value in outputs.items():
        if delimiter in value:
            raise SpecError(f"the output {name!r} holds the delimiter of its own frame")
        lines.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write("".join(lines))


def write_summary(environ: Mapping[str, str], markdown: str) -> None:
    """Add to the job's summary, cut at a line's end where GitHub would refuse it."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    content = markdown.encode()
    if len(content) > _SUMMARY_BYTES:
        content = content[:_SUMMARY_BYTES].rpartition(b"\n")[0] + "\n\n… cut\n".encode()
    with Path(path).open("ab") as stream:
        stream.write(content)


def annotate(environ: Mapping[str, str], error: MlgitopsError) -> None:
    """Show on the workflow's page why a verb stopped, not only in its log.

    On stderr, where the runner reads commands too: stdout holds results.
    """
    if not is_workflow(environ):
        return
    if isinstance(error, SpecError) and error.diagnostics:
        from mlgitops.reports.diagnostics import render_github

        commands(sys.stderr, render_github(error.diagnostics))
        return
    from mlgitops.reports.annotations import command

    message = f"{error.message}\n{error.hint}" if error.hint else error.message
    commands(sys.stderr, command("error", message, title="mlgitops") + "\n")


def refuse_lost_branch(environ: Mapping[str, str], root: Path, remote: str | None) -> None:
    """Make sure that a branch written in *root* outlives the job.

    Raises:
        SpecError: *root* is a clone of the runner's, and the branch would not be pushed.
    """
    if remote is None and _is_runners_clone(environ, root):
        raise SpecError(
            "the pull request's branch would be lost with this runner's clone",
            hint="set `forge: {kind: local, remote: origin}` in mlgitops.yaml",
        )


def refuse_lost_registry(
    environ: Mapping[str, str], root: Path, local_places: Collection[Path]
) -> None:
    """Make sure that what is proposed from *root* is registered where it outlives the job.

    *local_places* are the registry's own files on this machine. A runner of one's
    own may keep them outside its clone; one of GitHub's keeps nothing.

    Raises:
        SpecError: *root* is a clone of the runner's, and one of the places goes with it.
    """
    if not _is_runners_clone(environ, root):
        return
    keeps_nothing = environ.get("RUNNER_ENVIRONMENT") == "github-hosted"
    for place in local_places:
        if keeps_nothing or place.resolve().is_relative_to(root.resolve()):
            raise SpecError(
                f"the registry would be lost with this runner: it lies in {place}",
                hint='set `registry: {uri: "env:MLFLOW_TRACKING_URI"}` in mlgitops.yaml, with the '
                "address of an MLflow server as the secret",
            )


def _is_runners_clone(environ: Mapping[str, str], root: Path) -> bool:
    """Whether *root* is a checkout of the job, which `path:` may put below its workspace."""
    workspace = environ.get(WORKSPACE)
    return bool(workspace and root.resolve().is_relative_to(Path(workspace).resolve()))
