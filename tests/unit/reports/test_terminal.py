from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console  # noqa: TID253 - start-up time does not matter here

from mlgitops.model.errors import MlgitopsError, Unavailable
from mlgitops.model.plan import Change, Plan, Sync, TargetPlan, Verb
from mlgitops.model.sample_size import SampleSize
from mlgitops.model.spec import Pin
from mlgitops.model.state import Target
from mlgitops.model.verdict import Decision, RuleResult, Verdict
from mlgitops.reports import gate_table, terminal
from tests.fakes.decisions import gate, of_gates


@dataclass(frozen=True)
class Row:
    """What `status` shows; the use case has the same fields."""

    target: Target
    sync: Sync
    reason: str
    desired: Pin | None
    live: int | None
    since: datetime | None = None
    commit: str | None = None


@dataclass(frozen=True)
class Result:
    """What `reconcile` shows."""

    plan: TargetPlan
    status: str
    error: MlgitopsError | None = None


GOLDEN = Path(__file__).parent / "golden"
PIN = Pin(4, "sha256:" + "4d1c90aa52e1" * 5, "sha256:" + "ab" * 32, "sha256:" + "c0" * 32)


def printed(show: Callable[..., None], *values: Any, width: int = 80, colour: bool = False) -> str:
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    show(console, *values)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def target(environment: str, model: str, sync: Sync, reason: str, *changes: Change) -> TargetPlan:
    return TargetPlan(Target(environment, model), sync, reason, PIN, 3, None, changes, "sha256:0")


PLAN = Plan(
    "8e1f2c",
    (
        target("staging", "flights-delay", Sync.SYNCED, "version 4 is live"),
        target(
            "production",
            "flights-delay",
            Sync.PENDING,
            "git wants version 4, version 3 is live",
            Change(Verb.MOVE_ALIAS, "champion", 3, 4),
            Change(Verb.WRITE_RECORD, "mlgitops.applied.production", 3, 4),
        ),
        target(
            "production",
            "retired-model",
            Sync.PENDING,
            "git retired the model, version 2 is live",
            Change(Verb.DROP_ALIAS, "champion", 2, None),
            Change(Verb.WRITE_RECORD, "mlgitops.applied.production", 2, None),
        ),
        target("production", "fraud", Sync.ALIAS_MOVED, "moved by hand from version 8 to 9"),
        target("production", "churn", Sync.UNKNOWN, "the registry did not answer"),
    ),
)


def test_gates_read_as_reviewed(name: str, cases: Any, golden: Callable[[Path, str], None]):
    evidence, decision, _ = cases[name]

    golden(GOLDEN / f"{name}.gates.txt", printed(gate_table.gates, evidence, decision))


def test_a_plan_reads_as_reviewed(golden: Callable[[Path, str], None]):
    golden(GOLDEN / "plan.txt", printed(terminal.plan, PLAN))


def test_a_plan_that_nobody_waits_for_is_not_offered():
    shown = printed(lambda console, plan: terminal.plan(console, plan, is_offered=False), PLAN)

    assert shown == printed(terminal.plan, PLAN).rpartition("To carry out")[0]


def test_what_nobody_proved_is_counted_but_not_as_drift():
    why = "git wants version 2; SPEC327 there is no evidence"
    unproven = Plan("8e1f2c", (target("staging", "churn", Sync.UNPROVEN, why),))

    shown = " ".join(printed(terminal.plan, unproven).split())

    assert "unproven" in shown
    assert shown.endswith("0 writes, 0 drifted, 0 in sync, 1 not proven.")


def test_a_waived_gate_is_not_ticked(cases: Any):
    evidence, decision, _ = cases["leaking"]
    gates = tuple(
        replace(gate, waived_by="late-data") if gate.is_blocking else gate
        for gate in decision.gates
    )

    shown = printed(
        gate_table.gates, evidence, replace(decision, verdict=Verdict.PASS, gates=gates)
    )

    assert "! waived" in shown
    assert "Waived by late-data until 2026-11-01." in " ".join(shown.split())
    assert "✓ fail" not in shown
    assert "✓ waived" not in shown


