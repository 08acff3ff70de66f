"""dependencies: what the model requires, with the licences of what is installed.

Nothing is imported, and nothing of a URL is kept that may be a secret. Licences are those that the
packages state of themselves.
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.examinations import Dependency

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_PLAIN_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/")
"""The beginning of a URL without credentials: what an `@` behind it names is a revision."""

_QUERY = re.compile(r"[?#]")
_OPTIONS = re.compile(r"\s+--")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_LONGEST_LICENCE = 64
_NO_LICENCES = ("", "UNKNOWN")


def dependencies(model: Path) -> list[Dependency]:
    """The lines of the folder's `requirements.txt`, in their order.

    *name* is in its normal form, as scanners write it; *version* is empty unless
    exactly one is required; a line that is no requirement, such as an option of pip,
    has neither version nor licence, and of a URL with credentials what follows them.
    """
    file = model / "requirements.txt"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    lines = (_COMMENT.sub("", line).strip() for line in text.replace("\\\n", " ").splitlines())
    return [_dependency(line) for line in lines if line]


def _dependency(line: str) -> Dependency:
    # Here, not at the top: it is not needed to see that nothing changed.
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    asked = _OPTIONS.split(line, maxsplit=1)[0]
    try:
        requirement = Requirement(asked)
    except InvalidRequirement:
        return Dependency(name=_without_secrets(line), version="", licence="")
    name, version = canonicalize_name(requirement.name), _pinned(requirement)
    return Dependency(name=name, version=version, licence=_licence(name, version))


def _without_secrets(line: str) -> str:
    """The first word of *line*, which is no requirement.

    A password may hold any sign, an `@`, a `/` or a `?` as well, so of a URL that is not
    plainly without one only what follows the last `@` is kept, and that without query and
    fragment; nothing if that cannot be told from a query.
    """
    scheme, separator, url = line.partition("://")
    if not separator:
        return line.split(maxsplit=1)[0].rpartition("@")[2]
    if not _PLAIN_HOST.match(url):
        before, _, url = url.rpartition("@")
        if _QUERY.search(before):
            url = ""
    return f"{scheme}://{_QUERY.split(url, maxsplit=1)[0]}".split(maxsplit=1)[0]


def _pinned(requirement: Requirement) -> str:
    exact = [
        one.version
        for one in requirement.specifier
        if one.operator in ("==", "===") and not one.version.endswith(".*")
    ]
    return exact[0] if len(exact) == 1 else ""


def _licence(name: str, version: str) -> str:
    """The licence that the installed package states; empty for another version than *version*."""
    from packaging.version import InvalidVersion, Version

    try:
        stated = importlib.metadata.metadata(name)
        if version and Version(stated["Version"]) != Version(version):
            return ""
    except (importlib.metadata.PackageNotFoundError, InvalidVersion):
        return ""
    if "License-Expression" in stated:
        return str(stated["License-Expression"]).strip()
    classified = [
        classifier.rpartition(" :: ")[2]
        for classifier in stated.get_all("Classifier") or ()
        if classifier.startswith("License :: ") and classifier != "License :: OSI Approved"
    ]
    if classified:
        return ", ".join(classified)
    text = str(stated["License"]).strip() if "License" in stated else ""
    is_name = len(text) <= _LONGEST_LICENCE and "\n" not in text and text not in _NO_LICENCES
    return text if is_name else ""
