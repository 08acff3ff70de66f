from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops import folders
from mlgitops.usecases.sections.artifact import artifact
from tests.fakes.laboratory import Laboratory


def test_the_folder_is_listed_and_its_pickles_are_read(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n.")
    (tmp_path / "more.pkl").write_bytes(b"cbuiltins\neval\n")

    assert artifact(tmp_path) == {
        "files": [
            {"path": "MLmodel", "size_bytes": 12},
            {"path": "model.pkl", "size_bytes": 12},
            {"path": "more.pkl", "size_bytes": 15},
        ],
        "formats": ["pickle", "yaml"],
        "globals": ["builtins.eval", "os.system"],
        "unreadable": ["more.pkl"],
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "estimator"),
    [
        ("churn", "sklearn.linear_model._logistic.LogisticRegression"),
        ("topic", "sklearn.linear_model._logistic.LogisticRegression"),
        ("demand", "sklearn.linear_model._ridge.Ridge"),
    ],
)
def test_the_models_that_we_pack_are_read_to_their_end(
    laboratory: Laboratory, model: str, estimator: str
) -> None:
    context = laboratory.context(model, until="train")
    folder = context.path("train", "model")
    before = folders.manifest(folder)

    found = artifact(folder)

    assert estimator in found["globals"]
    assert ("shop.features.build" in found["globals"]) == (model == "churn")
    assert found["unreadable"] == []
    assert "pickle" in found["formats"]
    assert "other" not in found["formats"]
    assert not any(name.startswith(("os.", "builtins.e")) for name in found["globals"])
    assert folders.manifest(folder) == before
