from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from mlgitops.model.decision_log import Break, Entry, entry, parse, path, read, split, target
from mlgitops.model.digest import canonical_json, digest
from mlgitops.model.verdict import (
    ConsideredWaiver,
    Context,
    Decision,
    Finding,
    GateResult,
    RuleResult,
    Verdict,
)
from tests.fakes.decisions import of_gates

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


def verify(lines: Sequence[str], head: str | None = None) -> Break | None:
    return read(lines, head)[1]


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
    assert target(path("staging", "churn")) == ("staging", "churn")


@pytest.mark.parametrize(
    "place",
    ["README.md", "staging/README.md", "churn.jsonl", "a/b/churn.jsonl", "staging/churn.jsonl/x"],
)
def test_whatever_else_lies_beside_them_is_of_no_target(place: str) -> None:
    assert target(f"mlops/decisions/{place}") is None


def test_what_has_no_canonical_form_is_no_entry() -> None:
    gate = GateResult("p", {"min": 1e300}, "soft", True, Verdict.PASS, ())
    with pytest.raises(ValueError, match="1e\\+300"):
        entry(
            of_gates(Verdict.PASS, gate, environment="staging", candidate="c", evidence="e"),
            None,
            commit="c",
        )


def written(document: dict[str, Any]) -> str:
    """*document* as a line whose id fits, whatever it holds."""
    named = {name: value for name, value in document.items() if name != "id"}
    return canonical_json({**named, "id": digest(named)}).decode()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("commit",), 5),
        (("commit",), "main"),
        (("commit",), "HEAD\nx"),
        (("dirty",), 0),
        (("dirty",), None),
        (("previous",), 3),
        (("decision",), []),
        (("decision", "candidate"), 3),
        (("decision", "model"), None),
        (("decision", "verdict"), "maybe"),
        (("decision", "verdict"), {}),
        (("decision", "engine"), ["cel"]),
        (("decision", "context"), {}),
        (("decision", "context", "now"), "x"),
        (("decision", "context", "now"), 7),
        (("decision", "context", "now"), "2026-11-02T12:00:00"),
        (("decision", "context", "now"), "2026-11-02T12:00:00+01:00"),
        (("decision", "context", "now"), "2026-11-02"),
        (("decision", "context", "stage"), "guess"),
        (("decision", "context", "soak_hours"), "long"),
        (("decision", "context", "previous_version_ready"), 1),
        (("decision", "context", "more"), 1),
        (("decision", "waivers"), {}),
        (("decision", "waivers"), ["x"]),
        (("decision", "gates"), "all"),
        (("decision", "gates", 0, "level"), "lax"),
        (("decision", "gates", 0, "applies"), "yes"),
        (("decision", "gates", 0, "parameters"), []),
        (("decision", "gates", 0, "metrics"), [1]),
        (("decision", "gates", 0, "waived_by"), False),
        (("decision", "gates", 0, "rules"), [{}]),
        (("decision", "gates", 0, "rules", 0, "message"), 1),
        (("decision", "gates", 0, "rules", 0, "findings"), [1]),
    ],
)
def test_a_line_of_other_types_is_refused_though_its_id_fits(
    place: tuple[str | int, ...], value: object
) -> None:
    document = json.loads(entry(decision(1), None, commit="c0ffee").line, parse_int=float)
    assert parse(written(document))
    part = document
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value

    with pytest.raises(ValueError, match="it is not a decision: "):
        parse(written(document))


def test_a_promotion_and_its_reasons_read_back() -> None:
    finding = Finding("a >= b", "a", 0.5, ">=", ["x", 1], ("s",), 1, 2)
    rule = RuleResult("floor", Verdict.FAIL, "m", "r", (finding,))
    gate = GateResult("p", {"of": ["x"]}, "soft", True, Verdict.FAIL, (rule,), "lax", ("auc",))
    known = decision(1).context | {"soak_hours": 24.0, "previous_version_ready": True}
    waiver = ConsideredWaiver("lax", "p", ("floor",), "2027-01-01", holds=True)
    made = replace(decision(1), gates=(gate,), context=known, waivers=(waiver,))  # type: ignore[arg-type]

    assert parse(entry(made, None, commit="").line).decision == made


def test_a_waiver_reads_back_with_its_reason_and_without_one_as_older_lines_have_it() -> None:
    bare = ConsideredWaiver("lax", "p", (), "2027-01-01", holds=True)
    told = replace(bare, reason="Known to all.", why_not="it expired on 2027-01-01")
    made = replace(decision(1), waivers=(bare, told))
    line = entry(made, None, commit="").line

    assert parse(line).decision == made
    older, newer = json.loads(line)["decision"]["waivers"]
    assert sorted(older) == ["expires", "holds", "name", "policy", "rules"]
    assert sorted(set(newer) - set(older)) == ["reason", "why_not"]

    document = json.loads(line, parse_int=float)
    document["decision"]["waivers"][0]["reason"] = ""
    with pytest.raises(ValueError, match="not written as mlgitops writes it"):
        parse(written(document))
