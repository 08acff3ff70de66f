"""Whether evidence speaks for what the project's branch wants: spec, functions, and age.

Policies, waivers and levels need no such check, as they are judged anew whenever
somebody asks; what a champion moved away from is checked where the history is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mlgitops.model.errors import PlanIsStale
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.model.dataset import Dataset
    from mlgitops.model.evidence import Evidence
    from mlgitops.model.pipeline import Pipeline
    from mlgitops.model.spec import Environment, Specs
    from mlgitops.ports import Repository

# Clocks of two machines may differ by this much.
_SKEW = timedelta(minutes=5)


def examination(pipeline: Pipeline, dataset: Dataset) -> str:
    """Names how a candidate is examined: what is measured, on which rows, for which task.

    What it is trained by is not part of it, nor where the rows come from. Of metric
    functions it has the names only: `refuse_other_functions` looks at their code.
    """
    return spec_digest(
        (
            (pipeline.task, pipeline.label, pipeline.positive, pipeline.evaluate),
            (dataset.keys, dataset.time, dataset.after_the_fact),
            (dataset.expectations, dataset.split),
        )
    )


def refuse_outdated(evidence: Evidence, specs: Specs, now: datetime) -> None:
    """Refuse evidence that was measured by another spec than *specs* have, or is too old.

    Raises:
        PlanIsStale: it is one of these; its model and environment are in *specs*.
    """
    pipeline = specs.pipelines[evidence["subject"]["model"]]
    environment = specs.environments[evidence["environment"]]
    if evidence["inputs"]["evaluate"] != examination(pipeline, specs.datasets[pipeline.dataset]):
        raise PlanIsStale(
            f"{specs.project.branch} examines {pipeline.name!r} in another way than this evidence "
            "was made by: its `evaluate`, task, expectations or split differ",
            hint=f"on {specs.project.branch}: mlgitops run {pipeline.name}",
        )
    _refuse_old(evidence, environment, now)


def refuse_other_functions(
    evidence: Evidence, specs: Specs, repository: Repository, base: str, lacking: str
) -> None:
    """Refuse numbers of metric functions other than those at *base*, the branch's tip.

    *lacking* is what `unmerged` says of the evidence, which no uncommitted changes made.
    A function may import and read all of its checkout, and a module there hides any
    package of its name: so not its files alone, but its commit has to be on the branch.

    Raises:
        PlanIsStale: the commit is not, or the code of a function has changed since.
    """
    pipeline = specs.pipelines[evidence["subject"]["model"]]
    functions = pipeline.evaluate.functions
    if not functions:
        return
    branch = specs.project.branch
    hint = f"on {branch}: mlgitops run {pipeline.name} --from evaluate"
    if lacking:
        raise PlanIsStale(
            f"metric functions of another branch measured this, and {branch} decides what is "
            f"measured: {lacking}",
            hint=hint,
        )
    for function in functions:
        places = (function.code, f"{function.code}.py")
        then = repository.digests(places, evidence["producer"]["commit"])
        now = repository.digests(places, base)
        if then != now or not now:
            raise PlanIsStale(
                f"the code of the metric function {function.entrypoint!r} on {branch} is not what "
                "measured this",
                hint=hint,
            )


def _refuse_old(evidence: Evidence, environment: Environment, now: datetime) -> None:
    most = environment.max_evidence_age
    if most is None:
        return
    age = now - datetime.fromisoformat(evidence["producer"]["time"])
    again = f"mlgitops run {evidence['subject']['model']} --from evaluate"
    if age > most:
        raise PlanIsStale(
            f"the evidence is {_hours(age)} old; {environment.name} takes none older than "
            f"{_hours(most)}",
            hint=again,
        )
    if age < -_SKEW:
        made = evidence["producer"]["time"]
        raise PlanIsStale(
            f"the evidence says that it was made at {made}, later than now", hint=again
        )


def _hours(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    return f"{hours:.0f} h" if hours >= 1 else f"{length.total_seconds() / 60:.0f} min"
