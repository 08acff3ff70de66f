"""How the candidate behaves beyond its metrics: groups, changed rows, other seeds, again."""

from __future__ import annotations

from collections.abc import Iterator

from mlgitops.model.evidence import Evidence
from mlgitops.model.examinations import Robustness
from mlgitops.model.verdict import Decision
from mlgitops.reports.comparison import leading_metric
from mlgitops.reports.facts import (
    UNTOLD,
    Fact,
    Grid,
    Names,
    Section,
    Text,
    gained,
    measured,
    missing,
    not_asked,
    rows,
)
from mlgitops.reports.group_facts import fairness
from mlgitops.reports.numbers import count, number
from mlgitops.reports.strips import Strip, gain_strips


def behaviour(evidence: Evidence, decision: Decision) -> Section:
    """Fairness, robustness, training noise, reproduction and shuffled labels."""
    metric = leading_metric(evidence, decision)
    groups = fairness(evidence)
    return Section(
        facts=(
            *groups.facts,
            *_robustness(evidence, metric),
            _noise(evidence, metric),
            _reproduction(evidence),
            _shuffled(evidence),
        ),
        grids=(*groups.grids, *_costs(evidence, metric), *_spreads(evidence)),
    )


def _robustness(evidence: Evidence, metric: str | None) -> Iterator[Fact]:
    """The perturbation that costs most, and those that could not be measured."""
    records = evidence["robustness"]
    if not records:
        yield not_asked("Robustness", "evaluate.perturbations")
        return
    costs = {
        name: record["comparison"][metric]
        for name, record in records.items()
        if metric is not None and metric in record["comparison"]
    }
    if costs:
        worst = min(costs, key=lambda name: (costs[name]["delta"], name))
        told = costs[worst]
        text: Text = (
            *(Names((worst,)), " changes ", Names((str(metric),)), " by ", *gained(told)),
            f" on {rows(told)}, the worst of {count(len(costs), 'perturbation')}.",
        )
        yield Fact("Robustness", text, "worse" if told["high"] < 0 else "plain")
    for name, record in records.items():
        if name not in costs:
            yield missing("Robustness", Names((name,)), f": {_no_numbers(record)}.")


def _no_numbers(record: Robustness) -> str:
    if not record["rows"]:
        return "it changed no row, so nothing was measured"
    if not record["metrics"]:
        return "no metric, because the model failed on these rows or none is defined on them"
    return "not defined on these rows"


def _costs(evidence: Evidence, leading: str | None) -> Iterator[Grid]:
    """One row per metric and perturbation: the leading metric first, each from its worst."""
    lines: list[tuple[Text, ...]] = []
    strips: list[Strip] = []
    records = evidence["robustness"]
    metrics = {metric for record in records.values() for metric in record["comparison"]}
    for metric in sorted(metrics, key=lambda name: (name != leading, name)):
        costs = [
            (record["comparison"][metric], name, record)
            for name, record in records.items()
            if metric in record["comparison"]
        ]
        costs.sort(key=lambda cost: (cost[0]["delta"], cost[1]))
        # Metrics have scales of their own.
        strips += gain_strips([told for told, _, _ in costs])
        lines += [
            (
                (Names((name,)),),
                (Names((record["kind"],)),),
                (count(record["rows"]),),
                (Names((metric,)),),
                measured(record["metrics"][metric]) if metric in record["metrics"] else UNTOLD,
                gained(told),
            )
            for told, name, record in costs
        ]
    if lines:
        yield Grid(
            noun="cost of a perturbation",
            plural="costs of perturbations",
            caption=("The candidate on perturbed rows, against itself on the rows as they are",),
            heads=("Perturbation", "Kind", "Rows changed", "Metric", "Value", "Change"),
            rows=tuple(lines),
            numeric=frozenset({2, 4, 5}),
            strips=tuple(strips),
        )


def _noise(evidence: Evidence, metric: str | None) -> Fact:
    if "noise" not in evidence:
        return not_asked("Training noise", "evaluate.seeds")
    noise = evidence["noise"]
    if metric is None or metric not in noise["metrics"]:
        named = Names((metric,)) if metric else "The leading metric"
        return missing("Training noise", named, " is not defined for every seed.")
    spread, told = noise["metrics"][metric], evidence["comparison"].get(metric)
    seeds = count(len(noise["seeds"]), "seed")
    if len(set(spread["values"])) == 1 < len(noise["seeds"]):
        same = number(spread["values"][0])
        why = f" is {same} with each of {seeds}. The seeds made no difference: is the seed used?"
        return Fact("Training noise", (Names((metric,)), why))
    beside: Text = ()
    if told is not None and spread["sd"]:
        times = abs(told["delta"]) / spread["sd"]
        beside = (f" The change from the champion is {times:,.1f} times that.",)
    return Fact(
        "Training noise",
        (
            *(
                Names((metric,)),
                " moves by ",
                number(spread["sd"], spread["mean"]),
                " (standard deviation) over ",
            ),
            *(seeds, ".", *beside),
        ),
    )


def _spreads(evidence: Evidence) -> Iterator[Grid]:
    if "noise" not in evidence or not evidence["noise"]["metrics"]:
        return
    noise = evidence["noise"]
    yield Grid(
        noun="metric over seeds",
        plural="metrics over seeds",
        caption=(f"Models of the seeds {', '.join(map(str, noise['seeds']))}; the first is the",
                 " candidate's"),
        heads=("Metric", "Mean", "Standard deviation", "Values"),
        rows=tuple(
            (
                (Names((name,)),),
                (number(spread["mean"], *spread["values"]),),
                (number(spread["sd"], spread["mean"]),),
                (", ".join(number(value, *spread["values"]) for value in spread["values"]),),
            )
            for name, spread in noise["metrics"].items()
        ),
        numeric=frozenset({1, 2, 3}),
    )  # fmt: skip


def _reproduction(evidence: Evidence) -> Fact:
    if "reproduction" not in evidence:
        return not_asked("Reproduction", "evaluate.repeat", or_undefined=True)
    found = evidence["reproduction"]
    files = "the same files" if found["is_same_manifest"] else "other files"
    probed = count(found["rows"], "row")
    if found["predictions"] == found["repeated_predictions"]:
        text = f"The same training once more gave {files} and the same predictions for {probed}."
        return Fact("Reproduction", (text,))
    most = number(found["max_difference"])
    text = f"The same training once more gave {files}, and predictions for {probed} that differ"
    return Fact("Reproduction", (f"{text} by up to {most}.",), "worse")


def _shuffled(evidence: Evidence) -> Fact:
    leakage = evidence["leakage"]
    if "shuffled" not in leakage:
        return not_asked("Shuffled labels", "evaluate.shuffle", or_undefined=True)
    found = leakage["shuffled"]
    told, own = found["comparison"], found["candidate"]
    text: Text = (
        *("A model of shuffled labels gains ", *gained(told), " in ", Names((found["metric"],))),
        *(" over the dummy; the candidate ", *gained(own), "."),
    )
    return Fact("Shuffled labels", text)
