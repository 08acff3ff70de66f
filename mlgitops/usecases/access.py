"""Which files a job may touch: the one place that knows.

A model that has seen the holdout's answers can repeat them, so whatever holds them
is withheld from every job: the store, the history, and the rows as they came.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.folders import OURS
from mlgitops.model.errors import SpecError
from mlgitops.ports import Access

if TYPE_CHECKING:
    from mlgitops.ports import Job

# The parts of requests that name what a job works on, see docs/architecture.md.
_INPUTS = ("model", "raw", "table")
_ON_THE_CHECKOUT: tuple[Job, ...] = ("features", "train", "measure")
# Where a job that sees answers could leave them for a later one.
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - withheld, not used
_KEPT_TO_OURSELVES = (".git", OURS)
_CODE_RULE = (
    "features and training code reads the files of this repository, without `.git`, `.mlgitops` "
    "and the dataset's sources, and writes temporary files only (`tempfile`): copy below the "
    "repository what it needs from elsewhere"
)
_RULES: Mapping[Job, str] = {
    "validate": "an expectation reads the table only",
    "features": _CODE_RULE,
    "train": _CODE_RULE,
    "predict": "a model reads what is packed with it (`train.code`), and writes temporary files "
    "only (`tempfile`)",
    "measure": "a metric function reads the files of this repository, without `.git`, `.mlgitops` "
    "and the dataset's sources; what else it needs comes as truth and score",
}


def access_to(
    job: Job,
    request: Mapping[str, Any],
    *,
    root: Path,
    sources: Sequence[Path],
    output: Path | None,
) -> Access:
    """What *job* may touch to answer *request*.

    *sources* are the files of the dataset, *output* a folder of the job's own.
    """
    readable = [Path(request[name]) for name in _INPUTS if name in request]
    withheld = [*(root / name for name in _KEPT_TO_OURSELVES), *sources]
    (readable if job in _ON_THE_CHECKOUT else withheld).append(root)
    if job == "measure":
        withheld.append(_SHARED_MEMORY)
    return Access(
        readable=tuple(readable),
        writable=(output,) if output else (),
        withheld=tuple(withheld),
        rule=_RULES[job],
    )


@contextmanager
def own_output(request: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Path | None]]:
    """The *request* with its `out` moved to a new folder, and that folder; None without `out`.

    What lies there at the end of the block is put where it was asked for.

    Raises:
        SpecError: it is a link, which could lead to the answers, or no file or folder.
    """
    if "out" not in request:
        yield request, None
        return
    out = Path(request["out"])
    folder = out.with_name(f"{out.name}.job")
    folder.mkdir()
    try:
        made = folder / out.name
        yield {**request, "out": str(made)}, folder
        if made.is_symlink() or not (made.is_file() or made.is_dir()):
            raise SpecError(
                f"the job left no file or folder as {out.name!r}",
                hint="its code must not replace or remove what mlgitops writes for it",
            )
        made.rename(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
