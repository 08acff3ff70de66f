"""The local store below `.mlgitops`: outputs by content, records, reports.

    store/files/<digest>      outputs that are files
    store/folders/<digest>    outputs that are folders, named by their manifest
    store/steps/<key>.json    which outputs a step made
    runs/<model>.json         the record of a model's last run

Standard library only, so that a run with nothing to do stays fast.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlgitops import folders
from mlgitops.model.errors import SpecError
from mlgitops.model.run import RunRecord
from mlgitops.ports import StoredOutput, StoredStep


class LocalStepStore:
    """A `StepStore` in the folder *base*, for the repository at *root*."""

    def __init__(self, base: Path, root: Path) -> None:
        self._base = base
        self._root = root.resolve()

    def find(self, key: str) -> StoredStep | None:
        record = self._json(self._step_path(key))
        if record is None:
            return None
        outputs: dict[str, StoredOutput] = {}
        for name, output in record["outputs"].items():
            path = self._path(output["kind"], output["digest"])
            if self._digest(path) != output["digest"]:
                return None
            outputs[name] = StoredOutput(path, output["digest"])
        return StoredStep(outputs, float(record["seconds"]))

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
        return path if self._digest(path) == manifest else None

    def keep_folder(self, folder: Path) -> StoredOutput:
        return self._keep(folder)

    def scratch(self) -> Path:
        parent = self._base / "work"
        try:
            parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise folders.disk_error(parent, error) from error
        self._hide_from_git()
        return parent

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        parent = self.scratch()
        try:
            folder = Path(tempfile.mkdtemp(dir=parent))
        except OSError as error:
            raise folders.disk_error(parent, error) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def code_digests(self, paths: Sequence[str]) -> dict[str, str]:
        files: list[Path] = []
        for name in paths:
            place = self._code_place(name)
            if place.is_dir():
                files += sorted(place.rglob("*.py"))
            else:
                files.append(place)
        names = [file.relative_to(self._root).as_posix() for file in files]
        return dict(zip(names, folders.digests(files), strict=True))

    def last_run(self, model: str) -> RunRecord | None:
        document = self._json(self._base / "runs" / f"{model}.json")
        if document is None:
            return None
        try:
            return RunRecord.parse(document)
        except (KeyError, TypeError):
            # Written by another version: only `explain` and reasons need it.
            return None

    def record_run(self, record: RunRecord) -> None:
        self._hide_from_git()
        path = self._base / "runs" / f"{record.model}.json"
        folders.write_whole(path, json.dumps(record.document(), indent=1).encode())

    def publish(self, path: str, content: bytes) -> Path:
        place = self._base / path
        folders.write_whole(place, content)
        return place

    def _keep(self, path: Path) -> StoredOutput:
        if path.is_dir():
            name, kind = folders.manifest(path).digest, "folders"
        else:
            name, kind = f"sha256:{folders.file_sha256(path)}", "files"
        place = self._path(kind, name)
        try:
            if self._digest(place) != name:
                _remove(place)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.rename(place)
        except OSError as error:
            raise folders.disk_error(place, error) from error
        return StoredOutput(place, name)

    def _path(self, kind: str, name: str) -> Path:
        return self._base / "store" / kind / name.removeprefix("sha256:")

    def _step_path(self, key: str) -> Path:
        return self._base / "store" / "steps" / f"{key.removeprefix('sha256:')}.json"

    def _digest(self, path: Path) -> str | None:
        try:
            if path.is_dir():
                return folders.manifest(path).digest
            return f"sha256:{folders.file_sha256(path)}"
        except (FileNotFoundError, SpecError):
            return None

    def _json(self, path: Path) -> dict[str, Any] | None:
        try:
            document = json.loads(path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    def _code_place(self, name: str) -> Path:
        for place in (self._root / name, self._root / f"{name}.py"):
            if place.exists():
                if self._root not in place.resolve().parents:
                    break
                return place
        raise SpecError(
            f"the code {name!r} is not in the repository",
            hint="`train.code` lists folders, files or top-level modules of this repository",
        )

    def _hide_from_git(self) -> None:
        ignore = self._base / ".gitignore"
        if not ignore.exists():
            folders.write_whole(ignore, b"*\n")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
