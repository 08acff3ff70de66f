from __future__ import annotations

from typing import Any, get_args

import pytest

from mlgitops.model.digest import digest
from mlgitops.model.run import STEPS, Because, InputChange, Ruling, RunRecord, StepRecord
from mlgitops.reports.walk import render_outcome, render_run, render_step, why

ONE, OTHER = digest(1), digest(2)


def step(name: str = "train", **fields: Any) -> StepRecord:
    defaults: dict[str, Any] = {
        "status": "ran", "because": "first", "changes": (), "key": ONE,
        "inputs": {"params": ONE, "seed": "7"}, "outputs": {"model": OTHER}, "seconds": 12.34,
    }  # fmt: skip
    return StepRecord(name, **{**defaults, **fields})


def changed(*names: str) -> StepRecord:
    return step(
        because="input-changed", changes=tuple(InputChange(name, ONE, OTHER) for name in names)
    )


def test_a_run_is_one_line_a_step() -> None:
    steps = (
        step("extract", status="cached", because="unchanged"),
        changed("params"),
        step("evaluate", status="failed"),
    )

    text = render_run(RunRecord("churn", "", "", 0, steps, {}))

    assert text == (
        "  extract   cached           every input is as it was\n"
        "  train     ran      12.3 s  changed: params\n"
        "  evaluate  failed           its first run here\n"
    )


@pytest.mark.parametrize("because", get_args(Because))
def test_there_are_words_for_every_reason(because: Because) -> None:
    record = changed("seed") if because == "input-changed" else step(because=because)

    assert why(record)
    assert render_step(record).startswith("train: ran, ")


def test_every_step_lines_up() -> None:
    steps = tuple(step(name) for name in STEPS)
    lines = render_run(RunRecord("churn", "", "", 0, steps, {})).splitlines()

    assert len({line.index("12.3 s") for line in lines}) == 1


def test_a_line_too_long_for_80_columns_goes_on_below_and_no_name_is_cut() -> None:
    names = ("decision production", "decision staging", "evidence production", "environments")
    steps = (changed("params"), changed(*names), changed("code " + "long_name/" * 9 + "train.py"))

    _, *lines = render_run(RunRecord("churn", "", "", 0, steps, {})).splitlines()

    begun = " " * 29
    assert lines == [
        "  train     ran      12.3 s  changed: decision production, decision staging,",
        f"{begun}evidence production and 1 more",
        "  train     ran      12.3 s  changed: code",
        f"{begun}{'long_name/' * 9}train.py",
    ]


def test_a_phrase_names_three_inputs_and_counts_the_rest() -> None:
    assert why(changed("a", "b", "c")) == "changed: a, b, c"
    assert why(changed("a", "b", "c", "d", "e")) == "changed: a, b, c and 2 more"


def test_a_step_names_every_change_input_and_output() -> None:
    changes = (InputChange("code a.py", None, ONE), InputChange("seed", "6", "7"))

    assert render_step(step(because="input-changed", changes=changes)) == (
        "train: ran, an input changed\n"
        "  code a.py: (none) → 6b86b273ff34\n"
        "  seed: 6 → 7\n"
        "inputs\n"
        "  params                       6b86b273ff34\n"
        "  seed                         7\n"
        "outputs\n"
        "  model                        d4735e3a265e\n"
    )


def test_a_step_without_outputs_lists_none() -> None:
    assert "outputs" not in render_step(step(status="failed", outputs={}))


def test_what_came_of_a_run_lines_up() -> None:
    rulings = (
        Ruling("staging", "pass", "/a.html", "/a.json", is_held=True),
        Ruling("production-eu", "inconclusive", "/b.html", "/b.json", is_held=False),
    )

    found = {"candidate": "c0ffee", "version": "3"}
    text = render_outcome("churn", found, rulings, ["/train.log"])

    assert text == (
        "candidate      c0ffee\n"
        "version        3\n"
        "staging        pass, but held: rolled back there  /a.html\n"
        "production-eu  inconclusive                       /b.html\n"
        "why            mlgitops gate churn --env production-eu\n"
        "evidence       /a.json\n"
        "evidence       /b.json\n"
        "log            /train.log\n"
    )
    assert render_outcome("churn", {}, (), ()) == ""


def test_a_step_that_failed_says_why() -> None:
    text = render_step(step("validate").failed("2 are wrong\n  a\n  b"))

    assert text.startswith(
        "validate: failed, its first run here\nfailure\n| 2 are wrong\n|   a\n|   b\ninputs\n"
    )
