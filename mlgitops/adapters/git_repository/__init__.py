"""Adapter: the git repository, through the `git` program."""

from mlgitops.adapters.git_repository.repository import GitRepository, discover

__all__ = ["GitRepository", "discover"]
