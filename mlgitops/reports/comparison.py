"""Candidate against champion or baseline: metrics and slices in reading order.

All texts are raw: whoever shows them escapes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlgitops.model.estimates import Comparison, Estimate
from mlgitops.model.evidence import Evidence, Lack, SliceRecord
from mlgitops.model.metrics import METRICS
from mlgitops.model.policy import NOT_WORSE
from mlgitops.model.verdict import Decision, GateResult
from mlgitops.reports.numbers import confidence, count, interval, number, signed, signed_interval
from mlgitops.reports.stops import parameters_text
from mlgitops.reports.verdicts import Tone, gate_tone

# How `evaluation.slices` joins the pairs of a name.
_PART = re.compile(r"(?:[^,\\]|\\.|\\\Z)+", re.DOTALL)
# Where the strength of a column is an area; elsewhere it is only on the same scale.
_AREAS = {
    "binary-classification": "ROC AUC",
    "multiclass-classification": "one-against-rest ROC AUC",
}
_ESCAPED = re.compile(r"\\([\\,=])")
_MATTERS: Mapping[Lack | None, str] = {
    "positives": "with too few positives to judge",
    "negatives": "with too few negatives to judge",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a gate asks of a metric, e.g. `min-metric: min 0.58`, and whether it was met."""

    policy: str
    text: str
    tone: Tone
    margin: float | None


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A metric of the candidate and of what it is compared with, if anything.

    *is_own*: a function of the user's repository computes it.
    """

    name: str
    estimate: Estimate
    reference: Estimate | None
    comparison: Comparison | None
    train: float | None
    required: tuple[Requirement, ...]
    is_own: bool


@dataclass(frozen=True, slots=True)
class SliceLine:
    """A slice by the leading metric; both None when it has no value there.

    One that is not *judged* *lacks* something, which older evidence does not tell. *parts*
    say which rows it has, one `column=value` each as it stands in the data.
    """

    name: str
    parts: tuple[str, ...]
    n: int
    positives: int | None
    estimate: Estimate | None
    comparison: Comparison | None
    judged: bool
    lacks: Lack | None

    @property
    def size(self) -> str:
        """`412 rows`, or how many of them are those that it lacks: `3 of 412 rows`."""
        rows = count(self.n, "row")
        if self.positives is None or self.lacks not in _MATTERS:
            return rows
        few = self.positives if self.lacks == "positives" else self.n - self.positives
        return f"{count(few)} of {rows}"


def leading_metric(evidence: Evidence, decision: Decision) -> str | None:
    """The metric that the gates ask about first; None when none was computed."""
    asked = [str(gate.parameters.get("metric")) for gate in decision.gates if gate.applies]
    names = [*asked, *_in_order(evidence)]
    return next((name for name in names if name in evidence["metrics"]), None)


def metric_lines(evidence: Evidence, decision: Decision) -> tuple[MetricLine, ...]:
    """Metrics of the candidate, the leading one first."""
    champion, baseline = evidence["champion"], evidence["baseline"]
    if champion is not None:
        references, comparisons = champion["metrics"], evidence["comparison"]
    else:
        references, comparisons = baseline["metrics"], baseline["comparison"]
    leading = leading_metric(evidence, decision)
    return tuple(
        MetricLine(
            name=name,
            estimate=evidence["metrics"][name],
            reference=references.get(name),
            comparison=comparisons.get(name),
            train=evidence["train_metrics"].get(name),
            required=tuple(
                _requirement(gate, references.get(name))
                for gate in decision.gates
                if _asks_about(gate, name)
            ),
            # The spec lets no function take the name of a metric of the table.
            is_own=name not in METRICS,
        )
        for name in sorted(_in_order(evidence), key=lambda name: name != leading)
    )


def _in_order(evidence: Evidence) -> list[str]:
    """Names of the metrics in the order of the table of metrics, unknown ones last."""
    known = [name for name in METRICS if name in evidence["metrics"]]
    return known + sorted(set(evidence["metrics"]).difference(known))


def _asks_about(gate: GateResult, metric: str) -> bool:
    return gate.applies and metric in gate.metrics


def _requirement(gate: GateResult, reference: Estimate | None) -> Requirement:
    named = ("metric", "metrics")
    asked = {key: value for key, value in gate.parameters.items() if key not in named}
    return Requirement(
        policy=gate.policy,
        text=": ".join(filter(None, (gate.policy, parameters_text(asked)))),
        tone=gate_tone(gate),
        # Others' margins are of perturbed rows, of slices, or of a gain that is asked for.
        margin=_margin(asked, reference) if gate.policy == NOT_WORSE else None,
    )


def _margin(asked: Mapping[str, Any], reference: Estimate | None) -> float | None:
    """The loss that is allowed in the metric's own unit; None: it has none, or none is known."""
    margin, share = asked.get("margin"), asked.get("relative_margin")
    if share and isinstance(share, int | float):
        return share * reference["value"] if reference else None
    return float(margin) if isinstance(margin, int | float) else None


