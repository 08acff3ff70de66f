"""A real git repository in a temporary folder, driven by the git program as a person would."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class GitWorkspace:
    """A clone with a work tree; its settings are its own, not the machine's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Two seconds apart for each commit, so that two commits never look alike.
        self._clock = 1_700_000_000
        root.mkdir(parents=True, exist_ok=True)

    @classmethod
    def create(cls, root: Path) -> GitWorkspace:
        """A new repository on `main` with one commit."""
        workspace = cls(root)
        workspace.git("init", "--quiet", "--initial-branch=main")
        workspace.commit({"README.md": "hello\n"}, "Begin")
        return workspace

    @property
    def env(self) -> dict[str, str]:
        """The environment for git: an identity, a clock, and no settings from outside."""
        return {
            "PATH": os.environ["PATH"],  # noqa: TID251 - to find git
            "HOME": str(self.root.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }

    def git(self, *arguments: str) -> str:
        """What git prints, without the last line end."""
        self._clock += 2
        moment = f"{self._clock} +0000"
        dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        return subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env=self.env | dates,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.rstrip("\n")

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write or delete files of the work tree."""
        for name, text in files.items():
            path = self.root / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def commit(self, files: Mapping[str, str | None], message: str) -> str:
        """Change files and commit them; the commit's id."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.head

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, how: str = "merge") -> str:
        """Bring *branch* in as a forge's button does: merge, squash or fast-forward."""
        if how == "squash":
            self.git("merge", "--quiet", "--squash", branch)
            self.git("commit", "--quiet", "--message", f"Squash {branch}")
        elif how == "fast-forward":
            self.git("merge", "--quiet", "--ff-only", branch)
        else:
            self.git("merge", "--quiet", "--no-ff", "--no-edit", branch)
        return self.head

    def revert(self, commit: str) -> str:
        """Undo a commit, or a merge towards its first parent."""
        parents = self.git("rev-list", "--parents", "-n", "1", commit).split()[1:]
        mainline = ["--mainline", "1"] if len(parents) > 1 else []
        self.git("revert", "--no-edit", *mainline, commit)
        return self.head
