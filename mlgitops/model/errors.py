"""Every way mlgitops stops on purpose, and the exit code of each.

MlgitopsError            -   never raised itself
├─ SpecError             2   what the user wrote is wrong (carries diagnostics)
├─ GateFailed            3   the candidate missed a gate: a verdict, not a crash
├─ ChangesPending        4   drift, or a plan with changes
├─ PlanIsStale           5   the world moved between plan and apply, or two writers met
├─ Unavailable           6   a registry, forge or store did not answer
├─ MissingExtra          7   an optional package is not installed
└─ Inconclusive          8   the evidence decides nothing: a person does

1 is Python's own code for an uncaught exception: a bug of ours. 130 is ^C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlgitops.model.source import Diagnostic


class MlgitopsError(Exception):
    """A stop on purpose: *message* says what is wrong, *hint* what to do next."""

    exit_code: ClassVar[int]

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SpecError(MlgitopsError):
    """What the user wrote is wrong: a spec, a flag, the data, or their code.

    *diagnostics* may be empty when the fault has no place in a file.
    *details* is shown below the message as it is, e.g. the user's own traceback.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        diagnostics: Sequence[Diagnostic] = (),
        details: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)
        self.details = details


class GateFailed(MlgitopsError):
    """The candidate missed a gate: a verdict, not a crash."""

    exit_code = 3


class ChangesPending(MlgitopsError):
    """Drift, or a plan with changes."""

    exit_code = 4


class PlanIsStale(MlgitopsError):
    """The world moved between plan and apply, or git and the registry both changed."""

    exit_code = 5


class Unavailable(MlgitopsError):
    """A registry, forge or store did not answer; trying again may work."""

    exit_code = 6


class MissingExtra(MlgitopsError):
    """An optional package is not installed."""

    exit_code = 7

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(
            f"the package {package!r} is not installed",
            hint=f"pip install 'mlgitops[{extra}]'",
        )

    @classmethod
    def saying(cls, message: str, *, hint: str | None = None) -> Self:
        """In other words, for a package that no extra brings, or for several at once."""
        error = cls.__new__(cls)
        MlgitopsError.__init__(error, message, hint=hint)
        return error


class Inconclusive(MlgitopsError):
    """The evidence decides nothing: a person does."""

    exit_code = 8
