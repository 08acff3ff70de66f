"""Past decisions, of git and of this machine, with the evidence that they were about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from mlgitops.model import decision_log
from mlgitops.model.decision_log import Entry
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import Decision
from mlgitops.ports import DecisionLog, Repository, StepStore
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.placement import EVIDENCE_FOLDER
from mlgitops.usecases.decisions import entries

_HEAD = "HEAD"


@dataclass(frozen=True)
class Archive:
    """Where decisions and evidence are kept."""

    repository: Repository
    log: DecisionLog
    store: StepStore

    def decided(self) -> tuple[Entry, ...]:
        """Every decision once, those of git first; a promotion's is in both.

        Raises:
            SpecError: a chain is broken, or there is no commit.
        """
        found: dict[str, Entry] = {}
        for entry in (*self._released(), *self._local()):
            found.setdefault(entry.text, entry)
        return tuple(found.values())

    def evidence(self, decision: Decision) -> Evidence | None:
        """What *decision* was about, released or in the store; None when neither has it.

        Raises:
            SpecError: it is no evidence of this version's form.
        """
        path = evidence_file.path(decision.evidence, decision.candidate, decision.model)
        content = self._evidence_at_head.get(path, "").encode()
        if digest_of_bytes(content) != decision.evidence:
            stored = self.store.file(decision.evidence)
            if stored is None:
                return None
            content = stored.read_bytes()
        return evidence_file.decode(content)

    @cached_property
    def _evidence_at_head(self) -> Mapping[str, str]:
        """All of it at once: a process for each would take minutes."""
        return self.repository.read_all(EVIDENCE_FOLDER, _HEAD)

    def _released(self) -> Iterator[Entry]:
        files = self.repository.read_all(decision_log.FOLDER, _HEAD)
        for path, text in files.items():
            yield from entries(decision_log.split(text), place=path)

    def _local(self) -> Iterator[Entry]:
        for model in self.log.models():
            yield from entries(self.log.lines(model), place=f".mlgitops/decisions/{model}.jsonl")


def named(found: tuple[Entry, ...], asked: str) -> Entry:
    """The decision whose id is, or begins with, *asked*.

    Raises:
        SpecError: there is none, or more than one.
    """
    digits = asked.removeprefix("sha256:")
    fitting = [one for one in found if digits and one.id.removeprefix("sha256:").startswith(digits)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise SpecError(f"{len(fitting)} decisions begin with {asked!r}", hint="give more digits")
    raise SpecError(
        f"there is no decision {asked!r}",
        hint="`mlgitops policy replay --all` lists those of HEAD and of this machine",
    )
