from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlgitops.cli.verbs import demo
from mlgitops.model.errors import SpecError
from tests.fakes.wiring import call, wired


@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("mine"), lambda path: (path / "mine").mkdir(parents=True)]
)
def test_what_is_there_is_never_overwritten(tmp_path: Path, make: Callable[[Path], object]) -> None:
    place = tmp_path / "mine"
    make(place)

    with pytest.raises(SpecError, match="is not an empty folder"):
        call(demo, wired(tmp_path), str(place))
