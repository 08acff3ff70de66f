"""Builds the neighbours of one command.

The only place that knows every adapter, and a little longer than others for it.

Adapters are imported when a verb asks for them; the environment and the clock
are read here and nowhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, MutableMapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from mlgitops.cli.address import registry_at
from mlgitops.model.errors import SpecError
from mlgitops.model.run import STEPS

if TYPE_CHECKING:
    from rich.console import Console

    from mlgitops.adapters.git_repository.repository import GitRepository
    from mlgitops.cli.spec_sources import SpecSources
    from mlgitops.model.spec import Specs
    from mlgitops.model.state import Stamp
    from mlgitops.ports import (
        DecisionLog,
        ExpressionEngine,
        Forge,
        ModelRegistry,
        Progress,
        Signer,
        StepStore,
        Tables,
        Worker,
    )
    from mlgitops.spec.documents import Documents
    from mlgitops.usecases.check import Checked
    from mlgitops.usecases.plan import ReleaseNeighbours
    from mlgitops.usecases.run import Step

STEP_MODULES = {name: f"mlgitops.usecases.steps.{name}" for name in STEPS}
PACKAGES_OF_A_MODEL = ("mlflow", "numpy", "pandas", "pyarrow", "scikit-learn")


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one clock


def load_step(name: str) -> Step:
    """The module of a step."""
    step: Step = import_module(STEP_MODULES[name])
    return step


class Wiring:
    """The neighbours of one command, each built when it is first asked for.

    *texts* collects the specs that were read, so that an error can show the line.
    """

    def __init__(
        self, directory: Path, environ: MutableMapping[str, str], texts: dict[str, str]
    ) -> None:
        self._directory = directory
        self.environ = environ
        self._texts = texts
        self._closing = ExitStack()
        self._worker_is_forbidden = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def forbid_worker(self) -> None:
        """From now on no user code is started."""
        self._worker_is_forbidden = True

    @property
    def directory(self) -> Path:
        """Where the command was told to work: what paths of arguments begin from."""
        return self._directory

    @property
    def texts(self) -> Mapping[str, str]:
        """The specs that were read, by path, so that what is said can show the line."""
        return self._texts

    @cached_property
    def root(self) -> Path:
        """The repository that the command works in."""
        from mlgitops.adapters.git_repository.repository import discover

        return discover(self._directory)

    @cached_property
    def repository(self) -> GitRepository:
        """The git repository."""
        from mlgitops.adapters.git_repository.repository import GitRepository

        return GitRepository(self.root)

    @cached_property
    def _sources(self) -> SpecSources:
        from mlgitops.cli.spec_sources import SpecSources

        return SpecSources(self.repository, self._texts)

    @cached_property
    def specs(self) -> Specs:
        """The specs in the work tree: what `check` and `run` go by."""
        return self._sources.here()

    @cached_property
    def desired(self) -> Specs:
        """The specs at the tip of the project's branch: what reconcile goes by."""
        return self._sources.desired()

    @property
    def desired_commit(self) -> str:
        """The commit that `desired` was read from."""
        return self._sources.desired_commit

    def specs_at(self, ref: str) -> Specs:
        """The specs of any commit, to judge by."""
        return self._sources.at(ref)

    def documents(self) -> tuple[Documents, Mapping[str, str]]:
        """The specs in the work tree with their places, and their texts by path."""
        return self._sources.documents()

    def check(self) -> Checked:
        """Check the specs in the work tree."""
        return self._sources.check(self.engine)

    @cached_property
    def store(self) -> StepStore:
        """The local store below `.mlgitops`.

        Raises:
            SpecError: git tracks that folder.
        """
        from mlgitops.cli.own_folder import store_below

        _, tracked = self._head
        return store_below(self.root, tracked)

    @cached_property
    def decisions(self) -> DecisionLog:
        """The decisions made on this machine, below `.mlgitops`.

        Raises:
            SpecError: git tracks that folder.
        """
        from mlgitops.cli.own_folder import decisions_below

        _, tracked = self._head
        return decisions_below(self.root, tracked)

    @cached_property
    def registry(self) -> ModelRegistry:
        """The MLflow that the work tree names: where `run` registers."""
        return registry_at(self.specs.project.registry, self.root, self.environ)

    @cached_property
    def desired_registry(self) -> ModelRegistry:
        """The MLflow that the project's branch names: where releases are live."""
        return registry_at(self.desired.project.registry, self.root, self.environ)

    @cached_property
    def forge(self) -> Forge:
        """Where pull requests of this project live, as its branch says."""
        from mlgitops.adapters.local_forge import LocalForge

        project = self.desired.project
        return LocalForge(self.repository, self.desired_commit, project.forge.remote)

    @cached_property
    def engine(self) -> ExpressionEngine:
        """The child process that evaluates policies."""
        from mlgitops.adapters.cel_engine.engine import CelEngine

        return CelEngine()

    @cached_property
    def signer(self) -> Signer | None:
        """Signs evidence, if the environment has a key."""
        from mlgitops.cli import signing

        return signing.signer(self.environ)

    @cached_property
    def tables(self) -> Tables:
        """Sources and tables."""
        from mlgitops.adapters.tables.arrow_tables import ArrowTables

        return ArrowTables(self.root, self.environ)

    @cached_property
    def worker(self) -> Worker:
        """Zone Z0."""
        from mlgitops.adapters.process_worker.worker import ProcessWorker
        from mlgitops.cli.no_worker import NoWorker

        if self._worker_is_forbidden:
            return NoWorker()
        scratch = self.store.scratch()
        worker = ProcessWorker(self.root, scratch, self.environ)
        self._closing.callback(worker.close)
        return worker

    @cached_property
    def console(self) -> Console:
        """Where tables are drawn; colours only on a terminal."""
        from rich.console import Console

        from mlgitops.cli.output import has_colours

        # By itself, rich leaves bold and dim where only colours are unwanted.
        system: Literal["auto"] | None = "auto" if has_colours(sys.stdout, self.environ) else None
        return Console(highlight=False, soft_wrap=False, color_system=system)

    @cached_property
    def progress(self) -> Progress:
        """A spinner on a terminal, a line a step elsewhere."""
        from mlgitops.cli.progress import on_terminal_or_plain

        return on_terminal_or_plain(self.environ)

    @cached_property
    def clock(self) -> SystemClock:
        """The time."""
        return SystemClock()

    def release_neighbours(self, *, is_rewritten: bool = False) -> ReleaseNeighbours:
        """What `desired` is compared with; *is_rewritten*: whatever git's history says."""
        from mlgitops.usecases.plan import REWRITTEN, ReleaseNeighbours

        lineage = REWRITTEN if is_rewritten else self.repository
        return ReleaseNeighbours(self.desired_registry, lineage)

    @property
    def stamp(self) -> Stamp:
        """What reconcile records beside a release: the commit, the time, the run."""
        from mlgitops.model.state import Stamp

        run = self.environ.get("GITHUB_RUN_ID")
        by = f"run {run}" if run else self.actor
        return Stamp(self.desired_commit, self.clock.now(), by)

    @property
    def actor(self) -> str:
        """Who started this: the workflow's actor, or whoever commits here."""
        return self.environ.get("GITHUB_ACTOR") or self.repository.identity()

    @cached_property
    def commit(self) -> str:
        """HEAD, empty before the first commit."""
        return self._head[0]

    @cached_property
    def _head(self) -> tuple[str, tuple[str, ...]]:
        return self.repository.head()

    @cached_property
    def dirty(self) -> bool:
        """Whether tracked files, or what lies among specs and code, differ from HEAD."""
        from mlgitops.spec.placement import PROJECT_FILE, SPEC_FOLDER

        pipelines = self.specs.pipelines.values()
        code = {path for pipeline in pipelines for path in pipeline.train.code}
        code |= {one.code for pipeline in pipelines for one in pipeline.evaluate.functions}
        return self.repository.is_dirty((PROJECT_FILE, SPEC_FOLDER, *sorted(code)))

    @property
    def trigger(self) -> str:
        """The event that started the workflow."""
        return self.environ.get("GITHUB_EVENT_NAME", "manual")

    @property
    def workflow(self) -> str:
        """The workflow that runs us."""
        return self.environ.get("GITHUB_WORKFLOW_REF", "local")

    @cached_property
    def versions(self) -> dict[str, str]:
        """Installed versions that training depends on, by package."""
        from mlgitops.cli.installed import versions

        found = versions(PACKAGES_OF_A_MODEL)
        return {"python": sys.version.partition(" ")[0]} | {
            package: version or "absent" for package, version in found.items()
        }

    def model(self, named: str | None, specs: Specs) -> str:
        """The model that a command is about: the one named, or the only one of *specs*.

        Raises:
            SpecError: none is named and there is not exactly one.
        """
        if named is not None:
            return named
        pipelines = sorted(specs.pipelines)
        if len(pipelines) == 1:
            return pipelines[0]
        raise SpecError(
            "which model?", hint=f"name one of {', '.join(pipelines)}" if pipelines else None
        )
