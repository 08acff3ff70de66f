import pytest
import yaml

from mlgitops.spec import yaml_events
from mlgitops.spec.problems import Problems


def read(text):
    problems = Problems()
    events = None
    if yaml_events.is_readable(text, "x.yaml", problems):
        events = yaml_events.read(text, "x.yaml", problems)
    return events, [problem.code for problem in problems.found]


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def parser(request, monkeypatch):
    """Both of PyYAML's parsers: a machine may have either."""
    monkeypatch.setattr(yaml_events, "_Parser", getattr(yaml, request.param))


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [", "SPEC101"),
        ("a: '", "SPEC101"),
        ("a: @x", "SPEC101"),
        ('a: "\\q"', "SPEC101"),
        ('a: "\\UFFFFFFFF"', "SPEC101"),
        ("a: b: c", "SPEC101"),
        ("a: \x00", "SPEC103"),
        ("a: \ud800", "SPEC103"),
        ("a:\r  b: 1", "SPEC103"),
        ("a: \x85", "SPEC103"),
        ("#" * (1 << 20) + "\n", "SPEC104"),
        ("é" * (1 << 19) + "\n", "SPEC104"),
        ("[" * 33, "SPEC105"),
        ("- " * 33, "SPEC105"),
        ("? " * 33, "SPEC105"),
        ("a: [" + "1," * 20_000 + "]", "SPEC106"),
        ("a: 1\n---\nb: 1\n", "SPEC110"),
        ("a: 1\n...\nb: 1\n", "SPEC110"),
        ("", "SPEC111"),
        ("# a\n\n", "SPEC111"),
        ("%YAML 1.2\n---\na: 1\n", "SPEC115"),
        ("\r\n# a\r\n  # b\n%TAG ! x:\n---\na: 1\n", "SPEC115"),
    ],
)
def test_what_breaks_a_limit_or_the_syntax_gives_no_events(text, code):
    assert read(text) == (None, [code]) or read(text)[1] == [code]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "text",
    [
        "a: 1",
        "---\na: 1\n...\n",
        "a: 1\n...\n# b\n...\n\n",
        "a: 1\r\nb: 2\r\n",
        "[" * 32 + "]" * 32,
    ],
)
def test_one_document_within_the_limits_is_read(text):
    events, codes = read(text)

    assert events
    assert codes == []


def test_a_place_at_the_end_of_the_text_gives_way_to_what_was_open():
    problems = Problems()
    yaml_events.read("a: 1\nb: {c: 1\n\n\n", "x.yaml", problems)

    (problem,) = problems.found
    assert (problem.span.line, problem.span.column) == (2, 4)
