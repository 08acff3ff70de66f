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
from typing import Any, Final, TypeVar

from mlgitops.adapters.cel_engine import LONGEST_REASON
from mlgitops.model.digest import canonical_json
from mlgitops.model.errors import MissingExtra
from mlgitops.model.expressions import Compiled, Flaw
from mlgitops.model.verdict import Answer, Question

TIMEOUT_S: Final = 6.0
_PROGRAM: Final = "mlgitops.adapters.cel_engine.program"


_Read = TypeVar("_Read", Answer, Compiled)


class CelEngine:
    """Compiles and evaluates CEL expressions, one child process for each batch.

    *interpreter* is the Python to run the child with; it must have mlgitops and
    cel-expr-python installed. *timeout_s* is for a whole batch.
    """

    def __init__(self, *, interpreter: str = sys.executable, timeout_s: float = TIMEOUT_S) -> None:
        self._interpreter = interpreter
        self._timeout_s = timeout_s

    def evaluate(
        self, evidence: Mapping[str, Any], questions: Sequence[Question]
    ) -> tuple[Answer, ...]:
        asked = [{"expression": q.expression, "parameters": q.parameters} for q in questions]
        answers, ending = self._asked(
            {"evidence": evidence, "questions": asked}, len(questions), _answer
        )
        return answers + (Answer("error", None, ending),) * (len(questions) - len(answers))

    def compile(self, names: Collection[str], expressions: Sequence[str]) -> tuple[Compiled, ...]:
        request = {"names": sorted(names), "expressions": list(expressions)}
        compiled, ending = self._asked(request, len(expressions), _compiled)
        lost = Compiled(flaws=(Flaw("lost", ending),))
        return compiled + (lost,) * (len(expressions) - len(compiled))

    def _asked(
        self, request: Mapping[str, Any], count: int, read: Callable[[Any], _Read | None]
    ) -> tuple[tuple[_Read, ...], str]:
        """The answers up to the first that is none, and why there are no more."""
        if not count:
            return (), ""
        try:
            # Canonical JSON also keeps NaN, infinities and 1e300 away from the engine.
            content = canonical_json(request)
        except (ValueError, RecursionError) as error:
            return (), f"the evidence or a parameter is unsound: {error}"
        output, ending = self._run(content)
        return tuple(_answers(output, count, read)), ending

    def _run(self, request: bytes) -> tuple[bytes, str]:
        """What the child wrote, and why it wrote no more."""
        try:
            child = subprocess.run(
                [self._interpreter, "-I", "-m", _PROGRAM],
                input=request,
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
        case {"type": str(name), "parameters": list(parameters)}:
            return Compiled(name, tuple(map(str, parameters)))
        case {"flaws": [_, *_] as flaws}:
            try:
                return Compiled(flaws=tuple(Flaw(**flaw) for flaw in flaws))
            except TypeError:
                return None
        case _:
            return None


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
