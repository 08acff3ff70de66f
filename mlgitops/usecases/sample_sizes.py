"""How many rows the gates need that compare with a champion, by released evidence.

Reads the evidence of a few targets only, so that a plan over thousands stays quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from mlgitops.evaluation import power
from mlgitops.evaluation.power import Precision
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.policy import NOT_WORSE
from mlgitops.model.sample_size import Basis, SampleSize
from mlgitops.model.spec import Environment, Specs
from mlgitops.model.state import Target
from mlgitops.policies.binding import bind
from mlgitops.spec import evidence as evidence_file

MOST_TARGETS = 20

# A difference of accuracies follows from the share of rows that the two disagree on.
_SHARES_OF_ROWS = frozenset({"accuracy"})


def sample_sizes(specs: Specs, today: date) -> tuple[SampleSize, ...]:
    """What is known of the first 20 targets, in the order of the chain, then by model.

    Only targets whose gate has a metric that the evidence of the released model holds,
    or that needs none: nothing is said of the others.

    Raises:
        SpecError: a gate does not fit its policy.
    """
    targets = (
        (environment, pipeline)
        for environment in specs.chain
        for _, pipeline in sorted(specs.pipelines.items())
    )
    return tuple(
        size
        for environment, pipeline in islice(targets, MOST_TARGETS)
        for size in _of_target(specs, environment, pipeline, today)
    )


def _of_target(
    specs: Specs, environment: Environment, pipeline: Pipeline, today: date
) -> Iterator[SampleSize]:
    target = Target(environment.name, pipeline.name)
    gates = [
        bound.parameters
        for bound in bind(pipeline, environment, specs.policies, today)
        if bound.policy.name == NOT_WORSE
    ]
    evidence = _released(specs, target) if gates else None
    for parameters in gates:
        metric = parameters["metric"]
        margin, known = _margin(parameters, evidence), _known(evidence, metric)
        if margin is not None and margin >= 0 and known is not None:
            yield _size(target, (metric, margin), known, pipeline.evaluate.confidence)


def _margin(parameters: Mapping[str, Any], evidence: Evidence | None) -> float | None:
    """The margin that is asked for; None: it is a share of a value that nobody knows."""
    share = float(parameters["relative_margin"])
    if not share:
        return float(parameters["margin"])
    found = evidence["metrics"].get(parameters["metric"]) if evidence else None
    return share * found["value"] if found else None


def _size(
    target: Target, gate: tuple[str, float], known: tuple[Basis, Precision], confidence: float
) -> SampleSize:
    (metric, margin), (basis, precision) = gate, known
    is_measured = basis != "assumption"
    return SampleSize(
        target=target,
        metric=metric,
        margin=margin,
        basis=basis,
        rows=precision.rows if is_measured else None,
        inconclusive=power.inconclusive(precision, margin, confidence) if is_measured else None,
        power=power.POWER,
        rows_needed=power.rows_needed(precision, margin, confidence),
    )


def _released(specs: Specs, target: Target) -> Evidence | None:
    """The evidence that the target's Release pins; None where there is none that is sound."""
    release = specs.releases.get((target.environment, target.model))
    pin = release.desired if release else None
    if pin is None:
        return None
    content = specs.evidence(evidence_file.path(pin.evidence, pin.candidate, target.model))
    if content is None or digest_of_bytes(content) != pin.evidence:
        return None
    try:
        return evidence_file.decode(content)
    except SpecError:
        # Said by `check`, and by the plan for a target that would be written.
        return None


def _known(evidence: Evidence | None, metric: str) -> tuple[Basis, Precision] | None:
    if evidence is not None:
        compared = evidence["comparison"].get(metric)
        if compared is not None and compared["se"] > 0 and compared["n"] > 0:
            return "comparison", Precision(int(compared["n"]), compared["se"])
        found = evidence["metrics"].get(metric)
        if found is not None and found["high"] > found["low"] and found["n"] > 0:
            level = _confidence(evidence)
            return "metric", power.of_metric(int(found["n"]), found["low"], found["high"], level)
    if metric in _SHARES_OF_ROWS:
        return "assumption", power.of_disagreement(1)
    return None


def _confidence(evidence: Evidence) -> float:
    """The level of its intervals, which only comparisons say."""
    compared = (*evidence["comparison"].values(), *evidence["baseline"]["comparison"].values())
    return next((one["confidence"] for one in compared), 0.95)
