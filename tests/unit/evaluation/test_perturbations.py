from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlgitops.evaluation import perturbations
from mlgitops.evaluation.perturbations import changed_rows, kind, perturb, unseen_value
from mlgitops.model.pipeline import Perturbation

N = 2_000
RANDOM = np.random.default_rng(3)
NUMBERS = RANDOM.normal(50, 4, N)
NUMBERS[:100] = np.nan
WHOLE = RANDOM.integers(0, 24, N)
TEXT = np.array(["a", "b"] * (N // 2), dtype=object)
TIMES = np.datetime64("2026-01-01T00:00", "us") + np.arange(N)
FLAGS = np.arange(N) % 2 == 0
COLUMNS = {"money": NUMBERS, "hour": WHOLE, "city": TEXT, "at": TIMES, "new": FLAGS}
NUMERIC = ("money", "hour")


def perturbed(columns: Any = None, **change: Any) -> dict[str, Any]:
    how = Perturbation("x", **change)
    return perturb(how, COLUMNS if columns is None else columns, NUMERIC, "unseen")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"noise": 0.1}, "noise"),
        ({"missing": 0.1}, "missing"),
        ({"unseen": ("city",)}, "unseen"),
        ({"scale": {"hour": 2.0}}, "scale"),
    ],
)
def test_a_perturbation_is_of_the_kind_that_is_set(change: dict[str, Any], name: str) -> None:
    assert kind(Perturbation("x", **change)) == name


def test_noise_is_that_share_of_the_deviation_and_leaves_nulls_and_others_alone() -> None:
    found = perturbed(noise=0.5)

    assert np.array_equal(np.isnan(found["money"]), np.isnan(NUMBERS))
    for name in NUMERIC:
        moved = (found[name] - COLUMNS[name])[100:]
        spread = np.nanstd(COLUMNS[name])
        assert moved.std() == pytest.approx(0.5 * spread, rel=0.08)
        assert abs(moved.mean()) < 4 * 0.5 * spread / np.sqrt(N)
    assert all(found[name] is COLUMNS[name] for name in ("city", "at", "new"))


def test_noise_is_the_same_every_time_and_grows_along_one_line() -> None:
    weak, strong, again = (perturbed(noise=share)["hour"] for share in (0.1, 0.4, 0.1))

    assert np.array_equal(weak, again)
    assert np.allclose((strong - WHOLE), 4 * (weak - WHOLE))


def test_columns_have_noise_of_their_own_that_others_do_not_change() -> None:
    both = perturbed({"money": WHOLE, "hour": WHOLE}, noise=0.5)
    alone = perturb(Perturbation("x", noise=0.5), {"hour": WHOLE}, ("hour",), "unseen")

    assert not np.allclose(both["money"], both["hour"])
    assert np.array_equal(both["hour"], alone["hour"])


@pytest.mark.parametrize("values", [[1.0] * 5, [1e200, -1e200, 0.0, 1.0, 2.0], [np.inf] * 5])
def test_noise_of_odd_columns_makes_no_new_nan(values: list[float]) -> None:
    columns = {"money": np.array(values), "hour": np.array(values)}

    assert not np.isnan(perturbed(columns, noise=1.0)["money"]).any()


def test_that_share_of_the_cells_of_every_column_is_emptied() -> None:
    found = perturbed({**COLUMNS, "money": np.abs(np.nan_to_num(NUMBERS))}, missing=0.25)

    empty = {name: perturbations.nulls(column) for name, column in found.items()}
    assert {name: int(mask.sum()) for name, mask in empty.items()} == dict.fromkeys(found, N // 4)
    assert not np.array_equal(empty["hour"], empty["city"])
    for name in ("hour", "city", "at", "new"):
        kept = ~empty[name]
        assert (found[name][kept] == COLUMNS[name][kept]).all()


def test_more_missing_cells_hold_the_fewer() -> None:
    few, many = (np.isnan(perturbed(missing=share)["hour"]) for share in (0.1, 0.3))

    assert (few <= many).all()


def test_nothing_is_changed_in_place() -> None:
    before = {name: column.copy() for name, column in COLUMNS.items()}
    for change in ({"noise": 1.0}, {"missing": 1.0}, {"unseen": ("city",)}):
        perturbed(**change)

    for name, column in before.items():
        assert np.array_equal(column, COLUMNS[name], equal_nan=column.dtype.kind == "f")


def test_text_becomes_a_value_that_never_was() -> None:
    assert unseen_value([TEXT, np.array(["unseen", None, "unseen_"], dtype=object)]) == "unseen__"

    found = perturbed(unseen=("city",))

    assert set(found["city"]) == {"unseen"}
    assert found["hour"] is WHOLE


@pytest.mark.parametrize(("factor", "type_"), [(60.0, np.int64), (0.3048, np.float64)])
def test_whole_numbers_stay_whole_where_the_factor_lets_them(factor: float, type_: Any) -> None:
    found = perturbed(scale={"hour": factor})["hour"]

    assert found.dtype == type_
    assert np.allclose(found, WHOLE * factor)


def test_scaling_small_integers_does_not_wrap_around() -> None:
    found = perturbed({"hour": np.array([100], np.int8)}, scale={"hour": 1e4})["hour"]

    assert found.tolist() == [1_000_000]


def test_scaling_beyond_all_numbers_gives_infinity() -> None:
    assert np.isinf(perturbed(scale={"money": 1e308})["money"][100:]).any()


def test_rows_count_once_and_two_nulls_are_equal() -> None:
    before = {
        "money": np.array([np.nan, 1.0, 2.0]),
        "city": np.array([None, "a", "b"], dtype=object),
    }
    after = {
        "money": np.array([np.nan, 1.5, 2.0]),
        "city": np.array([None, "x", "b"], dtype=object),
    }

    assert changed_rows(before, after) == 1
    assert changed_rows(before, before) == 0
    assert changed_rows({}, {}) == 0


def test_each_kind_counts_the_rows_that_it_changed() -> None:
    assert changed_rows(COLUMNS, perturbed(noise=0.1)) == N
    assert changed_rows(COLUMNS, perturbed(unseen=("city",))) == N
    zeros = int((WHOLE == 0).sum())
    assert changed_rows(COLUMNS, perturbed(scale={"hour": 2.0})) == N - zeros
    assert 0 < changed_rows({"hour": WHOLE}, perturbed({"hour": WHOLE}, missing=0.1)) == N // 10
