from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.model.policy import Level
from mlgitops.model.promotion import (
    branch_name,
    branch_prefix,
    header,
    parse_header,
    promotion_title,
    release_path,
    render_header,
)
from mlgitops.model.spec import Pin
from mlgitops.model.verdict import GateResult, Verdict
from tests.fakes.decisions import of_gates

CANDIDATE = "sha256:" + "4d1c90aa52e1" + "0" * 52
PIN = Pin(17, CANDIDATE, "sha256:" + "a" * 64, "sha256:" + "b" * 64)
EARLIER = Pin(14, "9b02c7000000", "sha256:" + "c" * 64, "sha256:" + "d" * 64)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["-->", "--", "---", "<!--", "--!>", "</script>", "\n", "\u2028", "\\u002d"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def gate(
    verdict: Verdict, level: Level = "soft", waiver: str | None = None, *, applies: bool = True
) -> GateResult:
    return GateResult("p", {}, level, applies, verdict, (), waiver)


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON_VALUES), st.text())
def test_a_header_reads_back_as_it_was(fields: dict[str, object], prose: str) -> None:
    assert parse_header(f"{render_header(fields)}\n{prose}") == fields


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON_VALUES))
def test_no_data_ends_the_comment_or_the_line(fields: dict[str, object]) -> None:
    inside = render_header(fields).removeprefix("<!--").removesuffix("-->")

    assert not [sign for sign in ("--", "<", ">", "\n", "\r") if sign in inside]
    assert inside.isascii()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "prose",
        '\n<!-- mlgitops {"v":1} -->',
        ' <!-- mlgitops {"v":1} -->',
        '<!-- mlgitops {"v":1} --> and more',
        "<!-- mlgitops {v:1} -->",
        "<!-- mlgitops [1] -->",
        "<!-- mlgitops " + '{"a":' * 100_000 + "1" + "}" * 100_000 + " -->",
    ],
)
def test_what_is_no_header_on_the_first_line_is_none(body: str) -> None:
    assert parse_header(body) is None


def test_a_header_survives_the_line_ends_of_a_web_form() -> None:
    assert parse_header('<!-- mlgitops {"v":1} -->\r\nbody') == {"v": 1}


def test_numbers_that_json_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        render_header({"a": float("nan")})


def test_a_target_has_one_file_and_one_branch_for_each_candidate() -> None:
    assert release_path("prod", "churn") == "mlops/releases/prod/churn.yaml"
    assert (
        branch_name("promotion", "prod", "churn", CANDIDATE)
        == branch_prefix("promotion", "prod", "churn") + "4d1c90aa52e1"
        == "mlgitops/promote/prod/churn/4d1c90aa52e1"
    )
    assert branch_name("rollback", "prod", "churn", "4d1c90aa52e1") == (
        "mlgitops/rollback/prod/churn/4d1c90aa52e1"
    )


@pytest.mark.parametrize(
    ("gates", "expected"),
    [
        ([gate(Verdict.PASS)] * 6, "6 pass"),
        ([gate(Verdict.PASS), gate(Verdict.INCONCLUSIVE, applies=False)], "1 pass"),
        ([gate(Verdict.PASS), gate(Verdict.FAIL, "advisory")], "1 pass, 1 warn"),
        ([gate(Verdict.PASS), gate(Verdict.FAIL, waiver="w")], "1 pass, 1 waived"),
    ],
)
def test_a_title_says_what_replaces_what_and_how_it_was_judged(
    gates: list[GateResult], expected: str
) -> None:
    decision = of_gates(
        Verdict.PASS, *gates, environment="prod", candidate=CANDIDATE, evidence="sha256:e"
    )

    assert promotion_title("churn", "prod", PIN, EARLIER, decision) == (
        f"promote(churn→prod): v17 replaces v14 · {expected}"
    )
    assert (
        promotion_title("churn", "prod", PIN, None, decision)
        == f"promote(churn→prod): v17 · {expected}"
    )


def test_the_header_names_candidate_champion_and_base() -> None:
    fields = header("promotion", "prod", "churn", (PIN, EARLIER), "f" * 40)

    assert json.loads(json.dumps(fields)) == {
        "v": 1,
        "kind": "promotion",
        "environment": "prod",
        "model": "churn",
        "candidate": "4d1c90aa52e1",
        "evidence": PIN.evidence,
        "champion": "9b02c7000000",
        "base": "f" * 40,
    }
    assert header("rollback", "prod", "churn", (PIN, None), "f" * 40)["champion"] is None
