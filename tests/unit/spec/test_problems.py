import pytest

from mlgitops.model.source import Diagnostic, Span
from mlgitops.spec.problems import (
    MOST_PER_FILE,
    Problems,
    TooManyProblems,
    did_you_mean,
    nearest,
    refusal,
    shown,
)


def diagnostic(file, start, code="SPEC201"):
    return Diagnostic(code, f"{file} {start}", Span(file, 1, start + 1, start, start))


def test_a_refusal_lists_problems_by_file_and_place():
    error = refusal([diagnostic("b", 3), diagnostic("a", 9), diagnostic("b", 1)])

    assert [one.message for one in error.diagnostics] == ["a 9", "b 1", "b 3"]
    assert error.message == "3 problems in the specs"


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([diagnostic("a", 1)], "1 problem in a"),
        ([diagnostic("a", 1), diagnostic("a", 2)], "2 problems in a"),
        ([Diagnostic("SPEC201", "nowhere")], "1 problem in the specs"),
    ],
)
def test_a_refusal_names_the_file_when_there_is_one(found, message):
    assert refusal(found).message == message


def test_the_list_of_one_file_is_limited():
    problems = Problems()
    for _ in range(MOST_PER_FILE):
        problems.add("SPEC102", "twice", None)

    with pytest.raises(TooManyProblems):
        problems.add("SPEC102", "twice", None)

    assert len(problems.found) == MOST_PER_FILE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("high", '"high"'),
        ("ü", '"ü"'),
        ("a\nb", '"a\\nb"'),
        ("a\u202eb", '"a\\u202eb"'),
        ("x" * 200, '"' + "x" * 60 + '…"'),
        (1.5, "1.5"),
        (True, "true"),
        (None, "nothing"),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
    ],
)
def test_values_are_shown_short_and_printable(value, text):
    assert shown(value) == text
    assert shown(value).isprintable()


def test_the_nearest_name_is_found_whatever_its_case():
    assert nearest("ROC-AUC", ["log_loss", "roc_auc"]) == "roc_auc"
    assert nearest("afterthefact", ["afterTheFact"]) == "afterTheFact"
    assert nearest("entirely different", ["roc_auc"]) is None


def test_long_or_odd_names_are_not_compared():
    assert nearest("a" * 10_000, ["a" * 10_000]) is None
    assert nearest(["a"], ["a"]) is None


def test_a_hint_says_the_nearest_name_or_all():
    assert did_you_mean("stagin", ["prod", "staging"]) == 'did you mean "staging"?'
    assert did_you_mean("x", ["prod", "staging"]) == "one of: prod, staging"
    assert did_you_mean("x", []) == "there is none yet"
