import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.source import Diagnostic, Span
from mlgitops.reports.diagnostics import document, finding, render_github, render_text


def span(text, part, file="a.yaml"):
    start = text.index(part)
    line = text.count("\n", 0, start) + 1
    return Span(file, line, start - text.rfind("\n", 0, start), start, start + len(part))


def rendered(text, part, **more):
    diagnostic = Diagnostic("SPEC201", "wrong", span(text, part), **more)
    return render_text([diagnostic], {"a.yaml": text}, color=False)


def test_the_line_is_shown_with_carets_below_the_place():
    text = "a: 1\nb: high  # c\n"

    assert rendered(text, "high", hint="write a number") == (
        "a.yaml:2:4: SPEC201 wrong\n"
        "  2 | b: high  # c\n"
        "    |    ^^^^\n"
        "  hint: write a number\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "part", "shown"),
    [
        ("\ta: x", "x", "  1 | \ta: x\n    | \t   ^\n"),
        ("日本: x", "x", "  1 | 日本: x\n    |       ^\n"),
        ("a: 日本", "日本", "  1 | a: 日本\n    |    ^^^^\n"),
        ("e\u0301: x", "x", "  1 | e\u0301: x\n    |    ^\n"),
        ("a: x\r\nb: 1\r\n", "x", "  1 | a: x\n    |    ^\n"),
        ("a: \x1b[31mx", "x", "  1 | a: �[31mx\n    |         ^\n"),
        ("a:\n  b: 1\n  c: 2", "b: 1\n  c: 2", "  2 |   b: 1\n    |   ^^^^\n"),
    ],
)
def test_the_caret_stands_below_the_place_whatever_the_line_holds(text, part, shown):
    assert (
        rendered(text, part)
        == f"a.yaml:{span(text, part).line}:{span(text, part).column}: SPEC201 wrong\n{shown}"
    )


def test_the_gutter_is_as_wide_as_the_number():
    text = "\n" * 99 + "a: x\n"

    assert rendered(text, "x").endswith("  100 | a: x\n      |    ^\n")


def test_an_empty_place_has_one_caret():
    diagnostic = Diagnostic("SPEC201", "wrong", Span("a.yaml", 1, 3, 2, 2))

    assert render_text([diagnostic], {"a.yaml": "a:"}, color=False).endswith(
        "  1 | a:\n    |   ^\n"
    )


def test_a_long_line_is_cut_around_the_place():
    text = "a: " + "x" * 5000 + "HERE" + "y" * 5000

    line, carets = rendered(text, "HERE").splitlines()[1:]
    assert len(line) < 200
    assert line.index("HERE") == carets.index("^^^^")


@pytest.mark.parametrize("texts", [{}, {"b.yaml": "a: 1"}, {"a.yaml": "\n"}, {"a.yaml": ""}])
def test_without_a_line_to_show_there_is_none(texts):
    diagnostic = Diagnostic("SPEC201", "wrong", Span("a.yaml", 1, 1, 0, 0))

    assert render_text([diagnostic], texts, color=False) == "a.yaml:1:1: SPEC201 wrong\n"


def test_a_problem_without_a_place_has_only_its_words():
    assert render_text([Diagnostic("SPEC201", "wrong")], {}, color=False) == "SPEC201 wrong\n"


def test_color_changes_nothing_but_color():
    import re

    text = "a: high\n"
    diagnostic = Diagnostic("SPEC201", "wrong", span(text, "high"), "mend it")
    colored = render_text([diagnostic], {"a.yaml": text}, color=True)

    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[\d*m", "", colored) == rendered(text, "high", hint="mend it")


@given(st.text(), st.text(), st.text(), st.integers(0, 50), st.integers(0, 50))
def test_no_text_moves_the_cursor_or_adds_lines(text, message, hint, start, length):
    start = min(start, len(text))
    place = Span("a.yaml", 1, 1, start, min(start + length, len(text)))
    shown = render_text(
        [Diagnostic("SPEC201", message, place, hint)], {"a.yaml": text}, color=False
    )

    assert shown.count("\n") <= 4
    assert all(c.isprintable() or c in "\n\t" for c in shown)


def test_json_has_the_same_facts():
    diagnostics = [
        Diagnostic("SPEC201", "wrong", Span("a.yaml", 2, 3, 10, 14), "mend it"),
        Diagnostic("SPEC325", "missing"),
    ]

    assert [document(one) for one in diagnostics] == [
        {
            "code": "SPEC201",
            "message": "wrong",
            "hint": "mend it",
            "file": "a.yaml",
            "line": 2,
            "column": 3,
            "start": 10,
            "end": 14,
        },
        {
            "code": "SPEC325",
            "message": "missing",
            "hint": None,
            "file": None,
            "line": None,
            "column": None,
            "start": None,
            "end": None,
        },
    ]


def test_githubs_commands_are_escaped():
    diagnostics = [
        Diagnostic("SPEC201", "100 %\nof it: a, b", Span("a,b:c%.yaml", 2, 3, 10, 14), "x\r\ny"),
        Diagnostic("SPEC325", "missing"),
    ]

    assert render_github(diagnostics) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=2,col=3,title=SPEC201::100 %25%0Aof it: a, b%0Ahint: x%0D%0Ay\n"
        "::error title=SPEC325::missing\n"
    )


@pytest.mark.parametrize("diagnostics", [[], ()])
def test_nothing_wrong_renders_to_nothing(diagnostics):
    assert render_text(diagnostics, {}, color=True) == ""
    assert render_github(diagnostics) == ""


def test_a_warning_is_told_as_one_in_every_form():
    text = "a: 1\n"
    found = Diagnostic("POL401", "unread", span(text, "a"), "remove it", "warning")

    assert render_text([found], {}, color=False).startswith("a.yaml:1:1: POL401 (warning) unread\n")
    assert "\x1b[33mPOL401 (warning)" in render_text([found], {}, color=True)
    assert render_github([found]).startswith("::warning file=a.yaml,line=1,col=1,title=POL401::")
    assert finding(found) == {**document(found), "level": "warning"}
