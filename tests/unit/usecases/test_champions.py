from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops import folders
from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.registry import Registration
from mlgitops.model.spec import Pin, Release
from mlgitops.usecases import champions
from mlgitops.usecases.context import RunContext
from tests.fakes.candidates import candidate, pin
from tests.fakes.laboratory import Laboratory

SIGNED = b"""\
flavors: {}
signature:
  inputs: '[{"type": "double", "name": "visits"}, {"type": "string", "name": "plan"}]'
"""


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory.create(tmp_path / "laboratory")


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context(until="extract")


def registered(laboratory: Laboratory, tmp_path: Path, content: bytes = b"weights") -> Pin:
    """A version in the registry with a signature of two columns."""
    folder = tmp_path / f"model-{content.decode()}"
    made = candidate(folder, "churn", content)
    (folder / "MLmodel").write_bytes(SIGNED)
    signed: Registration = replace(
        made, manifest=folders.manifest(folder).digest, candidate=f"{made.candidate[:-1]}f"
    )
    version = laboratory.registry.register(signed, folder)
    return pin(signed, version.version)


def released(context: RunContext, **pins: Pin | None) -> RunContext:
    releases = {
        (name, "churn"): Release("churn", name, desired, None) for name, desired in pins.items()
    }
    context.specs = replace(context.specs, releases=releases)
    return context


def test_nothing_is_released_without_a_release(context: RunContext) -> None:
    assert champions.released(context) == {"staging": None, "production": None}
    assert champions.fetch(context) == {}


def test_a_retired_model_is_no_champion(context: RunContext) -> None:
    assert champions.fetch(released(context, staging=None)) == {}


def test_a_champion_is_fetched_with_the_columns_it_asks_for(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    champion = registered(laboratory, tmp_path)

    found = champions.fetch(released(context, staging=champion))

    assert list(found) == [champion.manifest]
    assert found[champion.manifest].pin == champion
    assert found[champion.manifest].signature.columns == ("visits", "plan")
    assert (found[champion.manifest].folder / "model.pkl").read_bytes() == b"weights"


def test_each_model_is_fetched_once_and_kept(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    champion = registered(laboratory, tmp_path)
    both = released(context, staging=champion, production=champion)
    first = champions.fetch(both)
    laboratory.registry.is_down = True

    assert len(first) == 1
    assert champions.fetch(both) == first


def test_a_damaged_copy_is_fetched_again(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    champion = registered(laboratory, tmp_path)
    released(context, staging=champion)
    folder = champions.fetch(context)[champion.manifest].folder
    (folder / "model.pkl").write_bytes(b"evil")

    assert (champions.fetch(context)[champion.manifest].folder / "model.pkl").read_bytes() == (
        b"weights"
    )


def test_other_bytes_than_were_released_are_refused(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    champion = registered(laboratory, tmp_path)
    laboratory.registry.overwrite("churn", 1, {"MLmodel": SIGNED, "model.pkl": b"evil"})

    with pytest.raises(SpecError) as caught:
        champions.fetch(released(context, staging=champion))

    assert "version 1 of 'churn' holds" in caught.value.message
    assert f"{short(champion.manifest)} was released" in caught.value.message
    assert caught.value.hint is not None
    assert "mlgitops drift" in caught.value.hint


def test_a_registry_that_does_not_answer_is_reported(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    champion = registered(laboratory, tmp_path)
    laboratory.registry.is_down = True

    with pytest.raises(Unavailable):
        champions.fetch(released(context, staging=champion))

    assert list((laboratory.root / ".mlgitops" / "work").iterdir()) == []


def test_a_champion_that_is_changed_while_it_is_judged_is_refused(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    pinned = registered(laboratory, tmp_path)
    champion = champions.fetch(released(context, staging=pinned))[pinned.manifest]
    champions.verify(context, champion)
    (champion.folder / "model.pkl").write_bytes(b"evil")

    with pytest.raises(SpecError, match="version 1 of 'churn' was changed"):
        champions.verify(context, champion)
