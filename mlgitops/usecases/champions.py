"""The models that are released now, fetched and verified, to be scored again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.model.spec import Pin
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.signatures import Signature


@dataclass(frozen=True, slots=True)
class ChampionModel:
    """A released model's folder, and its signature as it was before any code ran."""

    pin: Pin
    folder: Path
    signature: Signature


def released(run: RunContext) -> dict[str, Pin | None]:
    """What git says is released, by environment of the chain; None for nothing."""
    found: dict[str, Pin | None] = {}
    for environment in run.environments:
        release = run.specs.releases.get((environment.name, run.pipeline.name))
        found[environment.name] = release.desired if release else None
    return found


def fetch(run: RunContext) -> dict[str, ChampionModel]:
    """The released models by manifest; each is fetched once, whoever releases it.

    Raises:
        SpecError: a version's bytes are not those that were released.
    """
    pins = {pin.manifest: pin for pin in released(run).values() if pin}
    return {manifest: _fetch(run, pin) for manifest, pin in pins.items()}


def verify(run: RunContext, champion: ChampionModel) -> None:
    """Refuse a champion whose files were changed since it was fetched.

    Raises:
        SpecError: they were.
    """
    if run.neighbours.store.folder(champion.pin.manifest) != champion.folder:
        raise SpecError(
            f"version {champion.pin.version} of {run.pipeline.name!r} was changed in .mlgitops "
            "while the candidate was judged",
            hint="code of the pipeline, or of the released model, wrote there: remove what does, "
            "then run again; the released version is fetched anew",
        )


def _fetch(run: RunContext, pin: Pin) -> ChampionModel:
    store, model = run.neighbours.store, run.pipeline.name
    folder = store.folder(pin.manifest)
    if folder is None:
        with store.workspace() as workspace:
            fetched = run.neighbours.registry.download(model, pin.version, workspace / "model")
            kept = store.keep_folder(fetched)
        if kept.digest != pin.manifest:
            raise SpecError(
                f"version {pin.version} of {model!r} holds {short(kept.digest)}, "
                f"but {short(pin.manifest)} was released",
                hint="its files were changed after the release: mlgitops drift",
            )
        folder = kept.path
    # Here, not at the top: it is not needed to see that nothing changed.
    from mlgitops.usecases import signatures

    return ChampionModel(pin, folder, signatures.read(folder))
