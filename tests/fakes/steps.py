"""Steps that do what a test tells them, for the walk itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlgitops.model.errors import MlgitopsError
from mlgitops.ports import Job
from mlgitops.usecases.context import RunContext


@dataclass
class FakeStep:
    """Makes one file, `out`, that follows from its inputs.

    *own* are inputs by name, None for one that cannot be told; *reads* are earlier
    steps whose `out` it reads. *refuses_inputs*, *fails* and *rejects* are raised
    by `inputs`, `make` and `accept`; *makes* does the work of `make`, and *seen* is
    the context that it was last given.
    """

    name: str
    own: dict[str, str | None] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    VERSION: int = 1
    JOBS: tuple[Job, ...] = ()
    refuses_inputs: MlgitopsError | None = None
    fails: MlgitopsError | None = None
    rejects: MlgitopsError | None = None
    makes: Callable[[Path], dict[str, Path]] | None = None
    made: int = 0
    seen: RunContext | None = None

    def inputs(self, run: RunContext, /) -> dict[str, str | None]:
        if self.refuses_inputs:
            raise self.refuses_inputs
        return {**self.own, **{f"{step} out": run.digest(step, "out") for step in self.reads}}

    def make(self, run: RunContext, folder: Path, /) -> dict[str, Path]:
        self.made += 1
        self.seen = run
        assert list(folder.iterdir()) == []
        if self.makes:
            return self.makes(folder)
        if self.fails:
            (folder / "half").write_text("half done")
            raise self.fails
        out = folder / "out"
        out.write_text(f"{self.name} {self.VERSION} {self.inputs(run)}")
        return {"out": out}

    def accept(self, run: RunContext, /) -> None:
        assert run.path(self.name, "out").is_file()
        if self.rejects:
            raise self.rejects


def chain(names: tuple[str, ...]) -> Mapping[str, FakeStep]:
    """One step after the other, each with an input `x` of its own."""
    before = ((), *((name,) for name in names))
    return {
        name: FakeStep(name, {"x": "1"}, reads) for name, reads in zip(names, before, strict=False)
    }
