"""The evidence that the last run of a model made here."""

from __future__ import annotations

from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.spec import Specs
from mlgitops.ports import StepStore
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.explain import explain
from mlgitops.usecases.run import find_pipeline


def evidence_of_last_run(
    store: StepStore, specs: Specs, model: str, environment: str | None = None
) -> Evidence:
    """What the last run of *model* found, for *environment* or the first of the chain.

    Raises:
        SpecError: no such model or environment, there was no such run, or its
            evidence is no longer in the store.
    """
    find_pipeline(specs, model)
    names = [one.name for one in specs.chain]
    if environment is not None and environment not in names:
        raise SpecError(
            f"there is no environment {environment!r}", hint=f"environments: {', '.join(names)}"
        )
    if not names:
        raise SpecError("there is no environment that a candidate could be judged for")
    name = environment or names[0]
    digest = explain(store, model, "evaluate").outputs.get(f"evidence-{name}")
    path = store.file(digest) if digest else None
    if path is None:
        raise SpecError(
            f"the last run of {model!r} left no evidence for {name}",
            hint=f"mlgitops run {model} --until gate",
        )
    return evidence_file.decode(path.read_bytes())
