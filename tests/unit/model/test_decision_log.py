from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from mlgitops.model.decision_log import Entry, entry, parse, path, split, verify
from mlgitops.model.digest import canonical_json, digest
from mlgitops.model.verdict import Context, Decision, GateResult, RuleResult, Verdict

LENGTH = 12


def decision(number: int) -> Decision:
    rule = RuleResult("floor", Verdict.PASS, f"auc is 0.{number}", "train more")
    parameters = {"min": 0.5 + number / 100, "large": 1e16, "whole": 3, "metric": "roc_auc"}
    gate = GateResult("min-metric", parameters, "soft", True, Verdict.PASS, (rule,))
    known = Context(now=f"2026-11-{number + 1:02}T12:00:00Z", stage="run", environment="staging")
    return Decision("staging", "c", "e", Verdict.PASS, (gate,), "churn", known, (), "cel 1")


@pytest.fixture
def lines() -> list[str]:
    found: list[str] = []
    previous = None
    for number in range(LENGTH):
        made = entry(decision(number), previous, commit="c0ffee")
        found.append(made.line)
        previous = made.id
    return found


def head(lines: list[str]) -> str:
    return str(json.loads(lines[-1])["id"])


def test_a_line_is_canonical_and_named_by_its_content(lines: list[str]) -> None:
    # Of numbers canonical JSON keeps the value: 1e16 is written as an integer.
    document = json.loads(lines[1], parse_int=float)

    assert canonical_json(document).decode() == lines[1]
    assert document["previous"] == json.loads(lines[0])["id"]
    assert document.pop("id") == digest(document)


def test_a_line_reads_back_as_it_was(lines: list[str]) -> None:
    found = [parse(line) for line in lines]

    assert [one.decision for one in found] == [decision(number) for number in range(LENGTH)]
    assert [one.line for one in found] == lines
    assert found[0].previous is None


def test_a_whole_chain_is_whole(lines: list[str]) -> None:
    assert verify(lines) is None
    assert verify(lines, head(lines)) is None
    assert verify([]) is None


def test_without_the_head_a_missing_end_or_a_new_chain_goes_unseen(lines: list[str]) -> None:
    assert verify(lines[:-1]) is None

    broken = verify(lines[:-1], head(lines))
    assert broken is not None
    assert broken.line == LENGTH
    assert verify([], head(lines)) is not None


def edited(lines: list[str], chance: random.Random) -> tuple[list[str], int]:
    """One character of one line is another; the number of the line."""
    at = chance.randrange(LENGTH)
    place = chance.randrange(len(lines[at]))
    old = lines[at][place]
    new = chance.choice([sign for sign in '0123456789abcdefxyz {}:,"' if sign != old])
    return [*lines[:at], lines[at][:place] + new + lines[at][place + 1 :], *lines[at + 1 :]], at + 1


def rewritten(lines: list[str], chance: random.Random) -> tuple[list[str], int]:
    """The verdict of one line is another, and its id is made to fit."""
    at = chance.randrange(LENGTH)
    old = parse(lines[at])
    other = Decision(
        **{**{n: getattr(old.decision, n) for n in Decision.__slots__}, "candidate": "x"}
    )
    forged: Entry = entry(other, old.previous, commit=old.commit)
    return [*lines[:at], forged.line, *lines[at + 1 :]], at + 2


def dropped(lines: list[str], chance: random.Random) -> tuple[list[str], int]:
    at = chance.randrange(LENGTH)
    return lines[:at] + lines[at + 1 :], at + 1


def reordered(lines: list[str], chance: random.Random) -> tuple[list[str], int]:
    first, second = sorted(chance.sample(range(LENGTH), 2))
    found = list(lines)
    found[first], found[second] = found[second], found[first]
    return found, first + 1


def doubled(lines: list[str], chance: random.Random) -> tuple[list[str], int]:
    at = chance.randrange(LENGTH)
    return [*lines[: at + 1], *lines[at:]], at + 2


def truncated(lines: list[str], chance: random.Random) -> tuple[list[str], int]:
    text = "\n".join(lines) + "\n"
    kept = split(text[: chance.randrange(len(text))])
    whole = sum(a == b for a, b in zip(kept, lines, strict=False))
    return list(kept), whole + 1


CHANGES: list[Callable[[list[str], random.Random], tuple[list[str], int]]] = [
    edited, rewritten, dropped, reordered, doubled, truncated,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(40))
def test_every_change_is_noticed_at_its_line(
    change: Callable[[list[str], random.Random], tuple[list[str], int]],
    seed: int,
    lines: list[str],
) -> None:
    changed, line = change(lines, random.Random(seed))  # noqa: S311 - no secret
    broken = verify(changed, head(lines))

    assert broken is not None
    assert broken.line == line
    assert broken.reason


@pytest.mark.parametrize(
    "line",
    ["", "{}", "null", "[]", "nonsense", "[" * 100_000, '{"id":1}', '{"id":"x","decision":{}}'],
)
def test_what_is_no_decision_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(line)


def test_another_way_of_writing_the_same_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="not written as mlgitops writes it"):
        parse(json.dumps(json.loads(lines[0])))


def test_a_number_without_end_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="NaN"):
        parse(lines[0].replace("0.5", "NaN"))


def test_an_end_that_is_no_whole_line_is_no_decision(lines: list[str]) -> None:
    whole = split(f"{lines[0]}\n{lines[1]}\n")
    torn = split(f"{lines[0]}\n{lines[1]}")

    assert whole == tuple(lines[:2])
    assert torn[0] == lines[0]
    broken = verify(torn)
    assert broken is not None
    assert broken.line == 2
    assert split("") == ()


def test_the_decisions_of_one_target_lie_in_one_file() -> None:
    assert path("staging", "churn") == "mlops/decisions/staging/churn.jsonl"


def test_what_has_no_canonical_form_is_no_entry() -> None:
    gate = GateResult("p", {"min": 1e300}, "soft", True, Verdict.PASS, ())
    with pytest.raises(ValueError, match="1e\\+300"):
        entry(Decision("staging", "c", "e", Verdict.PASS, (gate,)), None, commit="c")
