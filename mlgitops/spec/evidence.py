"""The evidence document on disk: canonical JSON, checked by its closed schema.

What does not fit raises `SpecError` with the place as a JSON pointer. Numbers
that JSON readers differ on (NaN, infinities, 1e300 and beyond) and repeated keys
are refused, so that everyone reads the same document from the same bytes.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from mlgitops.model.digest import canonical_json, short
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.source import Diagnostic, Span
from mlgitops.spec.acceptance import Predicate, compiled
from mlgitops.spec.bundled import folder
from mlgitops.spec.problems import refusal

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

LARGEST_BYTES = 1 << 20
_MOST_SHOWN = 10
_HINT = "evidence is written by `mlgitops run` and never edited; run the pipeline again"


def encode(evidence: Evidence) -> bytes:
    """The bytes whose digest names *evidence*.

    Raises:
        SpecError: the document breaks its schema, or is too large.
    """
    _check(evidence)
    try:
        content = canonical_json(evidence)
    except ValueError as error:
        raise SpecError(f"the evidence has no canonical form: {error}", hint=_HINT) from error
    _check_size(content)
    return content


def decode(content: bytes) -> Evidence:
    """The document in *content*.

    Raises:
        SpecError: *content* is not such a document.
    """
    _check_size(content)
    try:
        document = json.loads(
            content.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
        canonical_json(document)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"the evidence is not sound JSON: {error}", hint=_HINT) from error
    _check(document)
    return cast("Evidence", document)


def example() -> Evidence:
    """A sound document with every section, which tests of policies begin with."""
    return decode((folder("policies") / "tests" / "evidence.json").read_bytes())


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of the document; shared, so that no one may change it."""
    text = (folder("schemas") / "evidence.schema.json").read_text(encoding="utf-8")
    return cast("Mapping[str, Any]", json.loads(text))


def path(evidence_digest: str, candidate: str, model: str) -> str:
    """Where evidence lies in the repository, named by candidate and content."""
    return f"mlops/evidence/{model}/{short(candidate)}-{short(evidence_digest)}.json"


def attachment(evidence_digest: str, environment: str) -> str:
    """Where evidence lies in its version's run, named by content: newer evidence leaves it."""
    return f"evidence/{environment}-{short(evidence_digest)}.json"


def read(root: Path, file: str) -> bytes | None:
    """The bytes of *file* below *root* as git would keep them, None where it keeps none.

    Of a link git keeps where it leads, and below a linked folder nothing. Of a
    file that is too large the beginning is read, which no digest of evidence fits.

    Raises:
        SpecError: it cannot be read.
    """
    top = os.path.realpath(root)
    place = Path(top, file)
    if os.path.realpath(place.parent) != str(place.parent):
        return None
    try:
        mode = place.lstat().st_mode
        if stat.S_ISLNK(mode):
            return os.fsencode(place.readlink())
        if not stat.S_ISREG(mode):
            return None
        with place.open("rb") as opened:
            return opened.read(LARGEST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise refusal([Diagnostic("SPEC116", message, Span(file, 1, 1, 0, 0))]) from error


def _check_size(content: bytes) -> None:
    if len(content) > LARGEST_BYTES:
        raise SpecError(
            f"the evidence has {len(content):,} bytes; {LARGEST_BYTES:,} are allowed",
            hint="cut fewer slices: each adds an entry for every metric",
        )


def _check(document: Any) -> None:
    if _accepts()(document):
        return
    problems = sorted(
        _validator().iter_errors(document), key=lambda error: list(map(str, error.absolute_path))
    )
    if not problems:
        return
    lines = [f"{_pointer(problem.absolute_path)}: {problem.message[:200]}" for problem in problems]
    more = len(lines) - _MOST_SHOWN
    shown = lines[:_MOST_SHOWN] + ([f"… and {more} more"] if more > 0 else [])
    raise SpecError(
        f"the evidence breaks its schema at {lines[0]}",
        hint=_HINT,
        details="\n".join(shown) if len(lines) > 1 else None,
    )


@cache
def _accepts() -> Predicate:
    """What says quickly that a document is right; `_validator` says why one is not."""
    return compiled(schema())


@cache
def _validator() -> Validator:
    # Here, not at the top: it takes a tenth of a second that few verbs need.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


def _pointer(parts: Iterable[str | int]) -> str:
    """RFC 6901; the whole document is `/` here, since nothing would be seen."""
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {repeated!r} appears twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that evidence may hold")
