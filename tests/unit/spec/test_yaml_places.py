import pytest

from mlgitops.model.source import Span
from mlgitops.spec.yaml_places import places
from mlgitops.spec.yaml_tree import parse

TEXT = """\
a: 1            # one
"b c":
  - x
  - {d: [y, 'z z']}

e:
f: {}
"""


def written(span: Span) -> str:
    return TEXT[span.start : span.end]


def paths(value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    below: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    return {path}.union(*(paths(item, (*path, key)) for key, item in below))


def test_every_value_has_a_place_and_every_key_and_nothing_else_has() -> None:
    found = places(TEXT, "x.yaml")
    expected = paths(parse(TEXT, "x.yaml").value)

    assert set(found.values) == expected
    assert set(found.keys) == {path for path in expected if path and isinstance(path[-1], str)}


def test_a_place_is_what_is_written_there() -> None:
    found = places(TEXT, "x.yaml")

    assert written(found.values["a",]) == "1"
    assert written(found.keys["b c",]) == '"b c"'
    assert written(found.values["b c", 1]) == "{d: [y, 'z z']}"
    assert written(found.values["b c", 1, "d", 1]) == "'z z'"
    assert written(found.values["b c",]) == "- x\n  - {d: [y, 'z z']}"
    assert written(found.values["e",]) == ""
    assert found.values["f",] == Span("x.yaml", 7, 4, TEXT.index("{}"), TEXT.index("{}") + 2)


def test_a_tree_has_the_places_of_its_own_text() -> None:
    tree, other = parse(TEXT, "x.yaml"), parse("x:  [1]\n", "other.yaml")

    assert written(tree.spans["b c", 1, "d", 1]) == "'z z'"
    assert written(tree.keys["f",]) == "f"
    assert other.spans == {
        (): Span("other.yaml", 1, 1, 0, 7),
        ("x",): Span("other.yaml", 1, 5, 4, 7),
        ("x", 0): Span("other.yaml", 1, 6, 5, 6),
    }
    assert other.keys == {("x",): Span("other.yaml", 1, 1, 0, 1)}


def test_what_cannot_be_read_has_no_places() -> None:
    with pytest.raises(ValueError, match="no places"):
        places("a: [", "x.yaml")
