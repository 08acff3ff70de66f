"""Answers for programs: with `--format json` stdout holds one document, whatever happens."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from mlgitops.model.errors import MlgitopsError
from mlgitops.reports import documents
from mlgitops.reports.harmless import json_text

_OPTION = "--format"


class Answered(Exception):
    """A verb stops with *error*; *document* is what it found before."""

    def __init__(self, document: Mapping[str, Any], error: MlgitopsError) -> None:
        super().__init__(error.message)
        self.document = document
        self.error = error


def answer(document: Mapping[str, Any], error: MlgitopsError | None = None) -> None:
    """Print what a verb found, the last thing that it does.

    Raises:
        Answered: there is an *error*, which the door tells and puts into the document.
    """
    if error is not None:
        raise Answered(document, error)
    sys.stdout.write(json_text(document))


def cause(error: BaseException) -> BaseException:
    """What a verb stopped for."""
    return error.error if isinstance(error, Answered) else error


def answer_stop(words: Sequence[str], error: BaseException, code: int) -> None:
    """Print why the command line *words* stops with *code*, if it asks for JSON."""
    if asks_for_json(words):
        found = error.document if isinstance(error, Answered) else {}
        answer({**found, "error": documents.stop(cause(error), code)})


def asks_for_json(words: Sequence[str]) -> bool:
    """Whether *words* have `--format json`, also where they are wrong otherwise.

    Like argparse it takes the beginning of the option's name for the option.
    """
    for word, following in pairwise([*words, ""]):
        if word == "--":
            return False
        name, is_joined, value = word.partition("=")
        is_option = len(name) > len("--") and _OPTION.startswith(name)
        if is_option and (value if is_joined else following) == "json":
            return True
    return False
