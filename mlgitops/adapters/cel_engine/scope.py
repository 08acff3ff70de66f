"""In the child: what the expressions of one bound policy can name, its variables among it."""

from __future__ import annotations

import marshal
from collections.abc import Mapping, Sequence
from typing import Any

from mlgitops.adapters.cel_engine import compilation, magnitudes
from mlgitops.adapters.cel_engine.compilation import Expressions, Permitted

LARGEST_VARIABLE_BYTES = 1 << 20


class _UnknownVariable(ValueError):
    """What it says is why the first variable of a chain is not known."""


class Scope:
    """Evaluates expressions over *values*, and over the variables of *definitions*.

    Each definition is a name with its expression and may read those before it. It is
    evaluated when an expression first reads it, and what comes of it is kept, an error
    too: whatever reads that is an error itself, even where `||` or `? :` would not
    have looked at it.
    """

    def __init__(
        self,
        engine: Any,
        known: Expressions,
        values: Mapping[str, Any],
        definitions: Sequence[tuple[str, str]],
    ) -> None:
        self._engine = engine
        self._known = known
        self._values = values
        self._definitions = definitions
        self._places = {name: place for place, (name, _) in enumerate(definitions)}
        self._variables: dict[str, Any] = {}
        self._sizes: dict[str, float] = {}
        self._errors: dict[str, str] = {}
        self._activations: dict[tuple[str, ...], Any] = {}

    def value(self, expression: str) -> Any:
        """What *expression* comes to, which may be an error of the engine.

        Raises:
            ValueError: it may not be evaluated, reads a variable that is not known, or its
                numbers may become infinite.
            RuntimeError: it does not compile.
        """
        return self._evaluated(self._known.permitted(expression), len(self._definitions))

    def is_error(self, value: Any) -> bool:
        """An error is a value too, and its text would be true in Python."""
        return value.type() in (self._engine.Type.ERROR, self._engine.Type.UNKNOWN)

    def release(self) -> None:
        """Give back the memory that the engine holds; all stays known."""
        self._activations.clear()

    def _evaluated(self, one: Permitted, end: int) -> Any:
        """*one*, which may read the variables that are defined before the place *end*."""
        for name in one.variables:
            self._require(name, end)
        self._check_size(one)
        return one.compiled.eval(self._activation(one.variables))

    def _check_size(self, one: Permitted) -> None:
        """Refuse *one* where a number may become infinite on the way to a finite answer.

        Only what multiplies, or reads very large variables, is held against the numbers
        that there are.
        """
        read = max((self._sizes[name] for name in one.variables), default=0.0)
        if read <= magnitudes.GIVEN and one.bound < magnitudes.LARGEST:
            return
        given = max(read, magnitudes.INTEGER, magnitudes.largest(self._values))
        if magnitudes.bound(one.root, given) >= magnitudes.LARGEST:
            raise ValueError(
                "its numbers are so large that a sum or product is perhaps not a finite number"
            )

    def _require(self, name: str, end: int) -> None:
        place = self._places.get(name, end)
        if place >= end:
            raise ValueError(f"no variable before it is called {name}")
        if name not in self._variables and name not in self._errors:
            try:
                self._variables[name] = self._found(place)
            except _UnknownVariable as error:
                self._errors[name] = str(error)
            except compilation.FAULTS as error:
                self._errors[name] = f"variables.{name} is not known: {compilation.reason(error)}"
                self.release()
        if name in self._errors:
            raise _UnknownVariable(self._errors[name])

    def _found(self, place: int) -> Any:
        found = self._evaluated(self._known.permitted(self._definitions[place][1]), place)
        if self.is_error(found):
            raise ValueError(str(found.value()))
        value = found.plain_value()
        try:
            size = len(marshal.dumps(value))
        except ValueError:
            # The engine hands them out and does not take them back.
            raise ValueError("a variable cannot hold times, durations or types") from None
        if size > LARGEST_VARIABLE_BYTES:
            raise ValueError(f"the value is larger than {LARGEST_VARIABLE_BYTES:,} bytes")
        self._sizes[self._definitions[place][0]] = magnitudes.largest(value)
        return value

    def _activation(self, names: tuple[str, ...]) -> Any:
        """The values and, of the variables, those of *names*: all that is given is converted."""
        if names not in self._activations:
            variables = {name: self._variables[name] for name in names}
            values = {**self._values, "variables": variables}
            self._activations[names] = self._known.activation(values)
        return self._activations[names]
