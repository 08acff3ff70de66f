"""The local store below `.mlgitops`: outputs by content, records, reports.

    store/files/<digest>      outputs that are files
    store/folders/<digest>    outputs that are folders, named by their manifest
    store/steps/<key>.json    which outputs a step made
    runs/<model>.json         the record of a model's last run
    logs/<model>/<step>.log   what the user's code printed when the step was made last
    ledger/<answers>/<candidate>   empty: these answers have judged this candidate

Standard library only, so that a run with nothing to do stays fast.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlgitops import folders
from mlgitops.model.errors import SpecError
from mlgitops.model.run import RunRecord
from mlgitops.ports import StoredOutput, StoredStep

_DIGITS = re.compile("[0-9a-f]{64}")
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


class LocalStepStore:
    """A `StepStore` in the folder *base*, for the repository at *root*."""

    def __init__(self, base: Path, root: Path) -> None:
        self._base = base
        self._root = root.resolve()

    def find(self, key: str) -> StoredStep | None:
        step = self._claimed(self._step_path(key))
        if step is None:
            return None
        return step if all(self.holds(output) for output in step.outputs.values()) else None

    def save(self, key: str, outputs: Mapping[str, Path], seconds: float) -> StoredStep:
        kept = {name: self._keep(path) for name, path in outputs.items()}
        record = {
            "outputs": {
                name: {
                    "kind": "folders" if output.path.is_dir() else "files",
                    "digest": output.digest,
                }
                for name, output in kept.items()
            },
            "seconds": seconds,
        }
        folders.write_whole(self._step_path(key), json.dumps(record, indent=1).encode())
        return StoredStep(kept, seconds)

    def folder(self, manifest: str) -> Path | None:
        path = self._path("folders", manifest)
        return path if _digest(path) == manifest else None

    def file(self, digest: str) -> Path | None:
        path = self._path("files", digest)
        return path if _digest(path) == digest else None

    def holds(self, output: StoredOutput) -> bool:
        return _digest(output.path) == output.digest

    def keep_folder(self, folder: Path) -> StoredOutput:
        return self._keep(folder)

    def scratch(self) -> Path:
        parent = self._base / "work"
        try:
            parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise folders.disk_error(parent, error) from error
        folders.hide_from_git(self._base)
        return parent

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        from shutil import rmtree
        from tempfile import mkdtemp

        parent = self.scratch()
        try:
            folder = Path(mkdtemp(dir=parent))
        except OSError as error:
            raise folders.disk_error(parent, error) from error
        try:
            yield folder
        except OSError as error:
            if error.errno in _DISK_ERRORS:
                raise folders.disk_error(folder, error) from error
            raise
        finally:
            rmtree(folder, ignore_errors=True)

    def code_digests(
        self, paths: Sequence[str], named_by: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        files: list[Path] = []
        for name in paths:
            place = self._code_place(name)
            if place is None:
                raise _no_code(self._root, name, (named_by or {}).get(name))
            files += sorted(_code_files(place)) if place.is_dir() else [place]
        names = [file.relative_to(self._root).as_posix() for file in files]
        return dict(zip(names, folders.digests(files), strict=True))

    def last_run(self, model: str) -> RunRecord | None:
        document = _json(self._base / "runs" / f"{model}.json")
        if document is None:
            return None
        try:
            return RunRecord.parse(document)
        except (AttributeError, KeyError, TypeError):
            # Written by another version: only `explain` and reasons need it.
            return None

    def record_run(self, record: RunRecord) -> None:
        folders.hide_from_git(self._base)
        path = self._base / "runs" / f"{record.model}.json"
        folders.write_whole(path, json.dumps(record.document(), indent=1).encode())

    def note_judged(self, answers: str, candidate: str) -> frozenset[str]:
        folder = self._base / "ledger" / _hex(answers)
        # A name for each: two runs at once lose nothing, and no write can be torn.
        place = folder / _hex(candidate)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            place.touch()
            names = {path.name for path in folder.iterdir()}
        except OSError as error:
            raise folders.disk_error(place, error) from error
        folders.hide_from_git(self._base)
        foreign = sorted(name for name in names if not _DIGITS.fullmatch(name))
        if foreign:
            raise SpecError(
                f"{folder} counts the candidates that a holdout has judged, and {foreign[0]!r} is "
                "the name of none",
                hint="remove what does not belong there",
            )
        return frozenset(f"sha256:{name}" for name in names)

    def publish(self, path: str, content: bytes) -> Path:
        place = self._base / path
        if not place.is_file() or place.read_bytes() != content:
            folders.write_whole(place, content)
        return place

    def keep_log(self, model: str, step: str, content: bytes) -> Path | None:
        path = f"logs/{model}/{step}.log"
        if content.strip():
            return self.publish(path, content)
        try:
            (self._base / path).unlink(missing_ok=True)
        except OSError as error:
            raise folders.disk_error(self._base / path, error) from error
        return None

    def _keep(self, path: Path) -> StoredOutput:
        if path.is_symlink():
            raise SpecError(f"the output {path.name!r} is a link, not the file or folder itself")
        if path.is_dir():
            name, kind = folders.manifest(path).digest, "folders"
        else:
            name, kind = f"sha256:{folders.file_sha256(path)}", "files"
        place = self._path(kind, name)
        try:
            if _digest(place) != name:
                _remove(place)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.rename(place)
        except OSError as error:
            # Another run may have put the same content there meanwhile.
            if _digest(place) != name:
                raise folders.disk_error(place, error) from error
        return StoredOutput(place, name)

    def _path(self, kind: str, name: str) -> Path:
        return self._base / "store" / kind / name.removeprefix("sha256:")

    def _step_path(self, key: str) -> Path:
        return self._base / "store" / "steps" / f"{key.removeprefix('sha256:')}.json"

    def _claimed(self, path: Path) -> StoredStep | None:
        """What the record at *path* says, not yet verified."""
        record = _json(path)
        if record is None:
            return None
        try:
            outputs = {
                name: StoredOutput(self._path(output["kind"], output["digest"]), output["digest"])
                for name, output in record["outputs"].items()
            }
            # No step makes nothing, so a record without outputs is a damaged one too.
            return StoredStep(outputs, float(record["seconds"])) if outputs else None
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            return None  # a damaged record: the step is made again

    def _code_place(self, name: str) -> Path | None:
        place, module = self._root / name, self._root / f"{name}.py"
        # As Python imports: a package comes before a module, a plain folder after it.
        is_plain = place.is_dir() and not (place / "__init__.py").exists()
        if module.exists() and (is_plain or not place.exists()):
            place = module
        is_inside = place.exists() and self._root in place.resolve().parents
        return place if is_inside else None


def _digest(path: Path) -> str | None:
    """The digest of what lies at *path*; None if it is nothing that we would put there."""
    try:
        if path.is_symlink():
            return None
        if path.is_dir():
            return folders.manifest(path).digest
        return f"sha256:{folders.file_sha256(path)}" if path.is_file() else None
    except (OSError, SpecError):
        return None


def _hex(name: str) -> str:
    digits = name.removeprefix("sha256:")
    if not _DIGITS.fullmatch(digits):
        raise ValueError(f"{name!r} is no digest")
    return digits


def _json(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _code_files(folder: Path) -> Iterator[Path]:
    """All files below *folder*: what lies beside the code is packed and read with it.

    Raises:
        SpecError: a symbolic link or special file is among them.
    """
    files = folders.regular_files(folder)
    return (file for file in files if "__pycache__" not in file.relative_to(folder).parts)


def _no_code(root: Path, name: str, named_by: str | None) -> SpecError:
    """What to say of the code *name*, which is not below *root*."""
    from difflib import get_close_matches

    hint = "`train.code` lists folders, files or top-level modules of this repository"
    if named_by is not None:
        hint = "modules and files are named as seen from the repository's root"
    folder, is_file = (root / name).parent, name.endswith(".py")
    if folder.is_dir() and root in (folder, *folder.resolve().parents):
        beside = [p for p in sorted(folder.iterdir()) if p.suffix == ".py" or p.is_dir()]
        known = [p.name if is_file else p.name.removesuffix(".py") for p in beside]
        near = get_close_matches(Path(name).name, [n for n in known if not n.startswith(".")], n=1)
        hint = f"did you mean {str(Path(name).with_name(near[0]))!r}?" if near else hint
    who = named_by or "`train.code`"
    return SpecError(f"{who} names {name!r}, which is not in the repository", hint=hint)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        from shutil import rmtree

        rmtree(path)
    else:
        path.unlink(missing_ok=True)
