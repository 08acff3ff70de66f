from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation.slices import MAX_SLICES, cut
from mlgitops.model.errors import SpecError

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
