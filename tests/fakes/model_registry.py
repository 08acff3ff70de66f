"""A model registry in memory; it passes tests/contract/test_model_registry.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from mlgitops import folders
from mlgitops.model.digest import FileEntry, Manifest
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.registry import ModelVersion, RegisteredModel, Registration


@dataclass
class _Stored:
    """A version with its files and its run's artifacts."""

    version: ModelVersion
    files: dict[str, bytes]
    attachments: dict[str, bytes]


@dataclass
class _Model:
    aliases: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[int, _Stored] = field(default_factory=dict)
    last: int = 0


class InMemoryRegistry:
    """As MLflow: deleting a version deletes its aliases, numbers are never used again.

    `is_down` makes every call raise `Unavailable`; `fail_at` names one write
    (e.g. `set_tag`) that does so once, before it is done.
    """

    def __init__(self) -> None:
        self._models: dict[str, _Model] = {}
        self.address = "memory"
        self.is_down = False
        self.fail_at: str | None = None

    def observe(self, names: Sequence[str] | None = None) -> dict[str, RegisteredModel]:
        self._answer()
        return {
            name: RegisteredModel(name, dict(model.aliases), dict(model.tags))
            for name, model in self._models.items()
            if names is None or name in names
        }

    @property
    def place(self) -> str:
        return self.address

    def lacks(self, model: str, version: int) -> bool:
        known = self._models.get(model, _Model())
        return version not in known.versions

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        self._answer()
        known = self._models.get(model, _Model())
        return tuple(known.versions[number].version for number in sorted(known.versions))

    def register(self, registration: Registration, folder: Path) -> ModelVersion:
        self._answer("register")
        model = self._models.setdefault(registration.model, _Model())
        stored = next(
            (s for s in model.versions.values() if s.version.candidate == registration.candidate),
            None,
        )
        files = stored.files if stored else _read(folder)
        if _manifest(files).digest != registration.manifest:
            raise SpecError("the files are not what was judged")
        if stored is None:
            model.last += 1
        number = stored.version.version if stored else model.last
        tags = {
            **registration.tags,
            "mlgitops.candidate": registration.candidate,
            "mlgitops.manifest": registration.manifest,
        }
        version = ModelVersion(
            model=registration.model,
            version=number,
            candidate=registration.candidate,
            manifest=registration.manifest,
            run_id=f"run-{number}",
            tags=tags,
        )
        attachments = dict(stored.attachments if stored else {})
        model.versions[number] = _Stored(
            version, files, {**attachments, **registration.attachments}
        )
        return version

    def attachment(self, version: ModelVersion, path: str) -> bytes | None:
        self._answer()
        return self._stored(version.model, version.version).attachments.get(path)

    def download(self, model: str, version: int, into: Path) -> Path:
        self._answer()
        for name, content in self._files(model, version).items():
            file = into / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return into

    def manifest(self, model: str, version: int) -> Manifest | None:
        self._answer()
        files = self._stored(model, version).files
        return _manifest(files) if files else None

    def set_alias(self, model: str, alias: str, version: int) -> None:
        self._answer("set_alias")
        self._stored(model, version)
        self._models[model].aliases[alias] = version

    def delete_alias(self, model: str, alias: str) -> None:
        self._answer("delete_alias")
        self._model(model).aliases.pop(alias, None)

    def set_tag(self, model: str, key: str, value: str) -> None:
        self._answer("set_tag")
        self._model(model).tags[key] = value

    def delete_tag(self, model: str, key: str) -> None:
        """What a person may do to the registry behind git's back."""
        self._model(model).tags.pop(key, None)

    def delete_version(self, model: str, version: int) -> None:
        """What a person may do, too."""
        known = self._model(model)
        del known.versions[version]
        known.aliases = {a: v for a, v in known.aliases.items() if v != version}

    def retag(self, model: str, version: int, **fields: str | None) -> None:
        """Change what a version says of itself, as its `candidate` and `manifest` tags do."""
        stored = self._stored(model, version)
        stored.version = replace(stored.version, **fields)

    def overwrite(self, model: str, version: int, files: Mapping[str, bytes]) -> None:
        """Replace the version's files, as whoever can write to its store may."""
        self._stored(model, version).files = dict(files)

    def _answer(self, write: str | None = None) -> None:
        if self.is_down:
            raise Unavailable("the registry did not answer")
        if write is not None and write == self.fail_at:
            self.fail_at = None
            raise Unavailable(f"the registry did not answer to {write}")

    def _model(self, model: str) -> _Model:
        if model not in self._models:
            raise SpecError(f"there is no model {model!r}")
        return self._models[model]

    def _stored(self, model: str, version: int) -> _Stored:
        versions = self._model(model).versions
        if version not in versions:
            raise SpecError(f"there is no version {version} of {model!r}")
        return versions[version]

    def _files(self, model: str, version: int) -> dict[str, bytes]:
        files = self._stored(model, version).files
        if not files:
            raise SpecError(f"the files of version {version} of {model!r} are gone")
        return files


def _read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folders.regular_files(folder)
    }


def _manifest(files: Mapping[str, bytes]) -> Manifest:
    entries = [
        FileEntry(path, len(content), sha256(content).hexdigest())
        for path, content in sorted(files.items())
    ]
    return Manifest(tuple(entries))
