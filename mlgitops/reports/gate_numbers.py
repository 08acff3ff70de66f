"""The numbers that a gate is about: value and gain with intervals, rows and method."""

from __future__ import annotations

from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import Decision
from mlgitops.reports.facts import Grid, Names, Text, gained, measured, rows
from mlgitops.reports.verdicts import GateLine, gate_lines

_NO_VALUE: Text = ("not defined on these rows",)


def gate_numbers(evidence: Evidence, line: GateLine) -> tuple[Text, ...]:
    """One text per metric of the holdout that the gate's rules read; empty if none."""
    return tuple(
        (Names((name,)), " ", *value, "; gain ", *gain, "; ", *basis)
        for name, value, gain, basis in _numbers(evidence, line)
    )


def numbers_grid(evidence: Evidence, decision: Decision) -> Grid:
    """One row per gate and metric, the most urgent gate first."""
    champion = evidence["champion"]
    reference = f"champion v{champion['version']}" if champion else "the baseline"
    return Grid(
        noun="number behind the gates",
        plural="numbers behind the gates",
        caption=(f"What the gates judged; gains are over {reference}",),
        heads=("Gate", "Asked", "Metric", "Value", "Gain", "Rows and method"),
        rows=tuple(
            (
                (Names((line.policy,)),),
                (Names((line.parameters,)),) if line.parameters else ("no parameters",),
                (Names((name,)),),
                value,
                gain,
                basis,
            )
            for line in gate_lines(decision)
            for name, value, gain, basis in _numbers(evidence, line)
        ),
        numeric=frozenset({3, 4}),
    )


def _numbers(evidence: Evidence, line: GateLine) -> list[tuple[str, Text, Text, Text]]:
    """Name, value, gain, and rows with method of every metric of the gate."""
    has_champion = evidence["champion"] is not None
    told = evidence["comparison"] if has_champion else evidence["baseline"]["comparison"]
    found: list[tuple[str, Text, Text, Text]] = []
    for name in line.metrics:
        estimate, gain = evidence["metrics"].get(name), told.get(name)
        basis = gain or estimate
        found.append(
            (
                name,
                measured(estimate) if estimate else _NO_VALUE,
                gained(gain) if gain else ("not compared",),
                (rows(basis), ", ", Names((basis["method"],))) if basis else _NO_VALUE,
            )
        )
    return found
