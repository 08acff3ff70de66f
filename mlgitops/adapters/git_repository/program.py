"""Runs the `git` program and says what its refusals mean.

Plumbing commands only, so that the user's settings do not change what is
printed; identity, remotes and ways to sign in are still the user's own.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlgitops.model.errors import MlgitopsError, PlanIsStale, SpecError, Unavailable

# What git sets for its hooks, and what points to another repository than ours.
_POINTS_ELSEWHERE = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)
_SETTINGS = {
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",  # or `status` would rewrite the user's index
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# Programs that a repository's own settings would have git run, with our environment:
# a job can write to .git/config.
_NO_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")

_REGULAR = ("100644", "100755")

# Also of files that .gitattributes calls binary, and whatever the user's settings of grep are.
_SEARCH = (
    *("--text", "--fixed-strings", "--all-match", "--only-matching", "--line-number"),
    *("-z", "--full-name", "--no-color", "--no-column", "--no-recurse-submodules"),
)
# A path may have line ends, and a match has none. Some versions write a colon after the number.
_MATCH = re.compile(rb"([^\0]+)\0([0-9]+)[\0:][^\n]*\n")


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object as git stores it; *kind* is `blob`, `commit`, `tag` or `tree`."""

    name: str
    kind: str
    content: bytes

    @property
    def entries(self) -> tuple[str, ...]:
        """Names of what a tree holds: each entry is `<mode> <name>`, NUL, and a raw object name."""
        found, at, raw_bytes = [], 0, len(self.name) // 2
        while at < len(self.content):
            end = self.content.index(b"\0", at)
            found.append(os.fsdecode(self.content[at:end].partition(b" ")[2]))
            at = end + 1 + raw_bytes
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What git prints, as which error, and what to do next."""

    phrases: tuple[str, ...]
    error: type[MlgitopsError]
    hint: str


_REFUSALS = (
    _Refusal(
        ("not a git repository", "must be run in a work tree"),
        SpecError,
        "run mlgitops inside a git repository, or make one with `git init`",
    ),
    _Refusal(
        ("detected dubious ownership",),
        SpecError,
        "another user owns this folder; if you trust it, run the `git config` line above",
    ),
    _Refusal(
        (
            "Not a valid object name",
            "Not a valid commit name",
            "bad revision",
            "unknown revision",
            "unknown commit",
        ),
        SpecError,
        "list branches with `git branch --all`; a new repository needs its first commit",
    ),
    _Refusal(
        ("Please tell me who you are", "unable to auto-detect email", "empty ident name"),
        SpecError,
        "set `git config user.name` and `git config user.email`",
    ),
    _Refusal(
        ("does not appear to be a git repository", "No such remote"),
        SpecError,
        "list remotes with `git remote -v`; the project's forge names one of them",
    ),
    _Refusal(
        ("Invalid path",),
        SpecError,
        "a path is relative to the repository's top folder and stays inside it",
    ),
    _Refusal(
        ("; cannot create 'refs/",),
        SpecError,
        "a branch of that shorter name is in the way: rename it with `git branch -m`",
    ),
    _Refusal(
        ("but expected", "reference already exists", "stale info", "[rejected]", "fetch first"),
        PlanIsStale,
        "someone else moved the branch: run `git fetch`, look at it, then try again",
    ),
    _Refusal(
        (".lock': File exists",),
        Unavailable,
        "another git process is at work here: try again when it has ended",
    ),
)


class Git:
    """The program, in one folder and with one environment (None: this process's)."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None) -> None:
        self._folder = folder
        inherited = os.environ if env is None else env  # noqa: TID251 - handed on, not read
        kept = {key: value for key, value in inherited.items() if key not in _POINTS_ELSEWHERE}
        self._env = kept | _SETTINGS

    def output(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> bytes:
        """What `git` prints.

        Raises:
            SpecError, PlanIsStale, Unavailable: git refused, and why.
        """
        ended = self._run(arguments, stdin, env or {})
        if ended.returncode != 0:
            raise _refused(arguments, ended)
        return ended.stdout

    def line(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> str:
        """What `git` prints as text, without its line end."""
        return os.fsdecode(self.output(*arguments, stdin=stdin, env=env).removesuffix(b"\n"))

    def claims(self, *arguments: str) -> bool:
        """Whether `git` says yes (exit code 0) rather than no (1)."""
        ended = self._run(arguments, b"", {})
        if ended.returncode not in (0, 1):
            raise _refused(arguments, ended)
        return ended.returncode == 0

    def lines_with(self, texts: Sequence[str]) -> dict[str, int]:
        """The first line that has one of *texts*, by the path of each file that has all."""
        asked = ["grep", *_SEARCH, *(part for text in texts for part in ("-e", text))]
        ended = self._run(asked, b"", {})
        if ended.returncode not in (0, 1):  # 1: nothing was found
            raise _refused(asked, ended)
        found: dict[str, int] = {}
        for path, line in _MATCH.findall(ended.stdout):
            found.setdefault(os.fsdecode(path), int(line))
        return found

    def objects(self, names: Sequence[str]) -> list[GitObject | None]:
        """The objects that *names* name, in one process; None where there is none."""
        if not names:
            return []
        # No object can be asked for by a name with a line end; the empty name is missing.
        asked = "".join("\n" if "\n" in name else f"{name}\n" for name in names)
        answer = self.output("cat-file", "--batch", stdin=os.fsencode(asked))
        return list(_batch(answer, len(names)))

    def files(self, paths: Sequence[str], ref: str) -> dict[str, str]:
        """Object names of the regular files at and below *paths* of *ref*, by path, sorted."""
        if not paths:
            return {}
        places = () if "" in paths else paths
        listed = self.output("ls-tree", "-r", "-z", "--end-of-options", ref, *places)
        found = {}
        for line in os.fsdecode(listed).split("\0")[:-1]:
            head, _, path = line.partition("\t")
            mode, _, name = head.split(" ")
            if mode in _REGULAR:
                found[path] = name
        return dict(sorted(found.items()))

    def _run(
        self, arguments: Sequence[str], stdin: bytes, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", *_NO_PROGRAMS, *arguments],
                cwd=self._folder,
                env=self._env | dict(env),
                input=stdin,
                capture_output=True,
                check=False,
            )
        except OSError as error:
            if not self._folder.is_dir():
                raise SpecError(f"there is no folder {self._folder}") from error
            raise SpecError(
                f"git could not be started: {error.strerror}", hint="install git 2.36 or newer"
            ) from error


def _batch(answer: bytes, count: int) -> Iterator[GitObject | None]:
    at = 0
    for _ in range(count):
        end = answer.index(b"\n", at)
        head, at = answer[at:end], end + 1
        if head.endswith((b" missing", b" ambiguous")):
            yield None
            continue
        name, kind, size = head.decode().split(" ")
        yield GitObject(name, kind, answer[at : at + int(size)])
        at += int(size) + 1


def _refused(arguments: Sequence[str], ended: subprocess.CompletedProcess[bytes]) -> MlgitopsError:
    said = ended.stderr.decode(errors="replace").strip()
    for refusal in _REFUSALS:
        if any(phrase in said for phrase in refusal.phrases):
            return refusal.error(f"git: {said}", hint=refusal.hint)
    return Unavailable(
        f"`git {' '.join(arguments)}` ended with {ended.returncode}: {said or 'no reason given'}",
        hint="run that command yourself to see more",
    )
