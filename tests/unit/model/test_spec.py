from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from mlgitops.model.dataset import Split, Window
from mlgitops.model.digest import digest
from mlgitops.model.spec import Environment, document, duration
from tests.fakes.releases import specs


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("48h", timedelta(hours=48)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "d", "1", "1.5d", "-1d", "1 d", "1D", "1d\n", "1d2h", "1y"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)


def test_a_block_becomes_json_with_lengths_in_seconds() -> None:
    block = {
        "split": Split("time", timedelta(days=1), "day", 7),
        "windows": (Window(date(2026, 1, 2), None, None), [None, True, 0.5, "x"]),
    }

    assert document(block) == {
        "split": {"strategy": "time", "holdout": 86400.0, "column": "day", "seed": 7},
        "windows": [
            {"start": "2026-01-02", "end": None, "last": None},
            [None, True, 0.5, "x"],
        ],
    }


def test_every_block_of_a_pipeline_has_a_digest() -> None:
    pipeline = specs().pipelines["flights"]

    assert digest(document(pipeline)) != digest(document(replace(pipeline, label="early")))


def environments(*pairs: tuple[str, str | None]) -> Any:
    found = {name: Environment(name, source, name, (), "detect") for name, source in pairs}
    return replace(specs(), environments=found)


@pytest.mark.parametrize(
    ("pairs", "names"),
    [
        ([], []),
        ([("production", "staging"), ("staging", None)], ["staging", "production"]),
        (
            [("a", "m"), ("m", "z"), ("z", None)],
            ["z", "m", "a"],
        ),
        (
            [("eu", "staging"), ("us", "staging"), ("staging", None), ("lab", None)],
            ["lab", "staging", "eu", "us"],
        ),
    ],
)
def test_the_chain_goes_from_sources_on(
    pairs: list[tuple[str, str | None]], names: list[str]
) -> None:
    assert [environment.name for environment in environments(*pairs).chain] == names


def test_a_circle_is_left_out_of_the_chain() -> None:
    found = environments(("a", "b"), ("b", "a"), ("staging", None)).chain

    assert [environment.name for environment in found] == ["staging"]
