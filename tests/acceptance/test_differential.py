"""Ten thousand random expressions, judged alike by our engine and by another CEL library.

The other one is `common-expression-language` (Rust), which shares no code with
ours. Allowed is what comes to exactly true; errors and all else deny. The seed
is fixed, so that what failed once fails again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import cel

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.verdict import Answer, Question

SEED = 20_261
DOCUMENTS, EXPRESSIONS = 20, 600  # some of which the profile refuses
NUMBERS = (0.0, -0.0, 0.5, 1.0, 2.0, -1.5, 0.1, 0.3, 1e-9, 123_456.789, 1e200, -1e200)
WORDS = ("maximize", "minimize", "", "roc_auc", "πέντε", "a'b", "Z")
METRICS = ("roc_auc", "mae", "log_loss")
LISTS = ("slices", "numbers", "words")
ORDERS = ("<", "<=", ">", ">=", "==", "!=")
# What is refused when there are numbers such as 1e200, since a product may be infinite. The
# other library goes on with infinity.
TOO_LARGE = "perhaps not a finite number"
ODD = 0.08
"""How often an operand is one that is not there, is null or is of another type."""


class Author:
    """Writes expressions of the profile over what `document` makes.

    What a loop does to its elements is never an error: the other library stops at
    the first one where `all` and `exists` of the specification go on (cel-spec,
    langdef.md, "Macros"; cel-rust 0.14: `[{"n": 2.0}].exists(x, x.q > 0.0 || x.n > 1.0)`
    is an error, not true). Likewise left out: sizes of texts beyond ASCII, which
    it counts in bytes, minus signs before booleans, and lists indexed by doubles.
    Types are right where a compiler knows them, as the other one checks none.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - expressions, not keys

    def document(self) -> dict[str, Any]:
        metrics = [metric for metric in METRICS if self.chance(0.8)]
        return {
            "metrics": {metric: self.estimate() for metric in metrics},
            "champion": self.random.choice([None, {"version": self.number()}]),
            "slices": [self.slice() for _ in range(self.random.randrange(6))],
            "numbers": [self.number() for _ in range(self.random.randrange(6))],
            "words": self.random.choices(WORDS, k=self.random.randrange(6)),
            "sealed": self.chance(0.5),
        }

    def estimate(self) -> dict[str, Any]:
        return {
            "low": self.number(),
            "high": self.number(),
            "n": float(self.random.randrange(2_000)),
            "direction": self.random.choice(WORDS[:2]),
        }

    def slice(self) -> dict[str, Any]:
        metrics = [metric for metric in METRICS if self.chance(0.6)]
        return {
            "name": self.random.choice(WORDS),
            "n": float(self.random.randrange(2_000)),
            "metrics": {metric: self.estimate() for metric in metrics},
        }

    def parameters(self) -> dict[str, Any]:
        return {
            "metric": self.random.choice(METRICS),
            "min": self.number(),
            "word": self.random.choice(WORDS),
            "strict": self.chance(0.5),
        }

    def number(self) -> float:
        return self.random.choice([*NUMBERS, round(self.random.gauss(0.5, 1), 3)])

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one_of(self, *ways: Callable[[], str]) -> str:
        return self.random.choice(ways)()

    def condition(self, depth: int, loops: tuple[str, ...] = ()) -> str:
        """Something that is true or false; *loops* are the variables of slices around it."""
        if depth == 0 or self.chance(0.15):
            return self.simple_condition(loops)
        below = depth - 1
        ways = [
            lambda: f"({self.condition(below, loops)} && {self.condition(below, loops)})",
            lambda: f"({self.condition(below, loops)} || {self.condition(below, loops)})",
            lambda: f"!({self.condition(below, loops)})",
            lambda: self.comparison(below, loops),
            lambda: self.comparison(below, loops),
            lambda: self.choice(self.condition, below, loops),
        ]
        if len(loops) < 2:
            ways += [lambda: self.loop(below, loops)] * 2
        return self.one_of(*ways)

    def simple_condition(self, loops: tuple[str, ...]) -> str:
        metric = self.random.choice(METRICS)
        ways = [
            lambda: self.comparison(0, loops),
            lambda: f"{self.word(loops)} {self.random.choice(ORDERS)} {self.word(loops)}",
            lambda: f"{self.word(loops)} in words",
            lambda: (
                f"{self.word(loops)}.{self.random.choice(['startsWith', 'endsWith', 'contains'])}('m')"
            ),
            lambda: f"{self.word(loops)}.matches('^m[a-z]+e$')",
            lambda: f"{self.amount(0, loops)} in numbers",
            lambda: f"'{metric}' in metrics",
            lambda: f"has(metrics.{metric})",
            lambda: (
                f"size({self.random.choice(LISTS)}) {self.random.choice(ORDERS)} {self.random.randrange(5)}"
            ),
            lambda: f"champion {self.random.choice(['==', '!='])} null",
            lambda: self.random.choice(["true", "false", "sealed", "params.strict"]),
        ]
        if loops:
            ways.append(lambda: f"'{metric}' in {loops[-1]}.metrics")
        elif self.chance(ODD):
            return self.odd("sealed", "metrics.none.low > 0.5", "numbers[99] > 0.5")
        return self.one_of(*ways)

    def comparison(self, depth: int, loops: tuple[str, ...]) -> str:
        right = self.amount(depth, loops)
        if self.chance(0.1):  # evidence may be compared with whole numbers
            return f"numbers.size() > 0 && numbers[0] {self.random.choice(ORDERS)} 1"
        return f"({self.amount(depth, loops)} {self.random.choice(ORDERS)} {right})"

    def amount(self, depth: int, loops: tuple[str, ...]) -> str:
        """A double."""
        if depth == 0 or self.chance(0.3):
            return self.simple_amount(loops)
        below = depth - 1
        return self.one_of(
            lambda: (
                f"({self.amount(below, loops)} {self.random.choice('+-*')} {self.amount(below, loops)})"
            ),
            lambda: f"-({self.amount(below, loops)})",
            lambda: self.choice(self.amount, below, loops),
        )

    def simple_amount(self, loops: tuple[str, ...]) -> str:
        if loops:
            read = [f"{loop}.n" for loop in loops]
            return self.random.choice([*read, "params.min", self.literal()])
        if self.chance(ODD):
            return self.odd("slices[99].n")
        key = self.random.choice(["low", "high", "n"])
        metric = self.random.choice(METRICS)
        return self.random.choice(
            [
                f"metrics.{metric}.{key}",
                f"metrics['{metric}'].{key}",
                f"metrics[params.metric].{key}",
                "params.min",
                "params['min']",
                f"numbers[{self.random.randrange(3)}]",
                f"slices[{self.random.randrange(2)}].n",
                self.literal(),
            ]
        )

    def choice(
        self, way: Callable[[int, tuple[str, ...]], str], depth: int, loops: tuple[str, ...]
    ) -> str:
        return f"({self.condition(depth, loops)} ? {way(depth, loops)} : {way(depth, loops)})"

    def loop(self, depth: int, loops: tuple[str, ...]) -> str:
        macro = self.random.choice(["all", "exists", "exists_one"])
        if self.chance(0.3):
            within = (
                f"v {self.random.choice(ORDERS)} {self.amount(0, loops) if loops else 'params.min'}"
            )
            source = self.one_of(
                lambda: "numbers",
                lambda: "slices.map(e, e.n)",
                lambda: "numbers.filter(e, e > 0.0)",
                lambda: f"[{self.literal()}, {self.literal()}]",
            )
            return f"{source}.{macro}(v, {within})"
        variable = "st"[len(loops)]
        source = self.one_of(
            lambda: "slices",
            lambda: "slices.filter(e, e.n > 500.0)",
            lambda: f"slices.filter(e, has(e.metrics.{self.random.choice(METRICS)}))",
        )
        return f"{source}.{macro}({variable}, {self.condition(depth, (*loops, variable))})"

    def word(self, loops: tuple[str, ...]) -> str:
        literal = "'" + self.random.choice(WORDS).replace("'", "\\'") + "'"
        read = [f"{loop}.name" for loop in loops]
        if not loops:
            read = [f"metrics.{self.random.choice(METRICS)}.direction", "words[0]"]
        return self.random.choice([literal, "params.word", *read])

    def literal(self) -> str:
        return repr(self.number()).replace("e+", "e")

    def odd(self, *others: str) -> str:
        absent = ["metrics.none.low", "params.none", "champion.version"]
        of_other_types = ["champion", "words", "metrics.mae", "metrics.mae.direction"]
        return self.random.choice([*absent, *of_other_types, *others])


