"""Distributions, and how far later rows are from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.evaluation.drift import (
    LONGEST_VALUE,
    MOST_DISTINCT,
    MOST_VALUES,
    REST,
    distribution,
    stability_index,
)
from mlgitops.evaluation.undefined import Undefined


def texts(*values):
    return np.array(values, dtype=object)


def test_numbers_are_cut_at_their_deciles():
    found = distribution("age", np.arange(1000))

    assert found["column"] == "age"
    assert len(found["edges"]) == 11
    assert found["edges"][0] == 0
    assert found["edges"][-1] == 999
    assert found["shares"] == pytest.approx([0, *[0.1] * 10, 0], abs=2e-3)
    assert found["nulls"] == 0


@pytest.mark.parametrize(
    ("values", "edges", "shares"),
    [
        ([3.0] * 7, [3, 3], [0, 1, 0]),
        ([0] * 95 + [1, 2, 3, 4, 5], [0, 0, 5], [0, 0.95, 0.05, 0]),
        ([5] * 60 + [*range(6, 46)], [5, 5, 15, 25, 35, 45], [0, 0.6, 0.1, 0.1, 0.1, 0.1, 0]),
        ([1] * 4 + [2] + [5] * 90 + [6, 7, 8, 9, 9], [1, 5, 5, 9], [0, 0.05, 0.9, 0.05, 0]),
    ],
)
def test_a_value_that_is_several_deciles_is_a_bin_of_its_own(values, edges, shares):
    found = distribution("repeated", np.array(values))

    assert found["edges"] == edges
    assert found["shares"] == pytest.approx(shares)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([3.0] * 100, [300.0] * 100),
        ([0] * 95 + [1, 2, 3, 4, 5], [5] * 100),
        ([0] * 95 + [1, 2, 3, 4, 5], [-1] * 100),
        ([1] * 4 + [2] + [5] * 90 + [6, 7, 8, 9, 9], [1] * 4 + [3] * 91 + [6, 7, 8, 9, 9]),
        ([*range(100)], [*range(90), *range(1000, 1010)]),
        ([*range(100)], [*range(-10, 0), *range(10, 100)]),
        ([np.inf] * 100, [1.0] * 100),
    ],
)
def test_values_that_leave_their_place_are_seen(before, after):
    reference = distribution("x", np.array(before, dtype=np.float64))

    assert stability_index(reference, 100, np.array(after, dtype=np.float64)) > 0.2
    assert stability_index(reference, 100, np.array(before, dtype=np.float64)) == 0


@given(
    st.lists(st.floats(width=32), min_size=1, max_size=50),
    st.lists(st.floats(width=32), min_size=1, max_size=50),
)
def test_every_row_is_in_one_bin(before, after):
    found = distribution("x", np.array(before))
    edges = found.get("edges", [])

    assert sum(found["shares"]) + found["nulls"] == pytest.approx(1)
    assert edges == sorted(edges)
    assert not edges or len(found["shares"]) == len(edges) + 1
    assert np.isfinite([*edges, *found["shares"]]).all()
    assert np.isfinite(stability_index(found, len(before), np.array(after)))


@pytest.mark.parametrize("edges", [[], [1.0], [3.0, 1.0]])
def test_a_reference_without_one_share_for_each_bin_tells_nothing(edges):
    reference = {"column": "x", "nulls": 0.0, "edges": edges, "shares": [0.5, 0.25, 0.15, 0.1]}
    with pytest.raises(Undefined):
        stability_index(reference, 9, np.arange(3.0))


def test_nothing_but_nulls_is_of_any_kind():
    empty = [np.full(4, np.nan), texts(None, None, None, None)]
    for before in (np.arange(100.0), texts(*["a", "b"] * 50)):
        reference = distribution("x", before)
        found = [stability_index(reference, 100, after) for after in empty]

        assert found[0] == found[1] > 5
    for before in empty:
        reference = distribution("x", before)

        assert stability_index(reference, 4, np.arange(100.0)) > 1


def test_nulls_are_a_share_beside_the_bins():
    found = distribution("age", np.array([1.0, 2.0, np.nan, np.nan]))

    assert found["nulls"] == 0.5
    assert sum(found["shares"]) == pytest.approx(0.5)


def test_infinities_lie_in_the_outer_bins():
    found = distribution("ratio", np.array([-np.inf, 1.0, 2.0, 3.0, np.inf]))

    assert all(np.isfinite(found["edges"]))
    assert found["shares"][0] == found["shares"][-1] == 0.2
    assert sum(found["shares"]) == pytest.approx(1.0)


def test_nothing_but_nulls_has_no_bins():
    found = distribution("empty", np.full(3, np.nan))

    assert found == {"column": "empty", "nulls": 1.0, "shares": []}
    assert stability_index(found, 3, np.full(9, np.nan)) == pytest.approx(0, abs=0.2)


def test_times_are_ordered():
    days = np.arange("2026-01-01", "2026-04-11", dtype="datetime64[D]").astype("datetime64[us]")
    days[0] = np.datetime64("NaT")

    found = distribution("day", days)

    assert found["nulls"] == 0.01
    assert len(found["shares"]) == 12


def test_categories_are_named_by_frequency():
    found = distribution("origin", texts("EWR", "EWR", "JFK", None))

    assert found["values"] == ["EWR", "JFK", REST]
    assert found["shares"] == [0.5, 0.25, 0.0]
    assert found["nulls"] == 0.25


def test_booleans_are_categories():
    assert distribution("paid", np.array([True, False, True]))["values"] == ["true", "false", REST]


def test_rare_categories_are_one():
    values = [f"c{number:03}" for number in range(50)] + ["often"] * 50

    found = distribution("code", texts(*values))

    assert len(found["values"]) == MOST_VALUES + 1
    assert found["values"][0] == "often"
    assert sum(found["shares"]) == pytest.approx(1.0)


def test_of_very_many_values_none_is_named():
    names = [f"person {number}" for number in range(MOST_DISTINCT + 1)]

    assert distribution("name", texts(*names))["values"] == [REST]


def test_long_values_are_cut_and_counted_once():
    long = "x" * LONGEST_VALUE

    found = distribution("note", texts(long + "a", long + "a", long + "b", "short"))

    assert found["values"] == [long, "short", REST]
    assert found["shares"] == pytest.approx([0.75, 0.25, 0])


def test_no_rows_have_no_distribution():
    with pytest.raises(Undefined):
        distribution("age", np.array([]))
    with pytest.raises(Undefined):
        stability_index(distribution("age", np.arange(3)), 3, np.array([]))


def test_the_same_rows_have_not_drifted():
    generator = np.random.default_rng(5)
    for values in (generator.normal(size=500), texts(*generator.choice(list("abc"), 500))):
        assert stability_index(distribution("x", values), 500, values) == 0


def test_a_shift_is_larger_the_further_it_goes():
    generator = np.random.default_rng(5)
    before = generator.normal(size=2000)
    reference = distribution("x", before)
    found = [stability_index(reference, 2000, before + shift) for shift in (0.1, 0.5, 2.0)]

    assert found == sorted(found)
    assert found[0] < 0.05
    assert found[-1] > 1


@given(
    st.lists(st.sampled_from("abcd"), min_size=5, max_size=60),
    st.lists(st.sampled_from("abcde"), min_size=5, max_size=60),
)
def test_the_index_is_the_symmetric_relative_entropy(before, after):
    from scipy.special import rel_entr

    reference = distribution("x", texts(*before))
    first = [
        max(before.count(v) / len(before), 0.5 / len(before)) for v in reference["values"][:-1]
    ]
    second = [max(after.count(v) / len(after), 0.5 / len(after)) for v in reference["values"][:-1]]
    other = sum(value not in reference["values"] for value in after)
    first += [0.5 / len(before)] * 2
    second += [max(other / len(after), 0.5 / len(after)), 0.5 / len(after)]

    expected = rel_entr(first, second).sum() + rel_entr(second, first).sum()
    assert stability_index(reference, len(before), texts(*after)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("before", "after"),
    [(np.arange(3.0), texts("a", "b")), (texts("a", "b"), np.arange(3.0))],
    ids=["numbers-to-text", "text-to-numbers"],
)
def test_another_kind_of_values_cannot_be_compared(before, after):
    with pytest.raises(Undefined):
        stability_index(distribution("x", before), before.size, after)


def test_whole_edges_may_be_written_as_integers():
    # Canonical JSON writes 17.0 as 17, so what is read back has another type.
    reference = {"column": "age", "nulls": 0.0, "edges": [0, 9], "shares": [0.0, 1.0, 0.0]}

    assert stability_index(reference, 10, np.arange(10)) == 0
