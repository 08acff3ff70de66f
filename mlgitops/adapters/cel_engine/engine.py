"""The parent: hands a batch of questions to a child process and reads its answers.

Whatever goes wrong is an error answer, since an error never opens a gate; only a
package that is not installed is raised.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mlgitops.adapters.cel_engine import LONGEST_REASON
from mlgitops.model.digest import canonical_json
from mlgitops.model.errors import MissingExtra
from mlgitops.model.expressions import Compared, Compiled, Flaw, Reading, Side, Steps
from mlgitops.model.verdict import Answer, Question

TIMEOUT_S: Final = 6.0
_PROGRAM: Final = "mlgitops.adapters.cel_engine.program"
_PACKAGE: Final = "cel-expr-python"


_Read = TypeVar("_Read", Answer, Compiled)


# Of the requests that one child is given; it reads one after the other.
_MOST_BYTES: Final = 16 << 20

Asked = tuple[Mapping[str, Any], Sequence[Question]]


class CelEngine:
    """Compiles and evaluates CEL expressions, one child process for each batch.

    *interpreter* is the Python to run the child with; it must have mlgitops and
    cel-expr-python installed. *timeout_s* is for a whole batch.
    """

    def __init__(self, *, interpreter: str = sys.executable, timeout_s: float = TIMEOUT_S) -> None:
        self._interpreter = interpreter
        self._timeout_s = timeout_s

    @property
    def version(self) -> str:
        # Here, not at the top: it is some forty modules, and a cached decision asks nothing.
        from importlib import metadata

        try:
            return f"{_PACKAGE} {metadata.version(_PACKAGE)}"
        except metadata.PackageNotFoundError as error:
            raise MissingExtra(_PACKAGE, extra="gate") from error

    def evaluate(
        self, evidence: Mapping[str, Any], questions: Sequence[Question]
    ) -> tuple[Answer, ...]:
        return self.evaluate_many([(evidence, questions)])[0]

    def evaluate_many(self, asked: Sequence[Asked]) -> tuple[tuple[Answer, ...], ...]:
        requests = [_request(*one) for one in asked]
        answers: list[tuple[Answer, ...]] = []
        while len(answers) < len(requests):
            answers += self._next(requests[len(answers) :])
        return tuple(answers)

    def compile(self, names: Collection[str], expressions: Sequence[str]) -> tuple[Compiled, ...]:
        if not expressions:
            return ()
        try:
            request = canonical_json({"names": sorted(names), "expressions": list(expressions)})
        except ValueError as error:
            compiled, ending = [], str(error)
        else:
            output, ending = self._run([request])
            compiled = list(_answers(output, len(expressions), _compiled))
        lost = Compiled(flaws=(Flaw("lost", ending),))
        return tuple(compiled) + (lost,) * (len(expressions) - len(compiled))

    def _next(self, requests: Sequence[_Request]) -> list[tuple[Answer, ...]]:
        """The answers to the first of *requests*, and to those behind it that one child gave.

        What a child did not answer is an error of the first only: one behind it may
        have been left no time, and is asked again.
        """
        first = requests[0]
        if not first.count:
            return [()]
        if not first.content:
            return [(Answer("error", None, first.unsound),) * first.count]
        sent = _fitting(requests)
        output, ending = self._run([one.content for one in sent])
        given = list(_answers(output, sum(one.count for one in sent), _answer))
        found: list[tuple[Answer, ...]] = []
        for one in sent:
            if len(given) < one.count:
                break
            found.append(tuple(given[: one.count]))
            del given[: one.count]
        lost = Answer("error", None, ending, is_lost=True)
        return found or [(*given, *(lost,) * (first.count - len(given)))]

    def _run(self, requests: Sequence[bytes]) -> tuple[bytes, str]:
        """What the child wrote, and why it wrote no more."""
        try:
            child = subprocess.run(
                [self._interpreter, "-I", "-m", _PROGRAM],
                input=b"".join(request + b"\n" for request in requests),
                capture_output=True,
                timeout=self._timeout_s,
                env={},
                cwd="/",
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return error.stdout or b"", f"evaluation took longer than {self._timeout_s:g} s"
        except OSError as error:
            return b"", f"the evaluation process did not start: {error.strerror or error}"
        return child.stdout, _ending(child.returncode, child.stderr)


@dataclass(frozen=True, slots=True)
class _Request:
    """*count* questions as JSON on one line; empty where the evidence is *unsound*."""

    count: int
    content: bytes = b""
    unsound: str = ""


def request_document(evidence: Mapping[str, Any], questions: Sequence[Question]) -> dict[str, Any]:
    """What the child is asked: the parameters and variables of each bound policy once."""
    # The same objects, not equal ones: to Python {"a": True} and {"a": 1.0} are equal.
    scopes = {(id(one.parameters), id(one.variables)): one for one in questions}
    places = {key: place for place, key in enumerate(scopes)}
    return {
        "evidence": evidence,
        "scopes": [
            [one.parameters, [[each.name, each.expression] for each in one.variables]]
            for one in scopes.values()
        ],
        "questions": [
            [places[id(one.parameters), id(one.variables)], one.expression] for one in questions
        ],
    }


def _request(evidence: Mapping[str, Any], questions: Sequence[Question]) -> _Request:
    try:
        # Canonical JSON also keeps NaN, infinities and 1e300 away from the engine.
        content = canonical_json(request_document(evidence, questions))
    except (ValueError, RecursionError) as error:
        reason = f"the evidence or a parameter is unsound: {error}"
        return _Request(len(questions), unsound=reason)
    return _Request(len(questions), content)


def _fitting(requests: Sequence[_Request]) -> list[_Request]:
    """The first of *requests* and those sound ones after it that one child can take."""
    sent: list[_Request] = []
    size = 0
    for one in requests:
        size += len(one.content)
        if sent and (size > _MOST_BYTES or not one.content):
            break
        sent.append(one)
    return sent


def _answers(output: bytes, asked: int, read: Callable[[Any], _Read | None]) -> Iterator[_Read]:
    """The complete lines of *output*, up to the first that is none of ours."""
    for line in output.splitlines(keepends=True)[:asked]:
        document = _document(line)
        if isinstance(document, dict) and isinstance(document.get("missing"), str):
            raise MissingExtra(document["missing"], extra="gate")
        answer = read(document)
        if answer is None:
            return
        yield answer


def _answer(document: Any) -> Answer | None:
    match document:
        case {"error": str(reason)}:
            return Answer("error", None, reason)
        case {"value": value}:
            return Answer("value", value)
        case _:
            return None


def _compiled(document: Any) -> Compiled | None:
    match document:
        case {"type": str(name), "reads": list(reads), "path": path, "always": always}:
            try:
                found = tuple(Reading(tuple(steps), at) for steps, at in reads)
                compared = tuple(_compared(one) for one in document["compared"])
            except (KeyError, TypeError, ValueError):
                return None
            return Compiled(name, found, _steps(path), always, compared=compared)
        case {"flaws": [_, *_] as flaws}:
            try:
                return Compiled(flaws=tuple(Flaw(**flaw) for flaw in flaws))
            except TypeError:
                return None
        case _:
            return None


def _compared(document: Mapping[str, Any]) -> Compared:
    left, right = (
        Side(**{**document[side], "path": _steps(document[side]["path"])})
        for side in ("left", "right")
    )
    return Compared(left, document["operator"], right)


def _steps(path: Sequence[str] | None) -> Steps | None:
    return tuple(path) if path else None


def _document(line: bytes) -> Any:
    if not line.endswith(b"\n"):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None


def _ending(returncode: int, stderr: bytes) -> str:
    if -returncode in {signal.SIGXCPU, signal.SIGKILL}:
        return "evaluation used more processor time or memory than it may"
    if returncode < 0:
        return f"the evaluation process was ended by {signal.Signals(-returncode).name}"
    lines = stderr.decode(errors="replace").strip().splitlines()
    return (lines[-1] if lines else "the evaluation process gave no answer")[:LONGEST_REASON]
