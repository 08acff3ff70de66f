"""In the child: what expressions can call besides what CEL has.

Their types are declared, so that a text for a margin is refused when the
expression is compiled. Whatever they raise is an error of the expression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlgitops.model import claims

MOST_P_VALUES: Final = 10_000
# What each takes, in words.
SIGNATURES: Final = {
    "p_worse": "a comparison and a margin",
    "p_better": "a comparison and a margin",
    "holm": "a list of p-values",
    "keys": "a map",
}


def extension(engine: Any) -> Any:
    """The functions of `SIGNATURES`, declared to *engine*."""
    number, numbers = engine.Type.DOUBLE, engine.Type.List(engine.Type.DOUBLE)
    comparison = mapping = engine.Type.Map(engine.Type.STRING, engine.Type.DYN)
    texts = engine.Type.List(engine.Type.STRING)

    def declared(function: Any, name: str, result: Any, *parameters: Any) -> Any:
        overload = engine.Overload(
            f"mlgitops_{name}", return_type=result, parameters=parameters, impl=function
        )
        return engine.FunctionDecl(name, [overload])

    return engine.CelExtension(
        "mlgitops",
        [
            declared(claims.p_worse, "p_worse", number, comparison, number),
            declared(claims.p_better, "p_better", number, comparison, number),
            declared(_holm, "holm", numbers, numbers),
            declared(_keys, "keys", texts, mapping),
        ],
    )


def _holm(p_values: Sequence[float]) -> list[float]:
    if len(p_values) > MOST_P_VALUES:
        raise ValueError(f"{len(p_values):,} p-values; {MOST_P_VALUES:,} are allowed")
    return claims.holm(p_values)


def _keys(mapping: Mapping[str, Any]) -> list[str]:
    """In order: a map itself is gone through in an order that differs from process to process."""
    return sorted(mapping)
