"""The parent: hands a batch of questions to a child process and reads its answers.

Whatever goes wrong is an error answer, since an error never opens a gate; only a
package that is not installed is raised.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlgitops.model.digest import canonical_json
from mlgitops.model.errors import MissingExtra
from mlgitops.model.verdict import Answer, Question

TIMEOUT_S: Final = 6.0
_PROGRAM: Final = "mlgitops.adapters.cel_engine.program"
_LONGEST_REASON: Final = 300


class CelEngine:
    """Evaluates CEL expressions, one child process for each batch.

    *interpreter* is the Python to run the child with; it must have mlgitops and
    cel-expr-python installed. *timeout_s* is for a whole batch.
    """

    def __init__(self, *, interpreter: str = sys.executable, timeout_s: float = TIMEOUT_S) -> None:
        self._interpreter = interpreter
        self._timeout_s = timeout_s

    def evaluate(
        self, evidence: Mapping[str, Any], questions: Sequence[Question]
    ) -> tuple[Answer, ...]:
        if not questions:
            return ()
        asked = [{"expression": q.expression, "parameters": q.parameters} for q in questions]
        try:
            # Canonical JSON also keeps NaN, infinities and 1e300 away from the engine.
            request = canonical_json({"evidence": evidence, "questions": asked})
        except (ValueError, RecursionError) as error:
            return _errors(len(questions), f"the evidence or a parameter is unsound: {error}")
        output, ending = self._run(request)
        answers = _read(output, len(questions))
        return answers + _errors(len(questions) - len(answers), ending)

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


def _read(output: bytes, asked: int) -> tuple[Answer, ...]:
    """The complete lines of *output*, up to the first that is none of ours."""
    answers: list[Answer] = []
    for line in output.splitlines(keepends=True)[:asked]:
        match _document(line):
            case {"missing": str(package)}:
                raise MissingExtra(package, extra="gate")
            case {"error": str(reason)}:
                answers.append(Answer("error", None, reason))
            case {"value": value}:
                answers.append(Answer("value", value))
            case _:
                break
    return tuple(answers)


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
    return (lines[-1] if lines else "the evaluation process gave no answer")[:_LONGEST_REASON]


def _errors(count: int, reason: str) -> tuple[Answer, ...]:
    return (Answer("error", None, reason),) * count
