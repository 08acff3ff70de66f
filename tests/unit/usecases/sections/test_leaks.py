"""Signs of leakage, in tables that are cut without any model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.usecases import scoring
from mlgitops.usecases.cutting import cut
from mlgitops.usecases.sections.leaks import leaks
from tests.fakes.laboratory import Laboratory, as_csv, customers

DATASET = "mlops/datasets/customers.yaml"
PIPELINE = "mlops/pipelines/churn.yaml"
SPLIT = "split: {strategy: stratified, holdout: 0.4}"


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory.create(tmp_path / "laboratory")


def leakage(laboratory: Laboratory, change: Any = None, shuffled: Any = None) -> Any:
    """The section, after the steps that it reads."""
    context = laboratory.context(until="extract")
    if change:
        change(context)
    store = context.neighbours.store
    with store.workspace() as folder:
        context.made["split"] = store.save("sha256:" + "0" * 64, cut(context, folder), 1.0)
    known, _ = scoring.answers(context)
    return leaks(context, known, shuffled)


def rewritten(laboratory: Laboratory, **columns: Any) -> None:
    """Give the rows *columns*, each a function of the row."""
    rows = [{**row, **{n: make(row) for n, make in columns.items()}} for row in customers()]
    laboratory.write("data/customers.csv", as_csv(rows))


def by_time(laboratory: Laboratory, used: str = "visits, spent, plan") -> None:
    laboratory.edit(DATASET, SPLIT, "time: day\n  split: {strategy: time, holdout: 60d}")
    laboratory.edit(PIPELINE, "[visits, spent, plan]", f"[{used}]")


def test_without_time_and_groups_nothing_is_said_of_them(laboratory: Laboratory) -> None:
    found = leakage(laboratory)

    assert not {"look_ahead", "early_rows", "shared_groups"} & set(found)
    assert found["duplicate_rows"] == 0
    assert [one["column"] for one in found["features"]][:2] == ["visits", "spent"]


def test_a_holdout_at_the_end_has_no_early_row(laboratory: Laboratory) -> None:
    by_time(laboratory)

    found = leakage(laboratory)

    assert found["early_rows"] == 0
    assert found["look_ahead"] == []


def test_a_holdout_from_among_the_rows_is_older_than_what_was_learnt(
    laboratory: Laboratory,
) -> None:
    laboratory.edit(DATASET, SPLIT, f"time: day\n  {SPLIT}")

    found = leakage(laboratory)

    assert 150 < found["early_rows"] <= 200


def test_a_used_time_after_the_row_s_own_is_counted_on_both_sides(laboratory: Laboratory) -> None:
    rewritten(
        laboratory,
        cancelled=lambda row: "2027-01-01" if row["customer"] % 5 == 0 else "2020-01-01",
        joined=lambda _: "2019-05-05",
        unused=lambda _: "2030-01-01",
    )
    by_time(laboratory, "visits, spent, plan, joined, cancelled, day")

    found = leakage(laboratory)

    assert found["look_ahead"] == [{"column": "cancelled", "rows": 100}]


def test_a_moment_s_difference_is_looking_ahead(laboratory: Laboratory) -> None:
    rewritten(
        laboratory,
        day=lambda row: f"{row['day']}T00:00:00Z",
        moment=lambda row: f"{row['day']}T00:00:0{int(row['customer'] == 3)}Z",
    )
    by_time(laboratory, "visits, spent, plan, moment")

    assert leakage(laboratory)["look_ahead"] == [{"column": "moment", "rows": 1}]


def test_a_group_split_shares_no_group(laboratory: Laboratory) -> None:
    laboratory.edit(DATASET, SPLIT, "split: {strategy: group, column: shop, holdout: 0.4}")

    assert leakage(laboratory)["shared_groups"] == 0


def test_a_cluster_may_be_on_both_sides_and_is_counted(laboratory: Laboratory) -> None:
    def by_shop(context: Any) -> None:
        evaluate = replace(context.pipeline.evaluate, cluster="shop")
        context.pipeline = replace(context.pipeline, evaluate=evaluate)

    assert leakage(laboratory, by_shop)["shared_groups"] == 25


def test_rows_without_a_group_share_none(laboratory: Laboratory) -> None:
    rewritten(laboratory, owner=lambda row: f"o{row['customer']}" if row["customer"] % 2 else "")

    def by_owner(context: Any) -> None:
        evaluate = replace(context.pipeline.evaluate, cluster="owner")
        context.pipeline = replace(context.pipeline, evaluate=evaluate)

    assert leakage(laboratory, by_owner)["shared_groups"] == 0


def test_shuffled_labels_are_passed_on(laboratory: Laboratory) -> None:
    told: Any = {"metric": "brier"}

    assert leakage(laboratory, shuffled=told)["shuffled"] == told
