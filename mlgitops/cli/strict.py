"""`--strict`: what is a warning elsewhere stops here, as for a check in CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlgitops.model.source import Diagnostic


def refused_warnings(warnings: Sequence[Diagnostic]) -> SpecError | None:
    """The error that *warnings*, which are told elsewhere, come to; None if there are none."""
    if not warnings:
        return None
    total = "1 warning" if len(warnings) == 1 else f"{len(warnings)} warnings"
    return SpecError(f"{total}, and --strict lets none pass")
