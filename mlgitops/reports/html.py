"""One self-contained page per candidate: evidence and decision as HTML.

The page loads nothing, so that it works from a file, in an artifact store and in
print. Everything from data is escaped by jinja2 and stripped of unseen characters.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from mlgitops.model.digest import short
from mlgitops.model.errors import MissingExtra
from mlgitops.reports import comparison, numbers, plots
from mlgitops.reports.behaviour import behaviour
from mlgitops.reports.data_facts import data_facts
from mlgitops.reports.escaping import spans, visible
from mlgitops.reports.facts import Names, Prose, Span
from mlgitops.reports.gate_numbers import gate_numbers
from mlgitops.reports.headline import headline
from mlgitops.reports.model_facts import card, model_facts
from mlgitops.reports.risks import risks
from mlgitops.reports.strips import gain_strips, value_strips
from mlgitops.reports.verdicts import SIGNS, gate_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from mlgitops.model.curves import Curves
    from mlgitops.model.evidence import Evidence
    from mlgitops.model.verdict import Decision
    from mlgitops.reports.comparison import MetricLine, SliceLine
    from mlgitops.reports.facts import Piece, Text
    from mlgitops.reports.strips import Strip

_TEMPLATE = "candidate.html.j2"
_LONGEST_TEXT = 400
SLICES_AT_ONCE = 5
_ROWS_AT_ONCE = 10
_MOST_ROWS = 200


def render(evidence: Evidence, decision: Decision, curves: Curves) -> str:
    """The whole page; equal arguments give equal text.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    metrics = comparison.metric_lines(evidence, decision)
    slices = comparison.slice_lines(evidence, decision)
    drawn = list(zip(slices, _slice_strips(slices, metrics), strict=True))
    return (
        _templates()
        .get_template(_TEMPLATE)
        .render(
            evidence=evidence,
            decision=decision,
            headline=headline(evidence, decision),
            key_sentence=comparison.key_sentence(evidence, decision),
            risks=risks(evidence, decision),
            gates=[(line, gate_numbers(evidence, line)) for line in gate_lines(decision)],
            behaviour=behaviour(evidence, decision),
            data_facts=data_facts(evidence),
            model=model_facts(evidence),
            card=card(evidence),
            reference=comparison.reference_name(evidence),
            metrics=list(zip(metrics, _metric_strips(metrics), strict=True)),
            slices=[pair for pair in drawn if pair[0].judged],
            unjudged=comparison.not_judged(slices),
            leading=comparison.leading_metric(evidence, decision),
            plots=_plots(evidence, curves),
            shown=SLICES_AT_ONCE,
            at_once=_ROWS_AT_ONCE,
            most_rows=_MOST_ROWS,
        )
    )


@cache
def _templates() -> Environment:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise MissingExtra("jinja2", extra="report") from error
    templates = Environment(
        loader=PackageLoader("mlgitops.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    templates.filters["prose"] = _prose
    templates.filters["shown"] = _shown
    templates.globals.update(
        number=numbers.number,
        signed=numbers.signed,
        interval=numbers.interval,
        signed_interval=numbers.signed_interval,
        percent=numbers.percent,
        confidence=numbers.confidence,
        count=numbers.count,
        size=numbers.size,
        strength_scale=comparison.strength_scale,
        short=short,
        signs=SIGNS,
    )
    return templates


def _finalize(value: Any) -> Any:
    """Strip what is printed of unseen characters; markup of our own stays."""
    if type(value) is str and value:
        return visible(value, _LONGEST_TEXT) or "(blank)"
    return value


def _prose(text: str) -> Any:
    """A sentence whose parts in backticks are code."""
    from markupsafe import Markup

    parts = (
        (Markup("<code>{}</code>") if is_code else Markup("{}")).format(part)
        for part, is_code in spans(text)
    )
    return Markup("").join(parts)


def _shown(text: Text) -> Any:
    """The pieces of a fact or a cell; names are code."""
    from markupsafe import Markup

    return Markup("").join(map(_piece, text))


def _piece(piece: Piece) -> Any:
    from markupsafe import Markup, escape

    match piece:
        case Names(listed, more):
            named = Markup(", ").join(
                Markup("<code>{}</code>").format(_finalize(name) or "(blank)") for name in listed
            )
            return named + (f" and {numbers.count(more)} more" if more else "")
        case Span(text):
            return Markup('<span class="span">{}</span>').format(text)
        case Prose(text):
            return _prose(text)
        case _:
            return escape(piece)


def _metric_strips(metrics: Sequence[MetricLine]) -> list[Strip | None]:
    """Each metric has a scale of its own, with the margin that a gate allows."""
    return [
        gain_strips(
            [line.comparison],
            next((r.margin for r in line.required if r.margin is not None), None),
        )[0]
        if line.comparison
        else None
        for line in metrics
    ]


def _slice_strips(slices: Sequence[SliceLine], metrics: Sequence[MetricLine]) -> list[Strip | None]:
    """A forest: all slices on one scale of gains, or of values without a champion."""
    gains = [line.comparison for line in slices if line.comparison]
    if gains:
        drawn = iter(gain_strips(gains))
        return [next(drawn) if line.comparison else None for line in slices]
    values = [line.estimate for line in slices if line.estimate]
    if values and metrics:
        drawn = iter(value_strips(values, metrics[0].estimate["value"]))
        return [next(drawn) if line.estimate else None for line in slices]
    return [None for _ in slices]


def _plots(evidence: Evidence, curves: Curves) -> list[tuple[str, Any]]:
    """Titles and drawings; markup, since matplotlib has escaped what it wrote."""
    from markupsafe import Markup

    holdout = evidence["data"]["split"]["holdout"]
    positives, rows = holdout.get("positives"), holdout["rows"]
    bins = evidence["calibration"]["bins"] if evidence["calibration"] else []
    drawings = (
        ("ROC", plots.roc(curves)),
        (
            "Precision and recall",
            plots.precision_recall(curves, positives / rows if positives and rows else None),
        ),
        (
            "Calibration",
            plots.calibration(curves, [(b["mean_score"], b["positive_rate"]) for b in bins]),
        ),
    )
    # Only our own words and numbers are in a drawing.
    return [(title, Markup(svg)) for title, svg in drawings if svg]  # noqa: S704