def allows(expression: str, values: dict[str, Any]) -> bool:
    try:
        return cel.evaluate(expression, values) is True
    except (ValueError, TypeError, RuntimeError, KeyError, IndexError):
        return False


Judged = tuple[dict[str, Any], Question, Answer]


def judged_by_us(author: Author) -> Iterator[Judged]:
    """Expressions of the profile with our answers; what it refuses is left out."""
    asked = [
        (author.document(), [Question(author.condition(3), author.parameters()) for _ in range(EXPRESSIONS)])
        for _ in range(DOCUMENTS)
    ]  # fmt: skip
    for (document, questions), answers in zip(asked, CelEngine().evaluate_many(asked), strict=True):
        errors = [
            q.expression for q, a in zip(questions, answers, strict=True) if a.kind == "error"
        ]
        compiled = CelEngine().compile(document, errors)
        refused = {one for one, found in zip(errors, compiled, strict=True) if found.flaws}
        for question, answer in zip(questions, answers, strict=True):
            if question.expression not in refused and TOO_LARGE not in answer.error:
                yield {**document, "params": question.parameters}, question, answer


def test_no_expression_is_allowed_by_one_engine_and_denied_by_the_other() -> None:
    outcomes: Counter[str] = Counter()
    for values, question, answer in judged_by_us(Author(SEED)):
        assert answer.is_true == allows(question.expression, values), (question, values)
        outcomes[str(answer.value) if answer.kind == "value" else "error"] += 1

    assert outcomes.total() >= 10_000
    # Neither engine may agree by refusing everything.
    assert min(outcomes["True"], outcomes["False"], outcomes["error"]) > 1_000
