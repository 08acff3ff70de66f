import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.errors import SpecError
from mlgitops.spec import yaml_events
from mlgitops.spec.yaml_tree import parse

TEXT = """\
# a comment
a: {b: 1, "c d": [x, 'y z']}  # another
e:
- 1
- f: |
    two
    lines

  g:

h: "ü😀"   # wide
i: last
"""


def slice_of(text, span):
    return text[span.start : span.end]


@pytest.mark.parametrize(
    ("path", "line", "column", "written"),
    [
        (("a",), 2, 4, "{b: 1, \"c d\": [x, 'y z']}"),
        (("a", "c d", 1), 2, 22, "'y z'"),
        (("e",), 4, 1, "- 1\n- f: |\n    two\n    lines\n\n  g:"),
        (("e", 1), 5, 3, "f: |\n    two\n    lines\n\n  g:"),
        (("e", 1, "g"), 9, 5, ""),
        (("h",), 11, 4, '"ü😀"'),
        (("i",), 12, 4, "last"),
    ],
)
def test_every_value_knows_where_it_stands(path, line, column, written):
    span = parse(TEXT, "x.yaml").spans[path]

    assert (span.file, span.line, span.column) == ("x.yaml", line, column)
    assert slice_of(TEXT, span) == written


def test_every_key_knows_where_it_stands():
    tree = parse(TEXT, "x.yaml")

    assert slice_of(TEXT, tree.keys["a", "c d"]) == '"c d"'
    assert {path[-1] for path in tree.keys} == {"a", "b", "c d", "e", "f", "g", "h", "i"}
    assert len(tree.keys) == 8


def test_values_are_plain():
    assert parse(TEXT, "x.yaml").value == {
        "a": {"b": 1, "c d": ["x", "y z"]},
        "e": [1, {"f": "two\nlines\n", "g": None}],
        "h": "ü😀",
        "i": "last",
    }


def test_a_carriage_return_before_a_line_break_shifts_no_place():
    text = "a: 1\r\nb:\r\n  c: x\r\n"

    assert slice_of(text, parse(text, "x.yaml").spans["b", "c"]) == "x"


def codes(text):
    with pytest.raises(SpecError) as refused:
        parse(text, "x.yaml")
    return [diagnostic.code for diagnostic in refused.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: {c: 1, c: 2}\na: 2\n", ["SPEC102", "SPEC102"]),
        ("a: 1\n'a': 2\n", ["SPEC102"]),
        ('a: "\\ud800"\n', ["SPEC101"]),
        ('a: "\\0"\n', ["SPEC103"]),
        ("a: &x 1\nb: *x\n&y c: 1\n", ["SPEC107", "SPEC107", "SPEC107"]),
        ("a: *x\n", ["SPEC107"]),
        ("*x : 1\n", ["SPEC107", "SPEC113"]),
        ("<<: {a: 1}\n", ["SPEC108"]),
        ("a: {<<: b}\nb: !!int 1\n", ["SPEC108", "SPEC109"]),
        ("a: ! b\nc: !local {}\n!!str d: e\n", ["SPEC109", "SPEC109", "SPEC109"]),
        ("[a]", ["SPEC112"]),
        ("a", ["SPEC112"]),
        ("7", ["SPEC112"]),
        ("null", ["SPEC111"]),
        ("---\n...\n", ["SPEC111"]),
        ("1: a\n? [b]\n: c\n? {d: e}\n: f\n", ["SPEC113", "SPEC113", "SPEC113"]),
        ("? \n: a\n", ["SPEC113"]),
        ("a: .inf\nb: 010\n", ["SPEC114", "SPEC114"]),
    ],
)
def test_all_that_a_spec_may_not_hold_is_listed(text, expected):
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: !has(b.c)\n", "put it in quotes if it is text; else remove it"),
        ("a: !!str b\n", "remove it"),
    ],
)
def test_what_may_be_text_is_not_to_be_turned_into_its_opposite(text, hint):
    with pytest.raises(SpecError) as refused:
        parse(text, "x.yaml")

    assert [one.hint for one in refused.value.diagnostics] == [hint]


