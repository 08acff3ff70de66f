"""Decisions as lines of a file, each chained to the one before by its hash.

A line is canonical JSON: `{commit, decision, dirty, id, previous}`. *id* is the digest
of the line without it, *previous* the id of the line before. Whoever knows the last id
can tell whether anything was edited, dropped, put in or put elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypedDict

from mlgitops.model.decoding import decoded
from mlgitops.model.digest import canonical_json, digest_of_bytes
from mlgitops.model.verdict import Decision, decision_document, parse_decision

FOLDER = "mlops/decisions"
_PATH = re.compile(rf"{FOLDER}/([^/]+)/([^/]+)\.jsonl")
# Of a repository without a commit it is empty.
_COMMIT = re.compile("[0-9a-f]*")
_LARGEST_EXACT_INTEGER = 2**53
_TORN = " (the end of the line is missing)"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: *decision* by the specs of *commit*; *dirty* if they were not committed.

    *previous* is None for the first line of a file. *text* is the decision as canonical JSON.
    """

    id: str
    previous: str | None
    commit: str
    dirty: bool
    decision: Decision
    text: str

    @property
    def line(self) -> str:
        """The entry as it is written, without a line end."""
        return _written(self, f'"id":{_json(self.id)},')


class _Line(TypedDict):
    """A line as JSON."""

    commit: str
    decision: dict[str, Any]
    dirty: bool
    id: str
    previous: str | None


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken: *line* counts from 1; one behind the last if its end is gone."""

    line: int
    reason: str


def path(environment: str, model: str) -> str:
    """The decisions that pull requests of one target carried, oldest first."""
    return f"{FOLDER}/{environment}/{model}.jsonl"


def target(path: str) -> tuple[str, str] | None:
    """The environment and model whose decisions lie at *path*; None for another file."""
    match = _PATH.fullmatch(path)
    return (match[1], match[2]) if match else None


def entry(decision: Decision, previous: str | None, *, commit: str, dirty: bool = False) -> Entry:
    """The line that comes after the one whose id is *previous*.

    Raises:
        ValueError: the decision has no canonical form.
    """
    draft = Entry("", previous, commit, dirty, decision, _json(decision_document(decision)))
    return replace(draft, id=_name(draft))


def parse(line: str) -> Entry:
    """The entry in *line*, which has to be written and named as we would.

    Raises:
        ValueError: it is no such line.
    """
    try:
        tree = json.loads(line, parse_int=_number, parse_constant=_refuse_constant)
        document: _Line = decoded(_Line, tree)
        decision = parse_decision(document["decision"])
        text = _json(decision_document(decision))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not a decision: {error}") from error
    if not _COMMIT.fullmatch(document["commit"]):
        raise ValueError("it is not a decision: commit is not the name of one")
    found = Entry(
        document["id"], document["previous"], document["commit"], document["dirty"], decision, text
    )
    if found.line != line:
        raise ValueError("it is not written as mlgitops writes it")
    if _name(found) != found.id:
        raise ValueError("its content does not fit its id: it was edited")
    return found


def split(text: str) -> tuple[str, ...]:
    """The lines of a whole file; an end that is no whole line becomes one that nothing wrote."""
    *whole, torn = text.split("\n")
    return (*whole, f"{torn}{_TORN}") if torn else tuple(whole)


def read(lines: Sequence[str], head: str | None = None) -> tuple[tuple[Entry, ...], Break | None]:
    """The entries up to where the chain is broken, and the first line at which it is.

    Without *head*, the id of the last line as it is known from elsewhere, nobody can
    tell whether lines are missing at the end, or all were written anew.
    """
    found: list[Entry] = []
    previous = None
    for number, line in enumerate(lines, 1):
        try:
            one = parse(line)
        except ValueError as error:
            return tuple(found), Break(number, str(error))
        if one.previous != previous:
            reason = "it does not follow the line before: one is missing, or moved"
            return tuple(found), Break(number, reason)
        found.append(one)
        previous = one.id
    if head is not None and previous != head:
        reason = f"the last line is not {head}: lines are missing at the end"
        return tuple(found), Break(len(lines) + 1, reason)
    return tuple(found), None


def _name(of: Entry) -> str:
    return digest_of_bytes(_written(of, "").encode())


def _written(of: Entry, named: str) -> str:
    """Canonical JSON, made of parts: the decision, nearly all of it, is written once."""
    commit, dirty, previous = _json(of.commit), _json(of.dirty), _json(of.previous)
    return (
        f'{{"commit":{commit},"decision":{of.text},"dirty":{dirty},{named}"previous":{previous}}}'
    )


def _json(value: Any) -> str:
    return canonical_json(value).decode()


def _number(text: str) -> int | float:
    """Canonical JSON writes large doubles without a point, and refuses integers as large."""
    number = int(text)
    return number if abs(number) <= _LARGEST_EXACT_INTEGER else float(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that a decision may hold")
