"""The folder that is ours in a user's repository, and that nobody else may write.

Its records say which steps need not be made again, so whoever could commit one
could have a candidate judged, and registered, by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.folders import OURS
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.ports import DecisionLog, StepStore


def store_below(root: Path, tracked: Iterable[str]) -> StepStore:
    """The store of the repository at *root*; *tracked* are the names at the top of its commit.

    Raises:
        SpecError: the folder came with the commit, under whatever case of its name.
    """
    _refuse_tracked(tracked)
    from mlgitops.adapters.step_store import LocalStepStore

    return LocalStepStore(root / OURS, root)


def decisions_below(root: Path, tracked: Iterable[str]) -> DecisionLog:
    """The decisions made in the repository at *root*, as `store_below`.

    Raises:
        SpecError: the folder came with the commit.
    """
    _refuse_tracked(tracked)
    from mlgitops.adapters.decision_files import LocalDecisionLog

    return LocalDecisionLog(root / OURS)


def _refuse_tracked(tracked: Iterable[str]) -> None:
    for name in tracked:
        if name.casefold() == OURS:
            raise SpecError(
                f"git tracks {name}, where mlgitops keeps what it made on this machine: what a "
                "commit brings there would be taken for steps that are done",
                hint=f"run `git rm -r --force {name}` and commit that; nothing is lost that "
                "`mlgitops run` does not make again, and git ignores the folder by itself",
            )