def test_a_quoted_merge_key_is_an_ordinary_key():
    assert parse('"<<": 1\n', "x.yaml").value == {"<<": 1}


def test_quotes_make_text_of_anything():
    assert parse("a: '010'\nb: \"true\"\nc: |\n  1\n", "x.yaml").value == {
        "a": "010",
        "b": "true",
        "c": "1\n",
    }


def test_the_list_of_problems_ends():
    assert len(codes("a: 1\n" * 2000)) == 100


# Text that is likely to be YAML, so that the properties say something.
PIECES = st.sampled_from(
    ["a", "b", ":", ": ", "- ", "? ", "{", "}", "[", "]", ", ", "\n", "\n  ", "\n    ", "'", '"', "|\n", ">-\n", "# c", "&x ", "*x", "!!str ", "<<", "1", "0x1", ".5", "1e3", "null", "true", "~", "---\n", "...\n", "%", "\t", "\\", "ü", "😀", "\r\n"]
)  # fmt: skip
LIKELY = st.lists(PIECES, max_size=40).map("".join)
TEXTS = st.one_of(LIKELY, st.text(max_size=60))


def outcome(text):
    """The tree or None, and the problems."""
    try:
        return parse(text, "x.yaml"), ()
    except SpecError as error:
        return None, error.diagnostics


@given(TEXTS)
def test_reading_ends_in_a_tree_or_in_problems_with_places(text):
    found, problems = outcome(text)

    assert (found is None) == bool(problems)
    for problem in problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e299, max_value=1e299),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"]), max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.text("abcxyz_ -", min_size=1, max_size=6), below, max_size=3)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.text("abcxyz", min_size=1, max_size=6), VALUES, min_size=1)
STYLES = st.sampled_from([None, True, False])


class Portable(yaml.SafeDumper):
    """Writes equal values anew instead of aliases."""

    def ignore_aliases(self, _):
        return True


def write(value, flow):
    return yaml.dump(value, Dumper=Portable, allow_unicode=True, default_flow_style=flow)


def reparsed(text, span):
    """The value of a slice by itself, indented as it was."""
    lines = slice_of(text, span)
    return parse("x:\n" + " " * span.column + lines.replace("\n", "\n "), "x").value["x"]


@given(DOCUMENTS, STYLES)
def test_what_a_dumper_writes_is_read_back_and_every_slice_is_its_value(value, flow):
    text = write(value, flow)
    tree, problems = outcome(text)
    if tree is None:
        # PyYAML writes text such as `0o7` or `010` plain: numbers to it are others.
        assert {problem.code for problem in problems} <= {"SPEC103", "SPEC114"}
        return
    for path, span in tree.spans.items():
        found = tree.value
        for part in path:
            found = found[part]
        assert reparsed(text, span) == found


@given(LIKELY)
def test_both_parsers_read_the_same(text):
    found = []
    for parser in (yaml.CSafeLoader, yaml.SafeLoader):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml_events, "_Parser", parser)
            tree, _ = outcome(text)
            found.append(tree and (tree.value, set(tree.spans), dict(tree.keys)))
    if None not in found:
        assert found[0] == found[1]


@pytest.mark.parametrize("written", ["!has(ext.a)", "!slices.exists(s, s.n < 3)"])
def test_a_condition_that_yaml_takes_for_a_tag_is_to_be_quoted(written):
    with pytest.raises(SpecError) as refused:
        parse(f"pass: {written}\n", "x.yaml")

    assert "in quotes" in refused.value.diagnostics[0].hint


def test_a_number_that_a_comma_splits_is_told_apart():
    with pytest.raises(SpecError) as refused:
        parse("with: {min: 0,68}\n", "x.yaml")

    assert "write `0.68`" in refused.value.diagnostics[0].hint
