from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from mlgitops.model.decoding import LATER, decoded


class Colour(StrEnum):
    RED = "red"


class Known(TypedDict):
    day: str
    hours: NotRequired[float]


@dataclass(frozen=True)
class Leaf:
    colour: Colour
    ripe: bool = True


@dataclass(frozen=True)
class Tree:
    name: str
    leaves: tuple[Leaf, ...]
    height: float
    age: int
    kind: Literal["oak", "ash"]
    owner: str | None
    known: Known
    notes: Mapping[str, Any]


LEAF = {"colour": "red", "ripe": False}
TREE = {
    "name": "t",
    "leaves": [LEAF],
    "height": 3,
    "age": 2,
    "kind": "oak",
    "owner": None,
    "known": {"day": "1"},
    "notes": {"a": [1]},
}


def test_what_fits_becomes_the_type() -> None:
    found = decoded(Tree, TREE)

    leaf = Leaf(Colour.RED, ripe=False)
    assert found == Tree("t", (leaf,), 3, 2, "oak", None, {"day": "1"}, {"a": [1]})
    assert decoded(Tree, TREE | {"owner": "me"}).owner == "me"
    assert decoded(Known, {"day": "1", "hours": 0.5}) == {"day": "1", "hours": 0.5}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": 1}, "name is not text"),
        ({"name": None}, "name is not text"),
        ({"leaves": {}}, "leaves is not a list"),
        ({"leaves": "red"}, "leaves is not a list"),
        ({"leaves": [LEAF, 1]}, r"leaves\[1\] is not an object"),
        ({"leaves": [LEAF | {"colour": "blue"}]}, r"leaves\[0\]\.colour is not one of red"),
        ({"leaves": [LEAF | {"colour": []}]}, r"leaves\[0\]\.colour is not one of red"),
        ({"leaves": [{"colour": "red"}]}, r"leaves\[0\]\.ripe is missing"),
        ({"leaves": [LEAF | {"ripe": 1}]}, r"leaves\[0\]\.ripe is not true or false"),
        ({"height": True}, "height is not a number"),
        ({"height": "3"}, "height is not a number"),
        ({"age": 2.5}, "age is not an integer"),
        ({"age": True}, "age is not an integer"),
        ({"kind": "elm"}, "kind is not one of oak, ash"),
        ({"owner": 1}, "owner is not text"),
        ({"known": {}}, "known.day is missing"),
        ({"known": {"day": "1", "hours": "2"}}, "known.hours is not a number"),
        ({"known": {"day": "1", "more": "2"}}, "known.more is not known"),
        ({"notes": []}, "notes is not an object"),
        ({"more": 1}, "more is not known"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        decoded(Tree, TREE | change)


@pytest.mark.parametrize("value", [None, 1, "x", [], [TREE]])
def test_what_is_no_object_at_all_is_none(value: object) -> None:
    with pytest.raises(ValueError, match=r"^it is not an object$"):
        decoded(Tree, value)


@dataclass(frozen=True)
class Grown:
    name: str
    ring: str = field(default="", metadata=LATER)
    bark: str = "rough"


def test_only_a_field_that_came_later_may_be_missing() -> None:
    assert decoded(Grown, {"name": "t", "bark": "b"}) == Grown("t", "", "b")
    assert decoded(Grown, {"name": "t", "bark": "b", "ring": "r"}) == Grown("t", "r", "b")
    with pytest.raises(ValueError, match="bark is missing"):
        decoded(Grown, {"name": "t"})
    with pytest.raises(ValueError, match="ring is not text"):
        decoded(Grown, {"name": "t", "bark": "b", "ring": None})
