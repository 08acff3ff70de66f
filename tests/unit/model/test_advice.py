from __future__ import annotations

import re
from pathlib import Path

from mlgitops.cli.app import VERBS
from mlgitops.model.advice import ADVICE, advice
from mlgitops.model.sync import Sync

DOCS = Path(__file__).parents[3] / "docs" / "reconcile.md"


def test_there_is_advice_for_every_class_here_and_in_the_docs() -> None:
    told = DOCS.read_text(encoding="utf-8").partition("## What to do")[2]

    assert set(ADVICE) == set(Sync)
    for sync in set(Sync) - {Sync.SYNCED}:
        assert re.search(rf"^\|.*`{sync}`.*\|", told, re.MULTILINE), sync


def test_advice_names_commands_that_there_are_and_no_file_of_ours() -> None:
    for text in ADVICE.values():
        assert "docs/" not in text
        assert set(re.findall(r"`mlgitops (\w+)", text)) <= set(VERBS)


def test_one_class_needs_no_name_and_several_are_told_once_each() -> None:
    assert advice([Sync.PENDING, Sync.PENDING]) == ADVICE[Sync.PENDING]
    assert advice([]) == ""

    told = advice([Sync.PENDING, Sync.CONFLICT, Sync.PENDING])
    assert told == f"pending: {ADVICE[Sync.PENDING]}. conflict: {ADVICE[Sync.CONFLICT]}"
