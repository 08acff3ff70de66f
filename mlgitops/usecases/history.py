"""Past decisions, of git and of this machine, with the evidence that they were about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlgitops.model import decision_log
from mlgitops.model.decision_log import Entry
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import Decision
from mlgitops.ports import DecisionLog, Repository, StepStore
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.decisions import entries

_HEAD = "HEAD"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Archive:
    """Where decisions and evidence are kept."""

    repository: Repository
    log: DecisionLog
    store: StepStore

    def decided(self) -> tuple[Entry, ...]:
        """Every decision once, those of git first; a promotion's is in both.

        Raises:
            SpecError: a chain is broken or holds what is not its own, or there is no commit.
        """
        found: dict[str, Entry] = {}
        for log in self._logs():
            for entry in log.entries():
                found.setdefault(entry.text, entry)
        return tuple(found.values())

    def ending(self, head: str) -> tuple[Entry, ...]:
        """The decisions of the log whose last line has the id *head*.

        Who knows that id, as from a pull request, can so tell that no line is missing.

        Raises:
            SpecError: no log ends so whole, or the one that does holds what is not its own.
        """
        for log in self._logs():
            if decision_log.read(log.lines, head)[1] is None:
                return log.entries()
        raise SpecError(
            f"no log of decisions ends, whole, with {head!r}",
            hint="lines were cut off its end or added there, or it was written anew: "
            "`mlgitops policy replay --all` says whether one is broken",
        )

    def evidence_of(self, found: Sequence[Entry]) -> tuple[Evidence | str, ...]:
        """What each of *found* was about, or why nobody can tell; aligned with *found*.

        It was released, or is in the store. What git has is read in one go.
        """
        wanted = [(_path(entry.decision), entry.decision.evidence) for entry in found]
        paths = list(dict.fromkeys(path for path, _ in wanted))
        at_head = dict(zip(paths, self.repository.read_blobs(paths, _HEAD), strict=True))
        known = {
            (path, digest): self._evidence(digest, at_head[path])
            for path, digest in dict.fromkeys(wanted)
        }
        return tuple(known[one] for one in wanted)

    def _evidence(self, digest: str, at_head: bytes | None) -> Evidence | str:
        content = at_head
        if content is None or digest_of_bytes(content) != digest:
            # What is no digest would be looked for anywhere on the disk.
            stored = self.store.file(digest) if _DIGEST.fullmatch(digest) else None
            if stored is None:
                return "its evidence is neither at HEAD nor in the store"
            content = stored.read_bytes()
        try:
            return evidence_file.decode(content)
        except SpecError as error:
            return f"its evidence cannot be read: {error.message}"

    def _logs(self) -> Iterator[_Log]:
        # Whatever else lies there is none of ours: only these files are read.
        found = {
            path: names
            for path in self.repository.digests([decision_log.FOLDER], _HEAD)
            if (names := decision_log.target(path)) is not None
        }
        contents = self.repository.read_blobs(list(found), _HEAD)
        for (path, (environment, model)), content in zip(found.items(), contents, strict=True):
            text = (content or b"").decode(errors="replace")
            yield _Log(path, decision_log.split(text), model, environment)
        for model in self.log.models():
            yield _Log(f".mlgitops/decisions/{model}.jsonl", self.log.lines(model), model)


@dataclass(frozen=True, slots=True)
class _Log:
    """The *lines* of the file *place*: about *model*, and one *environment* or any."""

    place: str
    lines: tuple[str, ...]
    model: str
    environment: str | None = None

    def entries(self) -> tuple[Entry, ...]:
        return entries(self.lines, place=self.place, model=self.model, environment=self.environment)


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


def _path(decision: Decision) -> str:
    return evidence_file.path(decision.evidence, decision.candidate, decision.model)
