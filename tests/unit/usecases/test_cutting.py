from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgitops.folders import file_sha256
from mlgitops.model.errors import SpecError
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.cutting import cut, held_out
from tests.fakes.laboratory import Laboratory, as_csv, customers

DATASET = "mlops/datasets/customers.yaml"
STRATIFIED = "split: {strategy: stratified, holdout: 0.4}"


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory.create(tmp_path / "laboratory")


class Cut:
    """The outputs of the split step, opened."""

    def __init__(self, context: RunContext, folder: Path) -> None:
        folder.mkdir()
        self.context = context
        self.paths = cut(context, folder)
        self.record: Any = json.loads(self.paths["split"].read_text())

    def columns(self, side: str) -> list[str]:
        return [
            column["name"] for column in self.context.neighbours.tables.schema(self.paths[side])
        ]

    def read(self, side: str, column: str) -> Any:
        return self.context.neighbours.tables.read(self.paths[side], [column])[column]


@pytest.fixture
def made(laboratory: Laboratory, tmp_path: Path) -> Cut:
    return Cut(laboratory.context(until="extract"), tmp_path / "cut")


def cut_with(laboratory: Laboratory, tmp_path: Path, split: str, model: str = "churn") -> Cut:
    laboratory.edit(DATASET, STRATIFIED, split)
    return Cut(laboratory.context(model, until="extract"), tmp_path / "cut")


def test_every_row_stands_on_one_side(made: Cut) -> None:
    train = made.context.neighbours.tables.row_digests(made.paths["train"], ["visits", "spent"])
    holdout = made.context.neighbours.tables.row_digests(made.paths["holdout"], ["visits", "spent"])

    assert len(train) + len(holdout) == 500
    assert not set(train.tolist()) & set(holdout.tolist())
    assert made.record["shared_rows"] == 0


def test_training_gets_what_the_model_may_see_and_the_label(made: Cut) -> None:
    assert made.columns("train") == ["visits", "spent", "plan", "left"]
    assert made.columns("holdout") == [
        "customer", "day", "visits", "spent", "plan", "shop", "refund", "left", "topic", "orders",
    ]  # fmt: skip


@pytest.mark.parametrize("side", ["train", "holdout"])
def test_a_side_is_described_as_it_lies_there(made: Cut, side: str) -> None:
    labels = made.read(side, "left")

    assert made.record[side] == {
        "rows": len(labels),
        "digest": f"sha256:{file_sha256(made.paths[side])}",
        "positives": int(labels.sum()),
    }


def test_the_positive_value_is_what_the_pipeline_says(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "label: left", "label: left, positive: 0")
    made = Cut(laboratory.context(until="extract"), tmp_path / "cut")

    assert made.record["train"]["positives"] == int((made.read("train", "left") == 0).sum())


def test_a_cut_in_time_holds_the_last_days_out(laboratory: Laboratory, tmp_path: Path) -> None:
    made = cut_with(laboratory, tmp_path, "time: day\n  split: {strategy: time, holdout: 30d}")

    train, holdout = (made.record[side]["window"] for side in ("train", "holdout"))
    assert made.record["column"] == "day"
    assert made.record["shared_rows"] == 0
    assert train["last"] < holdout["first"] <= holdout["last"] == "2026-10-28T00:00:00.000000Z"
    assert made.read("holdout", "day").min() == np.datetime64(holdout["first"][:-1])


def test_a_cut_by_group_keeps_groups_whole(laboratory: Laboratory, tmp_path: Path) -> None:
    made = cut_with(laboratory, tmp_path, "split: {strategy: group, column: shop, holdout: 0.3}")
    everyone = made.context.neighbours.tables.read(made.context.path("extract", "table"), ["shop"])[
        "shop"
    ]

    held_out = set(made.read("holdout", "shop"))

    assert made.record["column"] == "shop"
    assert made.record["holdout"]["rows"] == sum(shop in held_out for shop in everyone)


def test_a_regression_has_no_positives(laboratory: Laboratory, tmp_path: Path) -> None:
    made = Cut(laboratory.context("demand", until="extract"), tmp_path / "cut")

    assert set(made.record["train"]) == {"rows", "digest"}


def test_a_key_on_both_sides_is_counted(laboratory: Laboratory, tmp_path: Path) -> None:
    rows = customers()
    for row in rows:
        row["customer"] //= 2
    laboratory.write("data/customers.csv", as_csv(rows))

    made = Cut(laboratory.context(until="extract"), tmp_path / "cut")

    shared = set(made.context.neighbours.tables.read(
        made.context.path("extract", "table"), ["customer"]
    )["customer"])  # fmt: skip
    assert 0 < made.record["shared_rows"] <= len(shared)


def test_the_same_inputs_give_the_same_bytes(laboratory: Laboratory, tmp_path: Path) -> None:
    context = laboratory.context(until="extract")

    one, other = Cut(context, tmp_path / "one"), Cut(context, tmp_path / "other")

    assert all(one.paths[n].read_bytes() == other.paths[n].read_bytes() for n in one.paths)


def test_a_label_of_one_value_cannot_be_cut(laboratory: Laboratory, tmp_path: Path) -> None:
    rows = [{**row, "left": 1} for row in customers()]
    laboratory.write("data/customers.csv", as_csv(rows))

    with pytest.raises(SpecError, match="the label holds 1 only"):
        Cut(laboratory.context(until="extract"), tmp_path / "cut")


@pytest.mark.parametrize(
    "split",
    [
        STRATIFIED,
        "split: {strategy: group, column: shop, holdout: 0.3}",
        "time: day\n  split: {strategy: time, holdout: 60d}",
    ],
    ids=["stratified", "group", "time"],
)
@pytest.mark.parametrize("model", ["churn", "topic", "demand"])
def test_which_rows_were_held_out_can_be_told_again(
    laboratory: Laboratory, tmp_path: Path, split: str, model: str
) -> None:
    made = cut_with(laboratory, tmp_path, split, model)
    table = made.context.path("extract", "table")
    keys = made.context.neighbours.tables.read(table, ["customer"])["customer"]

    mask = held_out(made.context)

    assert made.read("holdout", "customer").tolist() == keys[mask].tolist()
    assert made.record["train"]["rows"] == int((~mask).sum())
