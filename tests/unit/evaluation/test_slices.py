from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation.slices import MAX_SLICES, cut, meeting, parts, title
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Condition, SliceBy

COLUMNS = {
    "origin": np.array(["EWR", "JFK", None, "EWR"], object),
    "month": np.array([1, 2, 2, 1]),
    "late": np.array([True, False, True, True]),
}


def test_slices_are_named_and_sorted():
    found = cut(COLUMNS, ["origin"])

    assert [name for name, _ in found] == ["origin=EWR", "origin=JFK", "origin=∅"]
    assert found[0][1].tolist() == [True, False, False, True]
    assert found[2][1].tolist() == [False, False, True, False]


def test_combinations_are_those_that_occur():
    assert [name for name, _ in cut(COLUMNS, ["origin", "month", "late"])] == [
        "origin=EWR,month=1,late=true",
        "origin=JFK,month=2,late=false",
        "origin=∅,month=2,late=true",
    ]


VALUES = st.one_of(st.none(), st.integers(0, 3), st.text(",=∅\\ab", max_size=3))


@settings(deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=40))
def test_slices_are_disjoint_complete_and_named_once(rows):
    columns = {}
    for place, name in enumerate(("a", "b")):
        columns[name] = np.empty(len(rows), object)
        columns[name][:] = [row[place] for row in rows]

    found = cut(columns, ["a", "b"])

    assert np.array_equal(sum(mask.astype(int) for _, mask in found), np.ones(len(rows)))
    names = [name for name, _ in found]
    assert names == sorted(set(names))
    for _, mask in found:
        assert len({tuple(map(repr, map(str, rows[row]))) for row in np.flatnonzero(mask)}) == 1


def test_beyond_the_limit_the_largest_are_kept():
    values = np.repeat(np.arange(MAX_SLICES + 50), 2)
    values = np.append(values, [7, 230, 230])

    found = cut({"group": values}, ["group"])

    names = [name for name, _ in found]
    assert len(found) == MAX_SLICES
    assert {"group=7", "group=230"} <= set(names)
    assert names == sorted(names)


def test_no_rows_have_no_slices():
    assert cut({"a": np.array([], object)}, ["a"]) == []


def test_an_unknown_column_is_refused():
    with pytest.raises(SpecError, match="no column 'carrier'") as caught:
        cut(COLUMNS, ["origin", "carrier"])

    assert "origin, month, late" in caught.value.hint


NUMBERS = {
    "total": np.array([1.0, 5.0, np.nan, 10.0]),
    "plan": np.array(["a", "b", "c", None], object),
    "paid": np.array([1.0, np.nan, 0.0, 1.0]),
    "whole": np.array([3, 4, 5, 6]),
}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ([Condition("plan", equals=("a",))], [1, 0, 0, 0]),
        ([Condition("plan", equals=("c", "a", "x"))], [1, 0, 1, 0]),
        ([Condition("plan", equals=("∅",))], [0, 0, 0, 0]),
        ([Condition("whole", equals=(3.0, "4"))], [1, 1, 0, 0]),
        ([Condition("paid", equals=(True,))], [1, 0, 0, 1]),
        ([Condition("paid", equals=(False, 1))], [1, 0, 1, 1]),
        ([Condition("total", at_least=5)], [0, 1, 0, 1]),
        ([Condition("total", below=5)], [1, 0, 0, 0]),
        ([Condition("total", at_least=1, below=10)], [1, 1, 0, 0]),
        ([Condition("whole", at_least=4), Condition("plan", equals=("b", "c"))], [0, 1, 1, 0]),
    ],
)
def test_a_row_has_to_meet_every_condition(where, expected):
    assert meeting(NUMBERS, where).astype(int).tolist() == expected


@pytest.mark.parametrize(
    ("values", "value", "expected"),
    [
        (np.array([True, False]), True, [True, False]),
        (np.array([date(2026, 1, 31), None], object), "2026-01-31", [True, False]),
        (np.array(["2026-01-31"], "datetime64[us]"), "2026-01-31T00:00:00", [True]),
    ],
)
def test_values_are_written_as_slices_name_them(values, value, expected):
    assert meeting({"a": values}, [Condition("a", equals=(value,))]).tolist() == expected


@pytest.mark.parametrize("column", ["plan", "origin"])
def test_bounds_are_for_numbers(column):
    with pytest.raises(SpecError, match=f"{column}' holds no numbers"):
        meeting({**COLUMNS, **NUMBERS}, [Condition(column, below=3)])


def test_a_condition_on_an_unknown_column_is_refused():
    with pytest.raises(SpecError, match="no column 'carrier'"):
        meeting(COLUMNS, [Condition("carrier", equals=("UA",))])


def test_conditions_make_one_slice_and_columns_many():
    one = SliceBy((), 1, name="early", where=(Condition("month", below=2),))

    [(name, mask)] = parts(COLUMNS, one)

    assert (name, mask.tolist()) == ("early", [True, False, False, True])
    assert [name for name, _ in parts(COLUMNS, SliceBy(("month",), 1))] == ["month=1", "month=2"]


def test_titles_of_different_columns_differ():
    assert title(["a", "b"]) == "a,b"
    assert title(["a,b"]) == r"a\,b"
