"""What the tests of a policy came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlgitops.model.policy import PolicyCase
from mlgitops.model.verdict import GateResult

# What a rule has to have shown: that it passes, that it does not, and that where
# something is missing it is an error.
Side = Literal["pass", "fail", "missing"]
Part = Literal["when", "pass", "fail", "variable"]
NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case; *surprises* say where it is not as expected."""

    case: PolicyCase
    gate: GateResult
    surprises: tuple[str, ...]

    @property
    def found(self) -> str:
        """The verdict in the words of a test."""
        return str(self.gate.verdict) if self.gate.applies else NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class Mutant:
    """One *part* of a policy with a fault in it.

    *name* is the rule's or the variable's, empty for `when`. *expression* None: the part
    is left out.
    """

    name: str
    part: Part
    expression: str | None
    fault: str


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """What the tests of one policy came to; each result stands with its test's name.

    *uncovered* names rules with what no case shows of them; a repository need not cover
    a built-in policy, whose own tests do. *mutants* counts those that compile, 0 where
    none was asked for; *survivors* are those that no case noticed.
    """

    policy: str
    rules: int
    results: tuple[tuple[str, CaseResult], ...]
    uncovered: tuple[tuple[str, Side], ...]
    mutants: int = 0
    survivors: tuple[Mutant, ...] = ()

    @property
    def unexpected(self) -> tuple[tuple[str, CaseResult], ...]:
        """Cases that are not as expected."""
        return tuple((name, one) for name, one in self.results if one.surprises)

    @property
    def covered(self) -> int:
        """How many rules the cases show from every side."""
        return self.rules - len({rule for rule, _ in self.uncovered})

    @property
    def score(self) -> float:
        """The share of mutants that were noticed, from 0 to 1."""
        return 1 - len(self.survivors) / self.mutants if self.mutants else 1.0
