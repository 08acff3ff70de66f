from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError
from mlgitops.model.registry import HOLDOUT_TAG, ModelVersion
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.sections.holdout import holdout_use
from tests.fakes.laboratory import Laboratory, keep
from tests.fakes.model_registry import InMemoryRegistry

FIRST, SECOND, THIRD = (digest(number) for number in (1, 2, 3))


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    made = Laboratory.create(tmp_path / "laboratory").context(until="extract")
    keep(made, "split", train="t", holdout="h", split={})
    return made


class Registered(InMemoryRegistry):
    """A registry with these versions: candidate, holdout."""

    def __init__(self, *known: tuple[str | None, str]) -> None:
        super().__init__()
        self.known = known

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        self._answer()
        return tuple(
            ModelVersion(model, number, candidate, "sha256:m", "r", {HOLDOUT_TAG: holdout})
            for number, (candidate, holdout) in enumerate(self.known, start=1)
        )


def asks(context: RunContext, registry: InMemoryRegistry) -> None:
    context.neighbours = replace(context.neighbours, registry=registry)  # type: ignore[type-var]


def test_the_first_candidate_is_the_first(context: RunContext) -> None:
    use = holdout_use(context, FIRST)

    assert use == {"digest": context.digest("split", "holdout"), "candidates": 1}


def test_each_candidate_counts_once(context: RunContext) -> None:
    counts = [holdout_use(context, one)["candidates"] for one in (FIRST, SECOND, FIRST, SECOND)]

    assert counts == [1, 2, 2, 2]


def test_another_holdout_is_fresh(context: RunContext) -> None:
    holdout_use(context, FIRST)
    keep(context, "split", train="t", holdout="other", split={})

    assert holdout_use(context, SECOND)["candidates"] == 1


def test_another_label_of_the_same_rows_is_fresh(context: RunContext) -> None:
    holdout_use(context, FIRST)
    context.pipeline = replace(context.pipeline, label="topic")

    assert holdout_use(context, SECOND)["candidates"] == 1


def test_a_renamed_pipeline_wears_the_same_holdout(context: RunContext) -> None:
    holdout_use(context, FIRST)
    context.pipeline = replace(context.pipeline, name="left")

    assert holdout_use(context, SECOND)["candidates"] == 2


def test_what_was_registered_elsewhere_counts_on_a_fresh_machine(context: RunContext) -> None:
    here = context.digest("split", "holdout")
    asks(context, Registered((FIRST, here), (SECOND, here), (THIRD, "sha256:other"), (None, here)))

    assert holdout_use(context, THIRD)["candidates"] == 3
    assert holdout_use(context, FIRST)["candidates"] == 3


def test_what_is_known_here_and_there_counts_once(context: RunContext) -> None:
    holdout_use(context, FIRST)
    asks(context, Registered((FIRST, context.digest("split", "holdout"))))

    assert holdout_use(context, SECOND)["candidates"] == 2


def test_without_an_answer_there_is_no_number_and_the_candidate_is_noted(
    context: RunContext,
) -> None:
    down = InMemoryRegistry()
    down.is_down = True
    asks(context, down)

    assert holdout_use(context, FIRST) == {"digest": context.digest("split", "holdout")}

    down.is_down = False
    assert holdout_use(context, SECOND)["candidates"] == 2


def test_a_damaged_count_is_refused(context: RunContext, tmp_path: Path) -> None:
    holdout_use(context, FIRST)
    (answers,) = (tmp_path / "laboratory/.mlgitops/ledger").iterdir()
    (answers / "notes.txt").write_text("")

    with pytest.raises(SpecError, match=r"'notes.txt' is the name of none"):
        holdout_use(context, SECOND)


@pytest.mark.slow
def test_registering_leaves_word_for_other_machines(laboratory: Laboratory) -> None:
    context: Any = laboratory.context()
    (version,) = laboratory.registry.versions("churn")

    assert version.tags[HOLDOUT_TAG] == context.digest("split", "holdout")

    laboratory.edit("mlops/pipelines/churn.yaml", "C: 1.0", "C: 0.5")
    for kept in (laboratory.root / ".mlgitops/ledger").rglob("*"):
        if kept.is_file():
            kept.unlink()
    again = laboratory.context(until="evaluate").json("evaluate", "evidence-staging")

    assert again["holdout"] == {"digest": version.tags[HOLDOUT_TAG], "candidates": 2}


@pytest.mark.slow
def test_an_unchanged_run_asks_nobody_and_keeps_its_number(laboratory: Laboratory) -> None:
    before = laboratory.context(until="evaluate").json("evaluate", "evidence-staging")
    laboratory.registry.is_down = True

    after = laboratory.context(until="evaluate").json("evaluate", "evidence-staging")

    assert after["holdout"] == before["holdout"]
    assert after["holdout"]["candidates"] == 1
