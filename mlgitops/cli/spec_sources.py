"""Where the specs of a repository are read: its work tree, its branch, any commit.

Each with the evidence and the keys of the same tree, so that nothing in one tree
vouches for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.adapters.git_repository.repository import GitRepository
    from mlgitops.model.attestation import Trust
    from mlgitops.model.spec import EvidenceReader, Specs
    from mlgitops.ports import ExpressionEngine
    from mlgitops.spec.documents import Documents
    from mlgitops.usecases.check import Checked


class SpecSources:
    """The specs of *repository*.

    *texts* collects those that were read, so that an error can show the line.
    """

    def __init__(self, repository: GitRepository, texts: dict[str, str]) -> None:
        self._repository = repository
        self._texts = texts

    def here(self) -> Specs:
        """The specs in the work tree: what `check` and `run` go by."""
        return self._load(self._files(), self._evidence, self._trust)

    def documents(self) -> tuple[Documents, Mapping[str, str]]:
        """The specs in the work tree with their places, and their texts by path."""
        from mlgitops.spec.load import load_documents, read_builtin

        files = self._files()
        return load_documents(files, read_builtin()), files

    def check(self, engine: ExpressionEngine) -> Checked:
        """Check the specs in the work tree; *engine* compiles their expressions."""
        from mlgitops.usecases.check import check

        git = self._repository
        found = (git.tracks, git.tracked_with)
        return check(self._files(), self._evidence, engine, *found, self._trust)

    def desired(self) -> Specs:
        """The specs at the tip of the project's branch: what reconcile goes by.

        Raises:
            SpecError: they are wrong, or name another branch than the work tree does.
        """
        committed = self._committed(self.desired_commit)
        specs = self._load(committed, self._desired_evidence, self._desired_trust)
        if specs.project.branch != self._branch:
            raise SpecError(
                f"mlgitops.yaml on the branch {self._branch!r} names the branch "
                f"{specs.project.branch!r}, which holds the desired state",
                hint="commit `branch:` in mlgitops.yaml, or take the change back",
            )
        return specs

    def at(self, ref: str) -> Specs:
        """The specs of any commit, to judge by: no Release among them is looked at.

        Raises:
            SpecError: there is no such commit, or its specs are wrong.
        """
        from mlgitops.spec.load import load, read_builtin

        commit = self._repository.resolve(ref)
        if commit is None:
            raise SpecError(f"there is no commit {ref!r} in this clone", hint="git fetch --all")
        return load(self._committed(commit), read_builtin())

    @cached_property
    def desired_commit(self) -> str:
        """The commit that `desired` reads.

        Raises:
            SpecError: the project's branch has none.
        """
        commit = self._repository.tip(self._branch)
        if commit is None:
            from mlgitops.cli import branch

            raise branch.without_commit(self._branch, self._repository.checked_out())
        return commit

    @cached_property
    def _branch(self) -> str:
        from mlgitops.cli import branch

        return branch.named_in(self._repository.root)

    def _files(self) -> dict[str, str]:
        from mlgitops.spec.load import read_folder

        files = read_folder(self._repository.root)
        self._texts.update(files)
        return files

    def _load(self, files: Mapping[str, str], evidence: EvidenceReader, trust: Trust) -> Specs:
        from mlgitops.spec.load import load, read_builtin

        self._texts.update(files)
        return load(files, read_builtin(), evidence=evidence, trust=trust)

    @property
    def _trust(self) -> Trust:
        """Trust in the keys of the work tree."""
        from mlgitops.cli import signing

        return signing.trust(lambda: signing.keys_here(self._repository.root))

    @property
    def _desired_trust(self) -> Trust:
        """Trust in the keys of the commit that `desired` is read from."""
        from mlgitops.cli import signing

        return signing.trust(lambda: signing.keys_at(self._repository, self.desired_commit))

    def _evidence(self, path: str) -> bytes | None:
        """The evidence at *path* of the work tree."""
        from mlgitops.spec import evidence

        return evidence.read(self._repository.root, path)

    def _desired_evidence(self, path: str) -> bytes | None:
        """The evidence at *path* of the commit that `desired` is read from."""
        return self._repository.read_bytes(path, self.desired_commit)

    def _committed(self, commit: str) -> dict[str, str]:
        from mlgitops.spec.placement import FOLDERS, PROJECT_FILE

        files = self._repository.read_all((PROJECT_FILE, *FOLDERS.values()), commit)
        return {path: text for path, text in files.items() if path.endswith(".yaml")}
