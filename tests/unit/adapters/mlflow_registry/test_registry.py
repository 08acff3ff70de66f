"""What is true of MLflow only; tests/contract has what every registry does."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlgitops.adapters.mlflow_registry import connection
from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.state import NO_FILES
from tests.fakes.candidates import candidate

pytestmark = [
    pytest.mark.slow,
    # MLflow 3.17 uses what SQLAlchemy 2.1 deprecates.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]


@pytest.fixture
def registry(tmp_path):
    return MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path)


def test_nothing_is_printed_and_nothing_lies_elsewhere(registry, tmp_path, capfd, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    registry.register(candidate(tmp_path / "model", "flights", b"one"), tmp_path / "model")
    registry.set_alias("flights", "staging", 1)
    with pytest.raises(SpecError):
        registry.set_alias("flights", "staging", 2)

    assert capfd.readouterr() == ("", "")
    assert list(elsewhere.iterdir()) == []


def test_addresses_do_not_leak_to_child_processes(registry, tmp_path):
    registry.register(candidate(tmp_path / "model", "flights", b"one"), tmp_path / "model")

    assert "MLFLOW_TRACKING_URI" not in os.environ  # noqa: TID251 - what children inherit


def test_two_writers_of_a_new_alias_both_succeed(registry, tmp_path):
    registry.register(candidate(tmp_path / "model", "flights", b"one"), tmp_path / "model")

    with ThreadPoolExecutor(8) as pool:
        for round_ in range(5):
            barrier = threading.Barrier(8)

            def write(_, alias=f"alias-{round_}", barrier=barrier):
                barrier.wait()
                registry.set_alias("flights", alias, 1)

            list(pool.map(write, range(8)))

    assert set(registry.observe(["flights"])["flights"].aliases.values()) == {1}


def test_two_writers_of_one_candidate_agree_on_its_version(registry, tmp_path):
    registration = candidate(tmp_path / "model", "flights", b"one")
    other = candidate(tmp_path / "other", "flights", b"two")
    registry.register(other, tmp_path / "other")
    # Their own processes: a database client does not survive a fork.
    spawn = multiprocessing.get_context("spawn")
    fresh = MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path)

    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        writers = [pool.submit(fresh.register, registration, tmp_path / "model") for _ in range(2)]
        versions = {writer.result().version for writer in writers}

    assert versions == {2}


def test_an_experiment_that_was_deleted_says_how_to_restore_it(registry, tmp_path):
    registry.register(candidate(tmp_path / "one", "flights", b"one"), tmp_path / "one")
    with registry._connection.calling("delete") as client:
        client.delete_experiment(client.get_experiment_by_name("flights").experiment_id)

    with pytest.raises(SpecError, match="deleted") as caught:
        registry.register(candidate(tmp_path / "two", "flights", b"two"), tmp_path / "two")
    assert "mlflow experiments restore" in caught.value.hint


def test_a_run_that_could_not_be_registered_is_marked_failed(registry, tmp_path):
    registration = candidate(tmp_path / "model", "flights", b"one")
    (tmp_path / "model" / "model.pkl").write_bytes(b"another")

    with pytest.raises(SpecError, match="manifest"):
        registry.register(registration, tmp_path / "model")

    with registry._connection.calling("look") as client:
        experiment = client.get_experiment_by_name("flights").experiment_id
        (run,) = client.search_runs([experiment])
        (model,) = client.search_logged_models([experiment])
    assert run.info.status == "FAILED"
    assert model.status == "FAILED"


def test_what_is_longer_than_one_batch_is_registered_whole(registry, tmp_path):
    registration = replace(
        candidate(tmp_path / "model", "flights", b"one"),
        parameters={f"parameter-{number}": "value" for number in range(220)},
        metrics={f"metric-{number}": float(number) for number in range(1050)},
    )

    version = registry.register(registration, tmp_path / "model")

    with registry._connection.calling("look") as client:
        run = client.get_run(version.run_id)
    assert run.data.params == registration.parameters
    assert run.data.metrics == registration.metrics


def test_a_model_that_was_deleted_is_made_again(registry, tmp_path):
    registration = candidate(tmp_path / "model", "flights", b"one")
    registry.register(registration, tmp_path / "model")
    with registry._connection.calling("delete") as client:
        client.delete_registered_model("flights")

    version = registry.register(registration, tmp_path / "model")

    assert registry.versions("flights") == (version,)


def test_a_tag_that_changed_is_changed_on_the_run_too(registry, tmp_path):
    registration = candidate(tmp_path / "model", "flights", b"one", tags={"a": "1", "b": "1"})
    registry.register(registration, tmp_path / "model")

    later = replace(registration, tags={"a": "2", "b": "1", "c": "2"})
    version = registry.register(later, tmp_path / "model")

    with registry._connection.calling("look") as client:
        on_run = client.get_run(version.run_id).data.tags
    assert {key: on_run[key] for key in "abc"} == {"a": "2", "b": "1", "c": "2"}
    assert {key: version.tags[key] for key in "abc"} == {"a": "2", "b": "1", "c": "2"}


def test_tags_stay_as_they_are_where_attachments_cannot_be_written(registry, tmp_path):
    attached = {"evidence": b"a file where a folder is needed next"}
    registration = candidate(
        tmp_path / "model", "flights", b"one", tags={"a": "1"}, attachments=attached
    )
    before = registry.register(registration, tmp_path / "model")

    later = replace(registration, tags={"a": "2"}, attachments={"evidence/new.json": b"{}"})
    with pytest.raises((SpecError, Unavailable)):
        registry.register(later, tmp_path / "model")

    assert registry.versions("flights") == (before,)


def test_models_and_versions_beyond_one_page_are_found(registry, tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "_PAGE", 2)
    names = [f"model-{number}" for number in range(5)]
    with registry._connection.calling("create") as client:
        for name in names:
            client.create_registered_model(name)
        for _ in range(5):
            client.create_model_version(names[0], source=str(tmp_path))

    assert set(registry.observe([*names, "not-there"])) == set(names)
    assert [version.version for version in registry.versions(names[0])] == [1, 2, 3, 4, 5]


def test_a_version_of_somebody_else_has_no_candidate(registry, tmp_path):
    with registry._connection.calling("create") as client:
        client.create_registered_model("flights")
        client.create_model_version("flights", source=str(tmp_path))

    (version,) = registry.versions("flights")

    assert (version.candidate, version.manifest, version.run_id) == (None, None, None)
    assert registry.attachment(version, "evidence/staging.json") is None


class _Broken(BaseHTTPRequestHandler):
    """A server that answers every request with the status in its path's first part."""

    def do_GET(self):
        self.send_response(int(self.path.split("/")[1]))
        self.end_headers()
        self.wfile.write(b"no")

    do_POST = do_GET  # noqa: N815 - the name is the method's

    def log_message(self, *_):
        self.server.requests += 1


