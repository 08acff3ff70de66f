"""The user's code as an input: every file that the entry points live among."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlgitops.model.pipeline import Pipeline
    from mlgitops.usecases.context import RunContext


def code_of(run: RunContext) -> dict[str, str]:
    """Digests of the code's files by `code <path>`."""
    return {f"code {path}": digest for path, digest in _digests(run).items()}


def functions_code(run: RunContext) -> dict[str, str]:
    """Digests of the files that the metric functions live among, by `function code <path>`."""
    functions = run.pipeline.evaluate.functions
    if not functions:
        return {}
    named = {one.code: f"the metric function {one.entrypoint!r}" for one in functions}
    found = run.neighbours.store.code_digests(list(named), named)
    return {f"function code {path}": digest for path, digest in found.items()}


def code_paths(run: RunContext) -> list[str]:
    """The files and folders of the code; a module's name has become its file."""
    files = _digests(run)
    names = run.pipeline.train.code
    return [f"{name}.py" if _is_module(name, files) else name for name in names]


def _is_module(name: str, files: dict[str, str]) -> bool:
    is_folder = any(file.startswith(f"{name}/") for file in files)
    return name not in files and not is_folder and f"{name}.py" in files


def _digests(run: RunContext) -> dict[str, str]:
    return run.neighbours.store.code_digests(run.pipeline.train.code, _named_by(run.pipeline))


def _named_by(pipeline: Pipeline) -> dict[str, str]:
    """What names a path of the code besides `train.code`, which need not be written."""
    named = dict.fromkeys(pipeline.train.command or (), "the command")
    for entrypoint in (pipeline.features.entrypoint, pipeline.train.entrypoint):
        if entrypoint:
            top = entrypoint.partition(":")[0].partition(".")[0]
            named[top] = f"the entry point {entrypoint!r}"
    return named
