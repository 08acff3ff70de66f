"""ext: what other tools found out, read from the JSON files that they wrote.

The files are named by the pipeline and lie in the repository, committed or written
before the run by a scanner. They are data, taken as they are: nothing is run.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NoReturn

from mlgitops.model.digest import canonical_json, digest_of_bytes
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.usecases.context import RunContext

LARGEST_BYTES = 64 << 10
_DEEPEST = 32


def reports(run: RunContext) -> dict[str, Any]:
    """The documents that the pipeline's `evaluate.reports` names, by name.

    Raises:
        SpecError: a file is not there, is a link or too large, or is no strict JSON.
    """
    return {name: _document(run, name) for name in run.pipeline.evaluate.reports}


def report_digests(run: RunContext) -> dict[str, str]:
    """Digests of the files by `report <name>`.

    Raises:
        SpecError: a file is not there, is a link or too large.
    """
    names = run.pipeline.evaluate.reports
    return {f"report {name}": digest_of_bytes(_content(run, name)) for name in names}


def _document(run: RunContext, name: str) -> Any:
    try:
        document = json.loads(
            _content(run, name).decode(),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
        )
        canonical_json(document)
        _refuse_depth(document, _DEEPEST)
    except (ValueError, RecursionError) as error:
        raise SpecError(
            f"{_place(run, name)}: not strict JSON: {error}",
            hint="have the tool write one JSON document in UTF-8, with finite numbers below 1e300 "
            "and no key twice",
        ) from error
    return document


def _content(run: RunContext, name: str) -> bytes:
    """The bytes of the report *name*; a link could lead out of the repository."""
    top = os.path.realpath(run.origin.root)
    file = os.path.normpath(os.path.join(top, run.pipeline.evaluate.reports[name]))  # noqa: PTH118 - as realpath
    place = _place(run, name)
    if os.path.realpath(file) != file or not file.startswith(f"{top}{os.sep}"):
        raise SpecError(
            f"{place}: a link, or outside of the repository",
            hint="name the file itself, below the repository's root",
        )
    if not os.path.isfile(file):  # noqa: PTH113 - as realpath
        raise SpecError(
            f"{place}: there is no such file",
            hint="have the tool write its report there before `mlgitops run`, or remove the entry",
        )
    try:
        with open(file, "rb") as opened:  # noqa: PTH123 - as realpath
            content = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise SpecError(f"{place}: cannot be read: {error.strerror}") from error
    if len(content) > LARGEST_BYTES:
        raise SpecError(
            f"{place}: more than {LARGEST_BYTES:,} bytes",
            hint="keep what a policy asks for, such as counts by severity",
        )
    return content


def _place(run: RunContext, name: str) -> str:
    path = run.pipeline.evaluate.reports[name]
    return f"mlops/pipelines/{run.pipeline.name}.yaml: evaluate.reports.{name}: {path}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} appears twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that evidence may hold")


def _refuse_depth(value: Any, left: int) -> None:
    if not isinstance(value, dict | list):
        return
    if not left:
        raise ValueError(f"values are nested more than {_DEEPEST} deep")
    for below in value.values() if isinstance(value, dict) else value:
        _refuse_depth(below, left - 1)