def refused(total: int) -> Decision:
    rules = [RuleResult("r", Verdict.FAIL, "r", f"do {n}") for n in range(total)]
    return of_gates(
        Verdict.FAIL,
        *(gate(Verdict.FAIL, policy=f"p{n}", rules=(one,)) for n, one in enumerate(rules)),
    )


@pytest.mark.parametrize("width", [80, 120])
def test_a_gate_to_come_names_its_day(width: int, cases: Any):
    evidence, decision, _ = cases["retrained"]
    missed = replace(decision.gates[0], level="audit", blocks_from="2026-12-01")
    text = printed(gate_table.gates, evidence, replace(decision, gates=(missed,)), width=width)

    said = "(audit; blocks from 2026-12-01; until then only shown)"
    assert said in " ".join(text.split())
    assert all(len(line) <= width for line in text.splitlines() if "→" not in line)


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_what_blocks_nothing_is_shown_as_it_is_counted(verdict: Verdict, cases: Any):
    gates = (gate(Verdict.PASS), gate(verdict, level="advisory"))
    shown = printed(gate_table.gates, cases["regression"][0], of_gates(Verdict.PASS, *gates))

    assert f"! warn   policy ({verdict}, only advisory" in shown
    assert f"! {verdict}" not in shown
    assert "Checks: 1 pass · 2 warn · 0 inconclusive" in shown  # an expectation warns, too


@pytest.mark.parametrize(("width", "is_apart"), [(80, True), (120, False)])
def test_a_command_stays_on_one_line_and_fits_if_it_can(width: int, *, is_apart: bool, cases: Any):
    command = "mlgitops promote flights-delay --to staging --candidate 4d1c90aa52e1"
    evidence, decision, _ = cases["first"]
    lines = printed(gate_table.gates, evidence, decision, width=width).splitlines()

    said = ["→ If there is none yet:", f"  {command}"]
    assert lines[-2:] == said if is_apart else lines[-1] == f"{said[0]} {command}"
    assert max(map(len, lines)) <= width


def test_many_remedies_are_cut_and_the_reader_is_told_where_the_others_are(cases: Any):
    evidence = cases["retrained"][0]
    seven, five = (printed(gate_table.gates, evidence, refused(total)) for total in (7, 5))

    assert [line for line in seven.splitlines() if line.startswith("→")] == [
        *(f"→ p{n}: do {n}" for n in range(5)),
        "→ Or have a waiver reviewed: a file in mlops/waivers/ for this candidate.",
        "→ and 2 more: see the report",
    ]
    assert "more:" not in five


def test_slices_with_too_few_positives_are_counted_apart(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    for record in [one for one in evidence["slices"] if not one["judged"]][:2]:
        record["lacks"] = "positives"
    text = printed(gate_table.gates, evidence, decision)

    assert "2 slices with too few positives to judge." in text
    assert "1 slice too small to judge." in text


def test_gates_of_one_policy_do_not_look_alike(cases: Any):
    gates = [
        gate(Verdict.PASS, policy="robust", parameters={"perturbation": name})
        for name in ("noise", "gaps")
    ]
    shown = printed(gate_table.gates, cases["retrained"][0], of_gates(Verdict.PASS, *gates))

    assert "robust (soft, perturbation gaps) b." in shown
    assert "robust (soft, perturbation noise) b." in shown


SIZE = SampleSize(
    target=Target("production", "flights-delay"),
    metric="roc_auc",
    margin=0.01,
    basis="comparison",
    rows=24_302,
    inconclusive=0.0312,
    power=0.95,
    rows_needed=14_000,
)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (
            SIZE,
            (
                "with 24,302 rows inconclusive about 3% of the time when the models are equal; "
                "14,000 rows would do for 95%."
            ),
        ),
        (
            replace(SIZE, basis="metric"),
            (
                "with 24,302 rows inconclusive at most 3% of the time when the models are equal; 14,000 "
                "rows would do for 95% (from the metric's own interval, as if the two erred "
                "independently)."
            ),
        ),
        (
            replace(SIZE, basis="assumption", rows=None, inconclusive=None),
            (
                "14,000 rows would do for 95% (if the two decide differently on one row in ten: "
                "there is no evidence yet)."
            ),
        ),
        (
            replace(SIZE, rows_needed=None),
            (
                "with 24,302 rows inconclusive about 3% of the time when the models are equal; "
                "no number of rows shows that nothing is lost, so give a margin."
            ),
        ),
    ],
)
def test_a_gate_says_how_many_rows_it_needs(size: SampleSize, said: str):
    shown = printed(terminal.sample_sizes, [size])

    assert shown == (
        f"production/flights-delay: not-worse-than-champion on roc_auc, margin 0.0100: {said}\n"
    )


