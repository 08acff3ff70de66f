"""holdout: how many candidates the same rows have judged.

A holdout that many candidates were chosen by is worn: the best of them is good on
these rows by luck, too. Counted are the candidates that this checkout has judged and
those that the registry has; nobody knows of what others tried and threw away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.model.digest import digest
from mlgitops.model.errors import Unavailable
from mlgitops.model.examinations import HoldoutUse
from mlgitops.model.registry import HOLDOUT_TAG

if TYPE_CHECKING:
    from mlgitops.usecases.context import RunContext


def holdout_use(run: RunContext, candidate: str) -> HoldoutUse:
    """How many candidates, *candidate* included, were judged on this run's holdout.

    Without the number when the registry does not answer: no rule on it passes then.
    Noted in any case, so that the next evidence counts this candidate.

    Raises:
        SpecError: what was noted is damaged.
    """
    neighbours, model = run.neighbours, run.pipeline.name
    use = HoldoutUse(digest=run.digest("split", "holdout"))
    # The rows with one label: other labels of them choose among other models.
    answers = digest({"holdout": use["digest"], "label": run.pipeline.label})
    judged = neighbours.store.note_judged(answers, candidate)
    try:
        versions = neighbours.registry.versions(model)
    except Unavailable:
        return use
    tagged = (one for one in versions if one.tags.get(HOLDOUT_TAG) == use["digest"])
    registered = {one.candidate for one in tagged if one.candidate}
    use["candidates"] = len({candidate, *judged, *registered})
    return use
