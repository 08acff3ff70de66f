"""The child: one JSON request on stdin, one JSON answer a line on stdout.

Runs alone, without environment, under hard limits: the engine is C++ code that
long expressions can crash and short ones can make hungry. An answer goes out as
soon as it is known, so that those before a crash are kept.
"""

from __future__ import annotations

import json
import math
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlgitops.adapters.cel_engine import compilation

if TYPE_CHECKING:
    from cel_expr_python import cel

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
    # Every number is a double, as evidence on disk does not tell 1 from 1.0 and
    # CEL refuses arithmetic between the two.
    request = json.load(sys.stdin.buffer, parse_int=float)
    if "expressions" in request:
        sent = compilation.findings(cel, request["names"], request["expressions"])
    else:
        sent = answers(cel, request["evidence"], request["questions"])
    for answer in sent:
        _send(answer)


def answers(
    engine: Any, evidence: Mapping[str, Any], questions: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """`{"value": …}` or `{"error": …}` for each question, in order."""
    known = compilation.environment(engine, evidence)
    for question in questions:
        data = {**evidence, "params": question["parameters"]}
        try:
            yield _answer(engine, known, question["expression"], data)
        except compilation.FAULTS as error:
            yield {"error": compilation.reason(error)}


def _answer(
    engine: Any, known: cel.Env, expression: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    compiled = compilation.permitted(known, expression)
    found = compiled.eval(data=data)
    if found.type() == engine.Type.ERROR or found.type() == engine.Type.UNKNOWN:
        # An error is a value too, and its text would be true in Python.
        return {"error": compilation.reason(str(found.value()))}
    value = _plain(found.plain_value())
    if len(json.dumps(value)) > LARGEST_VALUE_BYTES:
        raise ValueError(f"the value is larger than {LARGEST_VALUE_BYTES:,} bytes")
    return {"value": value}


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
        return {str(key): _plain(item) for key, item in value.items()}
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
