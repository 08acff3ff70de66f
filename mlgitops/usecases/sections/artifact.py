"""artifact and dependencies: the model's folder, read as data."""

from __future__ import annotations

from pathlib import Path

from mlgitops.folders import manifest
from mlgitops.model.examinations import Artifact, ArtifactFile
from mlgitops.usecases.model_files.reading import read_folder


def artifact(model: Path) -> Artifact:
    """What lies in the folder *model*, and what loading its pickles would import."""
    files = manifest(model).files
    found = read_folder(model, [file.path for file in files])
    return Artifact(
        files=[ArtifactFile(path=file.path, size_bytes=file.size) for file in files],
        formats=sorted(found.formats),
        globals=sorted(found.imports.names),
        unreadable=sorted(found.unreadable),
    )
