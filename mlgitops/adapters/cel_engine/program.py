"""The child: JSON requests on stdin and JSON answers on stdout, one a line.

Runs alone, without environment, under hard limits: the engine is C++ code that
long expressions can crash and short ones can make hungry. An answer goes out as
soon as it is known, so that those before a crash are kept.
"""

from __future__ import annotations

import json
import math
import resource
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from mlgitops.adapters.cel_engine import compilation
from mlgitops.adapters.cel_engine.compilation import Expressions
from mlgitops.adapters.cel_engine.scope import Scope

MEMORY_BYTES = 512 << 20
CPU_S = 5
LARGEST_VALUE_BYTES = 16_384


def main() -> None:
    """Answer the request on stdin under the limits."""
    _limit_resources()
    try:
        from cel_expr_python import cel
    except ModuleNotFoundError:
        _send({"missing": "cel-expr-python"})
        return
    evaluation = Evaluation(cel)
    for line in sys.stdin.buffer:
        # Every number is a double, as evidence on disk does not tell 1 from 1.0 and
        # CEL refuses arithmetic between the two.
        request = json.loads(line, parse_int=float)
        if "expressions" in request:
            sent = compilation.findings(cel, request["names"], request["expressions"])
        else:
            sent = evaluation.answers(request)
        for answer in sent:
            _send(answer)


class Evaluation:
    """Evaluates questions about one evidence document after the other."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._expressions: dict[tuple[str, ...], Expressions] = {}

    def answers(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """`{"value": …}` or `{"error": …}` for each question of *request*, in order.

        Of its *scopes* each has parameters, and variables with their expressions; each of
        its *questions* has the place of its scope, and its expression.
        """
        evidence: Mapping[str, Any] = request["evidence"]
        names = tuple(sorted(evidence))
        if names not in self._expressions:
            self._expressions[names] = Expressions(self._engine, names)
        known = self._expressions[names]
        scope, given = None, None
        for place, expression in request["questions"]:
            # Only the last is kept, since each holds the evidence once more.
            if scope is None or place != given:
                parameters, variables = request["scopes"][int(place)]
                values = {**evidence, "params": parameters}
                scope, given = Scope(self._engine, known, values, variables), place
            try:
                yield _answer(scope, expression)
            except compilation.FAULTS as error:
                scope.release()
                yield {"error": compilation.reason(error)}


def _answer(scope: Scope, expression: str) -> dict[str, Any]:
    found = scope.value(expression)
    if scope.is_error(found):
        return {"error": compilation.reason(str(found.value()))}
    value = found.plain_value()
    # Counted first, as shared lists of lists are small until they are written out.
    if _is_large(value) or len(json.dumps(value := _plain(value))) > LARGEST_VALUE_BYTES:
        raise ValueError(f"the value is larger than {LARGEST_VALUE_BYTES:,} bytes")
    return {"value": value}


def _is_large(value: Any) -> bool:
    """Whether it has so many parts that it is too large with a byte for each."""
    return any(True for _ in islice(_parts(value), LARGEST_VALUE_BYTES, None))


def _parts(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("the value is not a finite number")
        return value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        # The engine's order differs from process to process.
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    raise TypeError(f"a value of type {type(value).__name__} cannot be shown")


def _limit_resources() -> None:
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, CPU_S)
    if sys.platform != "darwin":  # macOS refuses the limit and would not enforce it
        _limit(resource.RLIMIT_AS, MEMORY_BYTES)


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _send(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