@pytest.fixture
def broken():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Broken) as server:
        server.requests = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (429, Unavailable),
        (401, SpecError),
        (403, SpecError),
        (404, SpecError),
    ],
)
def test_writes_are_asked_for_once_whatever_the_answer(broken, status, error, tmp_path):
    uri = f"http://127.0.0.1:{broken.server_port}/{status}"
    registry = MlflowRegistry(uri, "mlartifacts", tmp_path)

    with pytest.raises(error):
        registry.set_tag("flights", "key", "value")

    assert broken.requests == 1


def test_links_among_the_files_of_a_version_leave_it_without_a_manifest(registry, tmp_path):
    registry.register(candidate(tmp_path / "model", "flights", b"one"), tmp_path / "model")
    (stored,) = (tmp_path / "mlartifacts").rglob("model.pkl")
    stored.rename(tmp_path / "elsewhere")
    stored.symlink_to(tmp_path / "elsewhere")

    assert registry.manifest("flights", 1) is None


def test_a_candidate_without_files_is_not_registered(registry, tmp_path):
    registration = candidate(tmp_path / "model", "flights", b"one")
    (tmp_path / "empty").mkdir()
    empty = replace(registration, manifest=NO_FILES)

    with pytest.raises(SpecError, match="are gone, or links"):
        registry.register(empty, tmp_path / "empty")

    assert registry.versions("flights") == ()


@pytest.mark.parametrize("status", [401, 403])
def test_files_that_a_server_refuses_to_show_are_not_taken_for_gone(broken, status, tmp_path):
    uri = f"http://127.0.0.1:{broken.server_port}/{status}"
    registry = MlflowRegistry(uri, "mlartifacts", tmp_path)

    with pytest.raises(SpecError) as refused:
        registry.manifest("flights", 1)

    assert refused.value.hint == "check the credentials of this registry"
