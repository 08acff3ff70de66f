"""Candidate against champion, and the worst slices, as lines of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlgitops.model.estimates import Comparison, Estimate
from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import Decision
from mlgitops.reports.comparison import (
    MetricLine,
    SliceLine,
    leading_metric,
    metric_lines,
    not_judged,
    reference_name,
    slice_lines,
)
from mlgitops.reports.escaping import code
from mlgitops.reports.markdown_tables import ABSENT, ICONS, NO_BREAK, folded, row, unlinked
from mlgitops.reports.numbers import (
    confidence,
    count,
    interval,
    number,
    signed,
    signed_interval,
)

_SLICES_AT_ONCE = 5
_MOST_SLICES = 150
_MOST_NAMES = 20


def comparison(evidence: Evidence, decision: Decision) -> tuple[str, Iterable[str]]:
    """Title and lines: metrics, then the worst slices."""
    champion = evidence["champion"]
    reference = f"Champion v{champion['version']}" if champion else "Baseline"
    title = f"{reference} and candidate"
    return title, _comparison(evidence, decision, reference)


def _comparison(evidence: Evidence, decision: Decision, reference: str) -> Iterator[str]:
    metrics = metric_lines(evidence, decision)
    if evidence["champion"] is None:
        yield (
            f"No champion is released in {code(evidence['environment'], cell=False)}: this is the "
            f"first model there, compared with the {code(evidence['baseline']['kind'])} baseline."
        )
        yield ""
    if not metrics:
        yield "No metric could be computed."
        return
    levels = sorted({line.comparison["confidence"] for line in metrics if line.comparison})
    level = f", {', '.join(map(confidence, levels))} interval" if levels else ""
    yield f"| Metric | {reference} | Candidate | Gain{level} | Required | Reading |"
    yield "|:--|--:|--:|--:|:--|:--|"
    yield from map(_metric_row, metrics)
    yield ""
    yield f"Intervals: {_methods(metrics)}. A positive gain is better, whatever the metric."
    yield ""
    own = [code(line.name, cell=False) for line in metrics if line.is_own]
    if own:
        yield f"Computed by functions of this repository: {', '.join(own)}."
        yield ""
    yield from _slices(evidence, decision)


def _metric_row(line: MetricLine) -> str:
    arrow = (
        "\N{UPWARDS ARROW}" if line.estimate["direction"] == "maximize" else "\N{DOWNWARDS ARROW}"
    )
    required = [f"{ICONS[asked.tone]}{NO_BREAK}{code(asked.text)}" for asked in line.required]
    other = number(line.reference["value"]) if line.reference else "not computed"
    return row(
        f"{code(line.name)}{NO_BREAK}{arrow}",
        other,
        f"**{number(line.estimate['value'])}**",
        _gain(line.comparison),
        " ".join(required) or ABSENT,
        _reading(line.comparison),
    )


def _methods(metrics: Sequence[MetricLine]) -> str:
    """How the intervals were computed, and on how many rows."""
    named: dict[str, list[str]] = {}
    for line in metrics:
        basis: Comparison | Estimate = line.comparison or line.estimate
        method = f"{code(basis['method'], cell=False)} on {count(basis['n'], 'row')}"
        named.setdefault(method, []).append(code(line.name, cell=False))
    if len(named) == 1:
        return next(iter(named))
    return ", ".join(f"{method} ({', '.join(names)})" for method, names in named.items())


def _gain(told: Comparison | None) -> str:
    if told is None:
        return "not compared"
    gain = signed(told["delta"], told["low"], told["high"])
    return (
        f"**{gain}**{NO_BREAK}{unlinked(signed_interval(told['low'], told['high'], told['delta']))}"
    )


def _reading(told: Comparison | None) -> str:
    if told is None:
        return ABSENT
    if told["low"] > 0:
        return "better"
    return "**worse**" if told["high"] < 0 else "no clear change"


def _slices(evidence: Evidence, decision: Decision) -> Iterator[str]:
    every = slice_lines(evidence, decision)
    if not every:
        yield "The pipeline declares no slices."
        return
    lines = [line for line in every if line.judged]
    metric = code(leading_metric(evidence, decision), cell=False)
    if lines:
        yield f"Worst slices by {metric}, of {count(len(lines))} judged:"
        yield ""
        yield from _slice_table(evidence, lines[:_SLICES_AT_ONCE])
    rest = lines[_SLICES_AT_ONCE:_MOST_SLICES]
    if rest:
        yield ""
        yield from folded(f"{count(len(rest), 'more slice')}", _slice_table(evidence, rest))
    if len(lines) > _MOST_SLICES:
        yield ""
        yield f"{count(len(lines) - _MOST_SLICES, 'slice')} not shown; all are in the evidence."
    for why, few in not_judged(every).items():
        yield ""
        yield _not_judged(why, few)


def _not_judged(why: str, lines: Sequence[SliceLine]) -> str:
    named = [f"{_pairs(line, cell=False)} ({line.size})" for line in lines[:_MOST_NAMES]]
    more = len(lines) - len(named)
    named += [f"{count(more)} more"] if more else []
    return f"{count(len(lines), 'slice')} {why}: {', '.join(named)}."


def _slice_table(evidence: Evidence, lines: Sequence[SliceLine]) -> Iterator[str]:
    yield (
        f"| Slice | Rows | Candidate | Gain over {reference_name(evidence)} | Reading |"
        if (evidence["champion"])
        else "| Slice | Rows | Candidate | Gain | Reading |"
    )
    yield "|:--|--:|--:|--:|:--|"
    for line in lines:
        if line.estimate is None:
            yield row(_pairs(line), count(line.n), ABSENT, ABSENT, "not defined on these rows")
            continue
        own = line.estimate
        yield row(
            _pairs(line),
            count(line.n),
            f"{number(own['value'])} {unlinked(interval(own['low'], own['high']))}",
            _gain(line.comparison) if line.comparison else ABSENT,
            _reading(line.comparison),
        )


def _pairs(line: SliceLine, *, cell: bool = True) -> str:
    """Each pair in a code span of its own, so that no value can pass for two."""
    return ", ".join(code(part, cell=cell) for part in line.parts) or code("")
