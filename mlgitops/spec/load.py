"""Reads every spec of a repository: files → texts → trees → checked values.

Three phases over all files (text, shape, meaning); the next begins only when
the last found nothing, and all that a phase finds is reported at once.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from mlgitops.model.attestation import NOBODY, Trust
from mlgitops.model.dataset import Dataset
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.policy import Policy, PolicyTest, Waiver
from mlgitops.model.source import Diagnostic, Span
from mlgitops.model.spec import Environment, EvidenceReader, Kind, Project, Release, Specs
from mlgitops.spec import meaning, shape
from mlgitops.spec.bundled import folder
from mlgitops.spec.decode import decode
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.placement import EVIDENCE_FOLDER, PROJECT_FILE, SPEC_FOLDER
from mlgitops.spec.problems import refusal
from mlgitops.spec.yaml_events import LARGEST_BYTES
from mlgitops.spec.yaml_tree import Tree, parse

BUILTIN_PREFIX = "builtin/"
_REAL = "put the files themselves here"


def no_evidence(_: str) -> bytes | None:
    """Read the evidence of a tree that has none: no Release in it is proven."""
    return None


def load(
    files: Mapping[str, str],
    builtin: Mapping[str, str],
    *,
    evidence: EvidenceReader = no_evidence,
    trust: Trust = NOBODY,
) -> Specs:
    """The specs that *files*, texts by path in the repository, describe.

    *builtin* are the texts of the policy pack. Files below `mlops/evidence` are
    ignored: *evidence* is there to read them, once somebody asks for one. Without *trust*
    whatever is signed is not proven.

    Raises:
        SpecError: all that one phase found wrong.
    """
    texts = _together(files, builtin)
    documents = _documents(texts, builtin)
    digests = {path: digest_of_bytes(text.encode()) for path, text in texts.items()}
    return replace(_specs(documents, digests, evidence), trust=trust)


def load_documents(files: Mapping[str, str], builtin: Mapping[str, str]) -> Documents:
    """The same, each with its places in its file.

    Raises:
        SpecError: all that one phase found wrong.
    """
    return _documents(_together(files, builtin), builtin)


def load_pack() -> Documents:
    """The built-in policies and their tests, which need no repository around them.

    Raises:
        SpecError: all that one phase found wrong.
    """
    texts = read_builtin() | read_builtin_tests()
    return _documents(texts, texts)


def read_folder(root: Path) -> dict[str, str]:
    """Texts of `mlgitops.yaml` and of `mlops/**/*.yaml` below *root*, by path, sorted.

    Links below *root* are refused, since reconcile reads what git keeps, and of a
    link that is its name. Hidden files are passed over: editors leave them about.

    Raises:
        SpecError: all files that cannot be read as specs.
    """
    texts: dict[str, str] = {}
    problems: list[Diagnostic] = []
    top = root.resolve()
    for path in sorted(_spec_files(top, problems)):
        try:
            texts[path] = _read(top, path)
        except SpecError as error:
            problems += error.diagnostics
    _refuse(problems)
    return texts


def read_builtin() -> dict[str, str]:
    """Texts of the built-in policy pack, by path below `builtin/`."""
    return {
        f"{BUILTIN_PREFIX}{file.name}": file.read_text(encoding="utf-8")
        for file in sorted(folder("policies").glob("*.yaml"))
    }


def read_builtin_tests() -> dict[str, str]:
    """Texts of the tests of the built-in policies, by path below `builtin/tests/`."""
    return {
        f"{BUILTIN_PREFIX}tests/{file.name}": file.read_text(encoding="utf-8")
        for file in sorted((folder("policies") / "tests").glob("*.yaml"))
    }


def _is_evidence(path: str) -> bool:
    return path.startswith(f"{EVIDENCE_FOLDER}/")


def _refuse(problems: Iterable[Diagnostic]) -> None:
    found = list(problems)
    if found:
        raise refusal(found)


def _refuse_no_project(texts: Mapping[str, str]) -> None:
    if PROJECT_FILE not in texts:
        hint = "run this in the repository's root, or add the file with a spec of kind Project"
        raise refusal([_fault("SPEC325", PROJECT_FILE, "there is no mlgitops.yaml", hint)])


def _parsed(texts: Mapping[str, str]) -> list[Tree]:
    trees: list[Tree] = []
    problems: list[Diagnostic] = []
    for path, text in texts.items():
        try:
            trees.append(parse(text, path))
        except SpecError as error:
            problems += error.diagnostics
    _refuse(problems)
    return trees


def _together(files: Mapping[str, str], builtin: Mapping[str, str]) -> dict[str, str]:
    texts = {path: text for path, text in files.items() if not _is_evidence(path)}
    _refuse_no_project(texts)
    return texts | dict(builtin)


def _documents(texts: Mapping[str, str], builtin: Mapping[str, str]) -> Documents:
    trees = _parsed(texts)
    # Each time: what a cache remembers as right could be forged, and saves a millisecond. The
    # pack is a part of this program, whose tests hold it to its schemas.
    written = (tree for tree in trees if tree.file not in builtin)
    _refuse(chain.from_iterable(map(shape.check, written)))
    documents = Documents(_decoded(tree, builtin) for tree in trees)
    _refuse(meaning.check(documents))
    return documents


def _decoded(tree: Tree, builtin: Mapping[str, str]) -> Document:
    kind = Kind(tree.value["kind"])
    return Document(tree, kind, decode(kind, tree.value), is_builtin=tree.file in builtin)


def _specs(documents: Documents, digests: Mapping[str, str], evidence: EvidenceReader) -> Specs:
    projects = [d.spec for d in documents if isinstance(d.spec, Project)]
    releases = [d.spec for d in documents if isinstance(d.spec, Release)]
    return Specs(
        project=projects[0],
        datasets=_by_name(documents, Dataset),
        pipelines=_by_name(documents, Pipeline),
        policies=_by_name(documents, Policy),
        environments=_by_name(documents, Environment),
        releases={(release.environment, release.model): release for release in releases},
        waivers=tuple(_by_name(documents, Waiver).values()),
        texts=digests,
        evidence=evidence,
        policy_tests=_by_name(documents, PolicyTest),
    )


_Named = TypeVar("_Named", Dataset, Pipeline, Policy, Environment, Waiver, PolicyTest)


def _by_name(documents: Documents, kind: type[_Named]) -> dict[str, _Named]:
    specs = [document.spec for document in documents if isinstance(document.spec, kind)]
    return {spec.name: spec for spec in sorted(specs, key=lambda spec: spec.name)}


def _spec_files(root: Path, problems: list[Diagnostic]) -> Iterator[str]:
    """Paths of files that are meant as specs; notes those that would go unread."""
    if os.path.lexists(root / PROJECT_FILE):
        yield PROJECT_FILE
    top = root / SPEC_FOLDER
    if top.is_symlink():
        problems.append(_linked_folder(SPEC_FOLDER))
        return
    for place, folders, names in os.walk(top, followlinks=False):
        below = Path(place).relative_to(root).as_posix()
        for name in sorted(folders):
            path = f"{below}/{name}"
            if path == EVIDENCE_FOLDER or name.startswith("."):
                folders.remove(name)
            elif (root / path).is_symlink():
                problems.append(_linked_folder(path))
        for name in names:
            if name.startswith(".") or not name.lower().endswith((".yaml", ".yml")):
                continue
            path = f"{below}/{name}"
            if name.endswith(".yaml"):
                yield path
            else:
                hint = f"rename it to {Path(name).stem}.yaml"
                problems.append(_fault("SPEC118", path, "only *.yaml files are read", hint))


def _read(top: Path, path: str) -> str:
    """The text of one file, which has to be a small regular file."""
    place = top / path
    try:
        mode = place.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise refusal([_fault("SPEC117", path, "a symbolic link is not followed", _REAL)])
        if not stat.S_ISREG(mode):
            raise refusal([_fault("SPEC117", path, "this is not a regular file", _REAL)])
        with place.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise refusal([_fault("SPEC116", path, f"cannot be read: {error.strerror}")]) from error
    if len(content) > LARGEST_BYTES:
        raise refusal([_fault("SPEC104", path, "the file is larger than 1 MiB", "split it")])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"the byte {content[error.start]:#04x} is not UTF-8"
        raise refusal([_not_utf8(path, content[: error.start].decode(), message)]) from error


def _linked_folder(path: str) -> Diagnostic:
    message = "a symbolic link to a folder is not followed"
    return _fault("SPEC117", path, message, _REAL)


def _not_utf8(path: str, before: str, message: str) -> Diagnostic:
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    span = Span(path, line, column, len(before), len(before))
    return Diagnostic("SPEC116", message, span, "save it as UTF-8")


def _fault(code: str, file: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(code, message, Span(file, 1, 1, 0, 0), hint)