def slice_lines(evidence: Evidence, decision: Decision) -> tuple[SliceLine, ...]:
    """Slices by the leading metric, those not judged last.

    First come losses that the whole interval shows, then the others, each from its worst.
    """
    metric = leading_metric(evidence, decision)
    lines = [_slice_line(record, metric) for record in evidence["slices"]]
    return tuple(sorted(lines, key=_badness))


def not_judged(lines: Sequence[SliceLine]) -> dict[str, list[SliceLine]]:
    """The slices without numbers, by what is the matter: `too small to judge` or the like."""
    found: dict[str, list[SliceLine]] = {}
    for line in lines:
        if not line.judged:
            found.setdefault(_MATTERS.get(line.lacks, "too small to judge"), []).append(line)
    return found


def slice_parts(name: str) -> tuple[str, ...]:
    """The pairs that a slice's *name* joins by commas, without the backslashes that it needs.

    A value that is the sign of null keeps its backslash, by which it differs.
    """
    return tuple(_ESCAPED.sub(r"\1", part) for part in _PART.findall(name))


def _slice_line(record: SliceRecord, metric: str | None) -> SliceLine:
    return SliceLine(
        name=record["name"],
        parts=slice_parts(record["name"]),
        n=record["n"],
        positives=record.get("positives"),
        estimate=record["metrics"].get(metric) if metric else None,
        comparison=record["comparison"].get(metric) if metric else None,
        judged=record["judged"],
        lacks=record.get("lacks"),
    )


def _badness(line: SliceLine) -> tuple[bool, bool, bool, bool, float, str]:
    is_shown = True
    if line.comparison is not None:
        value, is_shown = line.comparison["delta"], line.comparison["high"] < 0
    elif line.estimate is not None:
        better = 1 if line.estimate["direction"] == "maximize" else -1
        value = better * line.estimate["value"]
    else:
        value = math.inf
    no_value, no_gain = line.estimate is None, line.comparison is None
    return not line.judged, no_value, no_gain, not is_shown, value, line.name


def key_sentence(evidence: Evidence, decision: Decision) -> str:
    """The leading metric in one sentence, with its reference and the interval."""
    lines = metric_lines(evidence, decision)
    if not lines:
        return "No metric could be computed."
    line = lines[0]
    own = line.estimate
    start = f"{line.name} is {number(own['value'])}"
    if line.reference is None or line.comparison is None:
        return (
            f"{start}, interval {interval(own['low'], own['high'])}, on "
            f"{count(own['n'], 'holdout row')}; there is nothing to compare it with."
        )
    told = line.comparison
    low, high = told["low"], told["high"]
    return (
        f"{start}; {reference_name(evidence)} has {number(line.reference['value'])} on the same "
        f"{count(told['n'], 'row')}. Gain {signed(told['delta'], low, high)}, "
        f"{confidence(told['confidence'])} interval {signed_interval(low, high)}."
    )


def strength_scale(task: str) -> str:
    """What the strength of a single column is, which is 0.5 for nothing and 1 at most."""
    return _AREAS.get(task, "strength, 0.5 to 1")


def reference_name(evidence: Evidence) -> str:
    """What the candidate is compared with: the champion, or else the baseline."""
    champion = evidence["champion"]
    if champion is None:
        return f"the {evidence['baseline']['kind']} baseline"
    return f"champion v{champion['version']}"
