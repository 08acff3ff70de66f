"""`ports.Repository` on git: reads objects, and writes branches beside the work tree.

Neither the user's index nor the work tree is ever touched, and no commit hook
runs: a branch is made of objects only, in an index of its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from importlib.machinery import all_suffixes
from pathlib import Path

from mlgitops.adapters.git_repository import lineage
from mlgitops.adapters.git_repository.program import Git, GitObject
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.ports import Commit


def discover(start: Path, env: Mapping[str, str] | None = None) -> Path:
    """The top folder of the work tree that *start* is in.

    Raises:
        SpecError: *start* is in no work tree, or git is not installed.
    """
    return Path(Git(start, env).line("rev-parse", "--show-toplevel"))


class GitRepository:
    """The repository whose work tree has the top folder *root*.

    *env* is the environment that git runs in, None for this process's own.
    """

    def __init__(self, root: Path, env: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._git = Git(root, env)
        self._tips: set[str] = set()

    @property
    def root(self) -> Path:
        return self._root

    def resolve(self, ref: str) -> str | None:
        found = self._git.objects([f"{ref}^{{commit}}"])[0]
        return found.name if found else None

    def tip(self, branch: str) -> str | None:
        # `resolve` would not do: from the fullest of names, too, git falls back on tags.
        places = (f"refs/heads/{branch}", f"refs/remotes/{branch}")
        listed = self._listed(places)
        found = next((listed[place] for place in places if place in listed), None)
        if found is not None:
            self._tips.add(found)
        return found

    def head(self) -> tuple[str, tuple[str, ...]]:
        """HEAD's commit and the names at the top of its tree; empty before the first commit."""
        commit, tree = self._git.objects(["HEAD^{commit}", "HEAD^{tree}"])
        return (commit.name, tree.entries) if commit and tree else ("", ())

    def checked_out(self) -> str:
        """The branch that is checked out, also before its first commit; empty for none."""
        return self._git.line("branch", "--show-current")

    def commit(self, ref: str) -> Commit:
        return self._commits([ref])[0]

    def read(self, path: str, ref: str) -> str | None:
        return self.read_at(path, [ref])[0]

    def read_bytes(self, path: str, ref: str) -> bytes | None:
        return self.read_blobs([path], ref)[0]

    def read_blobs(self, paths: Sequence[str], ref: str) -> tuple[bytes | None, ...]:
        names = [f"{ref}:{path}" for path in paths]
        commit, *objects = self._git.objects([f"{ref}^{{commit}}", *names])
        if commit is None:
            raise _unknown(ref)
        return tuple(found.content if found and found.kind == "blob" else None for found in objects)

    def read_at(self, path: str, refs: Sequence[str]) -> tuple[str | None, ...]:
        names = [name for ref in refs for name in (f"{ref}^{{commit}}", f"{ref}:{path}")]
        objects = self._git.objects(names)
        for ref, commit in zip(refs, objects[::2], strict=True):
            if commit is None:
                raise _unknown(ref)
        return tuple(
            _text(found, path) if found and found.kind == "blob" else None
            for found in objects[1::2]
        )

    def read_all(self, paths: str | Sequence[str], ref: str) -> dict[str, str]:
        entries = self.digests([paths] if isinstance(paths, str) else paths, ref)
        objects = self._git.objects(list(entries.values()))
        return {
            path: _text(found, path)
            for path, found in zip(entries, objects, strict=True)
            if found is not None
        }

    def digests(self, paths: Sequence[str], ref: str) -> dict[str, str]:
        return self._git.files(paths, ref)

    def history(self, path: str, ref: str) -> tuple[Commit, ...]:
        if self._is_shallow:
            raise _shallow()
        return self._commits(lineage.changing(self._git, path, self._required(ref)))

    def contained(self, commits: Collection[str], of: str) -> frozenset[str]:
        found = lineage.contained(self._git, commits, self._required(of))
        if len(found) < len(set(commits)) and self._is_shallow:
            raise _shallow()
        return found

    def parent(self, commit: str) -> str | None:
        return self.resolve(f"{self._required(commit)}^1")

    def is_ancestor(self, ancestor: str, of: str) -> bool:
        commits = (self._required(ancestor), self._required(of))
        return self._git.claims("merge-base", "--is-ancestor", *commits)

    def is_merged(self, ref: str, into: str) -> bool:
        listed = self._git.line("cherry", self._required(into), self._required(ref))
        return not any(line.startswith("+") for line in listed.splitlines())

    def is_dirty(self, code: Sequence[str] = ()) -> bool:
        if self._git.output("status", "--porcelain", "--untracked-files=no"):
            return True
        if not code:
            return False
        # A name may be that of a folder or of a module.
        paths = [path for name in code for path in (name, f"{name}.py")]
        listing = ("status", "--porcelain", "-z", "--untracked-files=all", "--ignored=traditional")
        listed = os.fsdecode(self._git.output(*listing, "--", *paths))
        return any(map(_may_be_code, listed.split("\0")[:-1]))

    def tracks(self, path: str) -> bool:
        """Whether the index has *path*, or something below it."""
        return bool(self._git.output("ls-files", "-z", "--", path))

    def tracked_with(self, texts: Sequence[str]) -> dict[str, int]:
        """Tracked files that hold each of *texts* in the work tree, binary ones too.

        With each path the first line, from 1, that has one of them.
        """
        return self._git.lines_with(texts)

    def identity(self) -> str:
        return self._git.line("var", "GIT_COMMITTER_IDENT").rpartition("> ")[0] + ">"

    def branches(self, prefix: str) -> tuple[str, ...]:
        listed = self._git.line("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
        found: dict[str, str] = {}
        for line in listed.splitlines():
            _, where, name = line.split("/", 2)
            branch = name if where == "heads" else name.partition("/")[2]
            if branch.startswith(prefix):
                found.setdefault(branch, name)  # ours are listed before the remotes'
        return tuple(found[branch] for branch in sorted(found))

    def write_branch(
        self, branch: str, base: str, changes: Mapping[str, str | None], message: str
    ) -> str:
        parent = self._required(base)
        tree = self._tree(parent, changes)
        known = self._known(branch)
        commit = self._same(known.values(), tree, parent, message) or self._git.line(
            "commit-tree", tree, "-p", parent, stdin=message.encode()
        )
        before = known.get(f"refs/heads/{branch}", "")
        if commit != before:
            self._refuse_checked_out(branch)
            self._git.output("update-ref", f"refs/heads/{branch}", commit, before)
        return commit

    def delete_branch(self, branch: str) -> None:
        before = self._known(branch).get(f"refs/heads/{branch}")
        if before is not None:
            self._refuse_checked_out(branch)
            self._git.output("update-ref", "-d", f"refs/heads/{branch}", before)

    def push(self, remote: str, branch: str) -> None:
        ref = f"refs/heads/{branch}"
        known = self._known(branch)
        theirs = known.get(f"refs/remotes/{remote}/{branch}")
        if theirs is None:
            theirs = self._git.line("ls-remote", "--", remote, ref).partition("\t")[0]
        ours = ref if ref in known else ""
        if ours or theirs:
            # The lease keeps what someone else pushed to the branch since we saw it.
            lease = f"--force-with-lease={ref}:{theirs}"
            self._git.output("push", "--quiet", lease, "--", remote, f"{ours}:{ref}")

    @cached_property
    def _is_shallow(self) -> bool:
        return self._git.line("rev-parse", "--is-shallow-repository") == "true"

    def _required(self, ref: str) -> str:
        # The full name of a commit stays its name: no process to learn that again.
        commit = ref if ref in self._tips else self.resolve(ref)
        if commit is None:
            raise _unknown(ref)
        return commit

    def _commits(self, refs: Sequence[str]) -> tuple[Commit, ...]:
        objects = self._git.objects([f"{ref}^{{commit}}" for ref in refs])
        commits = []
        for ref, found in zip(refs, objects, strict=True):
            if found is None:
                raise _unknown(ref)
            commits.append(lineage.commit(found))
        return tuple(commits)

    def _tree(self, base: str, changes: Mapping[str, str | None]) -> str:
        """Write the tree of *base* with *changes*; return its name."""
        from tempfile import TemporaryDirectory

        # `--index-info` would skip a path that git does not allow, without a word.
        added: list[str] = []
        for path, text in changes.items():
            if text is not None:
                blob = self._git.line("hash-object", "-w", "--stdin", stdin=text.encode())
                added += ("--cacheinfo", f"100644,{blob},{path}")
        removed = [path for path, text in changes.items() if text is None]
        try:
            with TemporaryDirectory(prefix="mlgitops-") as folder:
                env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
                self._git.output("read-tree", base, env=env)
                edits = ("--add", "--replace", *added, "--force-remove", "--", *removed)
                self._git.output("update-index", *edits, env=env)
                return self._git.line("write-tree", env=env)
        except OSError as error:
            raise Unavailable(
                f"cannot write a temporary index: {error.strerror}", hint="free some space"
            ) from error

    def _same(self, commits: Iterable[str], tree: str, parent: str, message: str) -> str | None:
        """One of *commits* that a new one would differ from by author and time only."""
        start = f"tree {tree}\nparent {parent}\nauthor ".encode()
        for found in self._git.objects(list(commits)):
            if found and found.content.startswith(start):
                _, _, text = found.content.partition(b"\n\n")
                if text == message.encode():
                    return found.name
        return None

    def _known(self, branch: str) -> dict[str, str]:
        """Commits by full ref: our branch, and the remotes' as last seen."""
        places = (f"refs/heads/{branch}", f"refs/remotes/*/{branch}")
        found = self._listed(places)
        # git also lists what lies below a ref's name
        return {ref: commit for ref, commit in found.items() if ref.endswith(f"/{branch}")}

    def _listed(self, places: Sequence[str]) -> dict[str, str]:
        """Commits by full ref, of all branches that *places*, as git's patterns, match."""
        listed = self._git.line("for-each-ref", "--format=%(refname) %(objectname)", *places)
        return dict(line.rsplit(" ", 1) for line in listed.splitlines())

    def _refuse_checked_out(self, branch: str) -> None:
        # Moving a branch below a work tree would make all its files look changed.
        where = self._git.line("for-each-ref", "--format=%(worktreepath)", f"refs/heads/{branch}")
        if where.strip():
            raise SpecError(
                f"the branch {branch!r} is checked out in {where.strip()}",
                hint="switch to another branch there, e.g. `git switch -`, then try again",
            )


def _may_be_code(entry: str) -> bool:
    """Whether what `git status` says of a file that HEAD lacks makes the code another."""
    how, path = entry[:2], entry[3:]
    if "__pycache__" in path.split("/"):
        return False
    # Of a repository within this one, only the folder is listed.
    return how != "!!" or path.endswith(("/", *all_suffixes()))


def _text(found: GitObject, path: str) -> str:
    try:
        return found.content.decode()
    except UnicodeDecodeError as error:
        raise SpecError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error


def _shallow() -> SpecError:
    return SpecError(
        "this clone is shallow, so the history of releases is cut off",
        hint="run `git fetch --unshallow`; in GitHub Actions set `fetch-depth: 0`",
    )


def _unknown(ref: str) -> SpecError:
    return SpecError(
        f"there is no branch, tag or commit {ref!r} in this repository",
        hint="list branches with `git branch --all`; a new repository needs its first commit",
    )
