"""The words of a CEL expression, for those who look at its text without an engine.

Nothing here raises: what is no CEL comes out as tokens of the kind `other`.
Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["name", "number", "string", "operator", "open", "close", "other"]

_TOKEN = re.compile(
    r"""
    (?P<skipped>\s+|//[^\n]*)
  | (?P<string>
        (?:[rR][bB]?|[bB][rR])(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
      | [bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}
               |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | `[^`\n]*`)
  | (?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?[uU]?)
  | (?P<operator>&&|\|\||==|!=|<=|>=|\bin\b|[<>?:!+\-*/%.,])
  | (?P<name>[A-Za-z_]\w*)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch `expression[start:end]`; *depth* is the number of brackets around it."""

    kind: TokenKind
    text: str
    start: int
    end: int
    depth: int


def tokens(expression: str) -> tuple[Token, ...]:
    """All of *expression* but spaces and comments; a bracket has the depth outside of it."""
    found: list[Token] = []
    depth = 0
    for match in _TOKEN.finditer(expression):
        kind = match.lastgroup
        if kind == "skipped":
            continue
        depth -= kind == "close"
        found.append(Token(kind, match[0], *match.span(), depth))  # type: ignore[arg-type]
        depth += kind == "open"
    return tuple(found)


def is_balanced(found: Sequence[Token]) -> bool:
    """Whether every bracket has its partner, and all tokens are known."""
    waiting: list[str] = []
    for token in found:
        if token.kind == "other":
            return False
        if token.kind == "open":
            waiting.append(token.text)
        if token.kind == "close" and (not waiting or waiting.pop() != _PAIRS[token.text]):
            return False
    return not waiting


def beside(
    found: Sequence[Token], at: int, stops: Collection[str]
) -> tuple[Sequence[Token], Sequence[Token]]:
    """The operands of the operator at index *at*, each up to one of *stops* or its bracket."""
    depth = found[at].depth

    def ends(token: Token) -> bool:
        is_stop = token.kind == "operator" and token.text in stops
        return token.depth < depth or (token.depth == depth and is_stop)

    first, last = at, at + 1
    while first > 0 and not ends(found[first - 1]):
        first -= 1
    while last < len(found) and not ends(found[last]):
        last += 1
    return found[first:at], found[at + 1 : last]
