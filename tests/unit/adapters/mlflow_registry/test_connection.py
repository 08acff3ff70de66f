from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlgitops.adapters.mlflow_registry import artifacts
from mlgitops.adapters.mlflow_registry.connection import Connection
from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry
from mlgitops.model.errors import MissingExtra, SpecError, Unavailable

# MLflow 3.17 uses what SQLAlchemy 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

ROOT = Path("/srv/shop")


@pytest.mark.parametrize(
    ("uri", "resolved"),
    [
        ("sqlite:///mlflow.db", "sqlite:////srv/shop/mlflow.db"),
        ("sqlite:///data/mlflow.db", "sqlite:////srv/shop/data/mlflow.db"),
        ("sqlite:////var/mlflow.db", "sqlite:////var/mlflow.db"),
        ("http://localhost:5000/", "http://localhost:5000"),
        ("https://mlflow.example.org", "https://mlflow.example.org"),
        ("postgresql://h/db", "postgresql://h/db?connect_timeout=10"),
        (
            "postgresql+psycopg://h/db?sslmode=require",
            "postgresql+psycopg://h/db?sslmode=require&connect_timeout=10",
        ),
        ("postgresql://h/db?connect_timeout=3", "postgresql://h/db?connect_timeout=3"),
    ],
)
def test_addresses_are_resolved_against_the_root(uri, resolved):
    assert Connection(uri, "mlartifacts", ROOT).uri == resolved


@pytest.mark.parametrize(
    ("uri", "artifacts", "location"),
    [
        ("sqlite:///mlflow.db", "mlartifacts", "file:///srv/shop/mlartifacts/flights"),
        ("sqlite:///mlflow.db", "my files", "file:///srv/shop/my%20files/flights"),
        ("sqlite:///mlflow.db", "/var/files", "file:///var/files/flights"),
        ("sqlite:///mlflow.db", "s3://bucket/models/", "s3://bucket/models/flights"),
        ("http://localhost:5000", "mlartifacts", None),
        ("http://localhost:5000", "mlflow-artifacts:/shop", "mlflow-artifacts:/shop/flights"),
        ("http://localhost:5000", "/var/files", "file:///var/files/flights"),
    ],
)
def test_files_lie_below_the_root_unless_a_server_keeps_them(uri, artifacts, location):
    assert Connection(uri, artifacts, ROOT).location("flights") == location


@pytest.mark.parametrize("uri", ["mlruns", "file:///mlruns", "databricks", "", "ftp://h/x"])
def test_an_address_that_is_no_registry_is_refused(uri):
    with pytest.raises(SpecError, match="not an address"):
        Connection(uri, "mlartifacts", ROOT)


def test_reading_does_not_create_a_database(tmp_path):
    registry = MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path)

    assert registry.observe(["flights"]) == {}
    assert registry.versions("flights") == ()
    assert list(tmp_path.iterdir()) == []


def test_mlflow_is_imported_only_when_it_is_called():
    code = (
        "import sys; from pathlib import Path\n"
        "from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry\n"
        "MlflowRegistry('http://127.0.0.1:9', 'a', Path('.'))\n"
        "sys.exit(any(n.split('.')[0] in ('mlflow', 'sqlalchemy', 'pandas') for n in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_package_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mlflow", None)

    with pytest.raises(MissingExtra, match="mlflow") as caught:
        MlflowRegistry("http://127.0.0.1:9", "mlartifacts", tmp_path).observe(["flights"])

    assert caught.value.hint == "pip install 'mlgitops[mlflow]'"


@pytest.mark.slow
@pytest.mark.parametrize(
    "uri", ["http://ada:secret@127.0.0.1:9", "postgresql://ada:secret@127.0.0.1:9/mlflow"]
)
def test_a_registry_that_is_not_there_is_unavailable_and_its_password_is_not_shown(uri, tmp_path):
    registry = MlflowRegistry(uri, "mlartifacts", tmp_path)

    with pytest.raises(Unavailable, match="refused") as caught:
        registry.observe(["flights"])

    assert "secret" not in f"{caught.value} {caught.value.hint}"
    assert "***@127.0.0.1:9" in str(caught.value)


@pytest.mark.slow
def test_a_file_that_is_no_database_is_the_users_mistake(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"not a database at all" * 100)

    with pytest.raises(SpecError, match="not a database"):
        MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path).observe(["flights"])


def test_a_place_is_the_same_whoever_signs_in_and_wherever_the_checkout_lies(tmp_path):
    ada, bob = (
        Connection(f"https://{user}:secret@mlflow.example.org", "mlartifacts", root).place
        for user, root in (("ada", ROOT), ("bob", tmp_path))
    )

    assert ada == bob
    assert ada.startswith("sha256:")


def test_another_address_is_another_place():
    places = {
        Connection(uri, artifacts, ROOT).place
        for uri in ("sqlite:///mlflow.db", "sqlite:///other.db", "http://localhost:5000")
        for artifacts in ("mlartifacts", "s3://bucket/models")
    }

    assert len(places) == 6


def test_a_version_is_lacking_without_the_file_and_unknown_in_a_file_that_is_not_mlflow_s(tmp_path):
    registry = MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path)

    assert registry.lacks("flights", 1)
    assert not (tmp_path / "mlflow.db").exists()

    (tmp_path / "mlflow.db").write_bytes(b"something else entirely")

    assert not registry.lacks("flights", 1)


def test_only_a_server_or_database_can_tell_what_it_lacks():
    for uri in ("http://localhost:1", "postgresql://localhost:1/db"):
        assert not MlflowRegistry(uri, "mlartifacts", ROOT).lacks("flights", 1)


@pytest.mark.parametrize(("given", "kept"), [(None, "20"), ("5", "5")])
def test_mlflow_is_kept_quiet_and_waits_as_long_as_somebody_says(monkeypatch, given, kept):
    environ = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "7"}
    if given:
        environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = given
    monkeypatch.setattr(os, "environ", environ)
    # What MLflow says when it is not installed comes after the switches.
    monkeypatch.setitem(sys.modules, "mlflow", None)

    with pytest.raises(MissingExtra):
        MlflowRegistry("http://127.0.0.1:9", "mlartifacts", ROOT).observe(["flights"])

    assert environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == kept
    assert environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
    assert environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uri", "module", "hint"),
    [
        ("s3://bucket/model", "botocore", "pip install boto3"),
        ("gs://bucket/model", "google.cloud", "pip install google-cloud-storage"),
        (
            "wasbs://box@account.blob.core.windows.net/model",
            "azure",
            "pip install azure-storage-blob azure-identity",
        ),
    ],
)
def test_a_store_whose_package_is_missing_says_what_to_install(
    monkeypatch, tmp_path, uri, module, hint
):
    monkeypatch.setitem(sys.modules, module, None)
    connection = Connection("sqlite:///mlflow.db", "mlartifacts", tmp_path)

    with pytest.raises(MissingExtra, match=module) as caught:
        artifacts.manifest(connection, uri, "version 1 of 'flights'")

    assert caught.value.hint == hint
    assert "could not read version 1 of 'flights'" in str(caught.value)
