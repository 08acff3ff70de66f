from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.dataset import Expectation, Split
from mlgitops.model.errors import PlanIsStale
from mlgitops.model.pipeline import Evaluate, Train
from mlgitops.model.spec import Specs
from mlgitops.usecases.freshness import examination, refuse_outdated
from tests.fakes.release_world import MODEL, ReleaseWorld

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def specs(tmp_path: Path) -> Specs:
    return ReleaseWorld(tmp_path).specs


def of(specs: Specs, **changed: Any) -> str:
    pipeline, dataset = specs.pipelines[MODEL], specs.datasets["flights"]
    mine = {key: value for key, value in changed.items() if hasattr(pipeline, key)}
    other = {key: value for key, value in changed.items() if key not in mine}
    return examination(replace(pipeline, **mine), replace(dataset, **other))


@pytest.mark.parametrize(
    "changed",
    [
        {"task": "regression"},
        {"label": "early"},
        {"positive": "yes"},
        {"evaluate": Evaluate(("roc_auc",), (), 0.9)},
        {"keys": ("other",)},
        {"time": "at"},
        {"after_the_fact": ("late",)},
        {"expectations": (Expectation("expect_x", {}, "warning"),)},
        {"split": Split("stratified", 0.3, None, 7)},
    ],
)
def test_how_a_candidate_is_examined_has_a_name(changed: dict[str, Any], specs: Specs) -> None:
    assert of(specs, **changed) != of(specs)


@pytest.mark.parametrize(
    "changed",
    [
        {"train": Train(None, "other.Model", None, {"c": 1}, 8, (), ())},
        {"gates": ()},
        {"sources": ()},
        {"licence": "CC0"},
    ],
)
def test_how_it_is_made_and_what_is_asked_of_it_are_no_part_of_it(
    changed: dict[str, Any], specs: Specs
) -> None:
    assert of(specs, **changed) == of(specs)


def evidence(specs: Specs, age: timedelta) -> Any:
    return {
        "environment": "staging",
        "subject": {"model": MODEL},
        "inputs": {"evaluate": of(specs)},
        "producer": {"time": (NOW - age).isoformat()},
    }


@pytest.mark.parametrize(
    ("age", "is_refused"),
    [
        (timedelta(hours=48), False),
        (timedelta(hours=48, seconds=1), True),
        (timedelta(0), False),
        (timedelta(minutes=-5), False),
        (timedelta(minutes=-6), True),
    ],
)
def test_evidence_has_an_age_where_the_environment_asks(
    age: timedelta, is_refused: bool, specs: Specs
) -> None:
    refuse_outdated(evidence(specs, age), specs, NOW)

    staging = replace(specs.environments["staging"], max_evidence_age=timedelta(hours=48))
    strict = replace(specs, environments={"staging": staging})
    if not is_refused:
        refuse_outdated(evidence(specs, age), strict, NOW)
        return
    with pytest.raises(PlanIsStale) as caught:
        refuse_outdated(evidence(specs, age), strict, NOW)
    assert caught.value.hint == f"mlgitops run {MODEL} --from evaluate"


def test_evidence_of_another_examination_is_refused(specs: Specs) -> None:
    found = evidence(specs, timedelta(0))
    found["inputs"]["evaluate"] = "sha256:other"

    with pytest.raises(PlanIsStale, match="main examines 'flights-delay' in another way"):
        refuse_outdated(found, specs, NOW)