def test_a_plan_without_releases_says_so():
    assert printed(terminal.plan, Plan("8e1f2c", ())) == (
        "There are no releases yet, so there is nothing to do.\n"
    )


def test_what_is_live_without_a_release_is_not_called_nothing():
    left = target("production", "flights-delay", Sync.UNMANAGED, "there is no Release file")

    assert terminal.plan_sentence(Plan("8e1f2c", (left,))).endswith(", 0 in sync, 1 unmanaged.")

    row = Row(Target("production", "churn"), Sync.UNMANAGED, "no file", None, 3)
    assert "no releases yet" not in printed(terminal.status, (row,))


def test_the_status_reads_as_reviewed(golden: Callable[[Path, str], None]):
    when = datetime(2026, 9, 21, 5, 12, tzinfo=timezone(timedelta(hours=2)))
    rows = (
        Row(
            Target("staging", "flights-delay"), Sync.SYNCED, "as it is", PIN, 4, when, "8e1f2c" * 6
        ),
        Row(Target("production", "flights-delay"), Sync.ALIAS_MOVED, "moved by hand", PIN, 3),
        Row(Target("production", "churn"), Sync.UNMANAGED, "never released", None, None),
    )

    golden(GOLDEN / "status.txt", printed(terminal.status, rows))


def test_a_status_without_releases_says_so():
    row = Row(Target("production", "churn"), Sync.UNMANAGED, "never released", None, None)

    assert printed(terminal.status, (row,)).endswith("\nThere are no releases yet.\n")


def test_a_status_of_nothing_says_so():
    assert printed(terminal.status, ()) == "There is no model and no environment yet.\n"


def test_an_outcome_reads_as_reviewed(golden: Callable[[Path, str], None]):
    synced, pending, retired, moved, unknown = PLAN.targets
    results = (
        Result(synced, "unchanged"),
        Result(pending, "applied"),
        Result(retired, "applied"),
        Result(moved, "left"),
        Result(unknown, "failed", Unavailable("the registry did not answer")),
    )

    golden(GOLDEN / "outcome.txt", printed(terminal.outcome, results))


def test_a_plan_with_changes_ends_with_the_command_on_one_line():
    last = printed(terminal.plan, PLAN).splitlines()[-1]

    assert last == (
        f"To carry out this and nothing else: mlgitops reconcile --expect {PLAN.digest}"
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_and_digests_stay_whole(width: int, cases: Any):
    evidence, decision, _ = cases["leaking"]
    lines = printed(gate_table.gates, evidence, decision, width=width)
    planned = printed(terminal.plan, PLAN, width=width)

    assert max(map(len, (lines + planned).splitlines()[:-1])) <= width
    assert "candidate 4d1c90aa52e1" in " ".join(planned.split())


def test_colours_are_for_terminals_only(cases: Any):
    evidence, decision, _ = cases["leaking"]

    assert "\x1b[" in printed(gate_table.gates, evidence, decision, colour=True)
    assert "\x1b[" not in printed(gate_table.gates, evidence, decision)


def test_no_payload_moves_the_cursor_or_is_markup(payload: str, poison: Any):
    text = printed(gate_table.gates, *poison("leaking", payload))

    assert "\x1b" not in text
    assert "\r" not in text
    assert "\u202e" not in text


def test_markup_in_names_is_shown_as_it_is(poison: Any):
    assert "[bold red]x[/]" in printed(gate_table.gates, *poison("leaking", "[bold red]x[/]"))
