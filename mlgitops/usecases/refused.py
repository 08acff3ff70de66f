"""The candidate that the last run made here and that was refused."""

from __future__ import annotations

import json

from mlgitops.model.digest import short
from mlgitops.ports import StepStore


def refused_by_last_run(store: StepStore, model: str) -> str | None:
    """The short name of the candidate, if a gate ended the last run of *model* here.

    None also where nobody can tell: there was no run here, or its decision is gone.
    """
    record = store.last_run(model)
    judged = record.step("gate") if record else None
    if judged is None or judged.status != "failed":
        return None
    paths = [
        store.file(digest)
        for name, digest in sorted(judged.outputs.items())
        if name.startswith("decision-")
    ]
    # Of one run all decisions are about one candidate.
    found = [json.loads(path.read_bytes())["candidate"] for path in paths if path]
    return short(found[0]) if found else None
