"""What to do about a target that is not as git wants it: docs/reconcile.md in a line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlgitops.model.sync import Sync

ADVICE: Mapping[Sync, str] = {
    Sync.SYNCED: "nothing",
    Sync.PENDING: "run `mlgitops reconcile`",
    Sync.ALIAS_MOVED: "if git is right, run `mlgitops drift --heal`; else roll back to the live "
    "version with `mlgitops rollback --version`, or promote it if it never was released",
    Sync.ALIAS_MISSING: "run `mlgitops drift --heal`, or retire the model in git",
    Sync.RECORD_TAMPERED: "find out who edited the tag, then run `mlgitops drift --heal`",
    Sync.RECORD_MISSING: "run `mlgitops reconcile`, which writes the record",
    Sync.VERSION_MISSING: "run `mlgitops rollback`, or promote a version that exists",
    Sync.ARTIFACT_CHANGED: "find out who can write to the artifact store before anything is "
    "released, then promote or roll back to a version whose files are sound",
    Sync.CONFLICT: "if git is behind, `git pull`; if its history was rewritten, run `mlgitops "
    "reconcile --accept-rewritten-history`; else decide who is right, and set the alias by hand "
    "to what git wants, or to what was applied last",
    Sync.UNPROVEN: "bring the release's evidence back, or take the release back with `git revert`; "
    "a signature that lacks, `mlgitops keys sign` makes; `mlgitops check` shows the place",
    Sync.UNMANAGED: "nothing, or promote the model so that git manages it",
    Sync.UNKNOWN: "run it again when the registry is back",
}


def advice(classes: Iterable[Sync]) -> str:
    """What to do about each of *classes*, once; several are told apart by their names."""
    named = list(dict.fromkeys(classes))
    if len(named) == 1:
        return ADVICE[named[0]]
    return ". ".join(f"{sync}: {ADVICE[sync]}" for sync in named)
