from __future__ import annotations

from mlgitops.cli.strict import refused_warnings
from mlgitops.model.source import Diagnostic

WARNING = Diagnostic("POL408", "two negations", level="warning")


def test_warnings_are_counted_and_none_is_none() -> None:
    one, two = refused_warnings([WARNING]), refused_warnings([WARNING] * 2)

    assert refused_warnings([]) is None
    assert one is not None
    assert one.message == "1 warning, and --strict lets none pass"
    assert two is not None
    assert two.message.startswith("2 warnings, ")
    assert one.exit_code == 2
