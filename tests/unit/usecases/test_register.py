from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from mlgitops import folders
from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.verdict import Verdict
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.register import Judged, register
from tests.fakes.decisions import of_gates
from tests.fakes.model_registry import InMemoryRegistry

# MLflow 3.17 uses what SQLAlchemy 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

EXAMPLE = json.loads(
    (Path(__file__).parents[3] / "policies" / "tests" / "evidence.json").read_text()
)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "model"
    made.mkdir()
    (made / "MLmodel").write_bytes(b"flavors: {}\n")
    (made / "model.pkl").write_bytes(b"never loaded")
    return made


@pytest.fixture
def judged(folder):
    """A candidate that was judged for two environments."""
    evidence = {}
    for environment in ("staging", "production"):
        document = copy.deepcopy(EXAMPLE)
        document["environment"] = environment
        document["subject"]["manifest"] = folders.manifest(folder).digest
        evidence[environment] = document
    candidate = EXAMPLE["subject"]["candidate"]
    return Judged(
        evidence=evidence,
        decisions={
            name: of_gates(Verdict.PASS, environment=name, candidate=candidate, evidence="sha256:e")
            for name in evidence
        },
        reports=dict.fromkeys(evidence, b"<!doctype html>"),
        parameters={"learning_rate": 0.1, "loss": "log_loss", "layers": [3, 2]},
        durations={"train": 12.5, "extract": 0.25},
    )


@pytest.fixture(params=["memory", pytest.param("mlflow", marks=pytest.mark.slow)])
def registry(request, tmp_path):
    if request.param == "memory":
        return InMemoryRegistry()
    return MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path)


def test_a_candidate_becomes_a_version_with_what_is_known_about_it(registry, judged, folder):
    version = register(registry, judged, folder)

    subject = judged.evidence["staging"]["subject"]
    assert (version.model, version.version) == ("flights-delay", 1)
    assert (version.candidate, version.manifest) == (subject["candidate"], subject["manifest"])
    assert version.tags["mlgitops.commit"] == EXAMPLE["producer"]["commit"]
    assert version.tags["mlgitops.verdict.staging"] == "pass"
    assert version.tags["mlgitops.holdout"] == EXAMPLE["data"]["split"]["holdout"]["digest"]
    assert registry.observe(["flights-delay"])["flights-delay"].aliases == {}


def test_evidence_can_be_read_back_and_is_what_the_tag_names(registry, judged, folder):
    version = register(registry, judged, folder)

    for environment, document in judged.evidence.items():
        digest = version.tags[f"mlgitops.evidence.{environment}"]
        content = registry.attachment(version, evidence_file.attachment(digest, environment))
        assert evidence_file.decode(content) == document
        assert digest_of_bytes(content) == digest
        decision = json.loads(registry.attachment(version, f"decision/{environment}.json"))
        assert decision["verdict"] == "pass"
        assert registry.attachment(version, f"report/{environment}.html") == b"<!doctype html>"


def test_registering_twice_makes_one_version(registry, judged, folder):
    assert register(registry, judged, folder) == register(registry, judged, folder)
    assert len(registry.versions("flights-delay")) == 1


def test_newer_evidence_is_named_and_older_evidence_stays(registry, judged, folder):
    before = register(registry, judged, folder)
    for document in judged.evidence.values():
        document["producer"]["commit"] = "d" * 40

    after = register(registry, judged, folder)

    assert after.version == before.version
    for environment, document in judged.evidence.items():
        old, new = (v.tags[f"mlgitops.evidence.{environment}"] for v in (before, after))
        paths = [evidence_file.attachment(digest, environment) for digest in (old, new)]
        contents = [registry.attachment(after, path) for path in paths]
        assert [digest_of_bytes(content) for content in contents] == [old, new]
        assert evidence_file.decode(contents[1]) == document


@pytest.mark.slow
def test_the_run_in_mlflow_shows_parameters_metrics_and_data(judged, folder, tmp_path):
    registry = MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path)

    version = register(registry, judged, folder)

    with registry._connection.calling("read the run") as client:
        run = client.get_run(version.run_id)
        experiment = client.get_experiment_by_name("flights-delay")
    auc = EXAMPLE["metrics"]["roc_auc"]
    assert run.info.status == "FINISHED"
    assert run.info.experiment_id == experiment.experiment_id
    assert experiment.artifact_location == (tmp_path / "mlartifacts/flights-delay").as_uri()
    assert run.data.params["learning_rate"] == "0.1"
    assert run.data.params["layers"] == "[3,2]"
    assert run.data.metrics["holdout/roc_auc"] == auc["value"]
    assert run.data.metrics["holdout/roc_auc_low"] == auc["low"]
    assert run.data.metrics["train/roc_auc"] == EXAMPLE["train_metrics"]["roc_auc"]
    assert run.data.metrics["seconds/train"] == 12.5
    assert run.data.tags["mlflow.source.git.commit"] == EXAMPLE["producer"]["commit"]
    contexts = [found.tags[0].value for found in run.inputs.dataset_inputs]
    assert sorted(contexts) == ["evaluation", "training"]
    assert [found.model_id for found in run.outputs.model_outputs]


def test_a_sample_is_refused(registry, judged, folder):
    judged.evidence["production"]["producer"]["sample"] = 1000

    with pytest.raises(SpecError, match="sample of 1,000 rows"):
        register(registry, judged, folder)
    assert registry.versions("flights-delay") == ()


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("subject", {"candidate": "sha256:other"}),
        ("subject", {"manifest": "sha256:other"}),
        ("subject", {"model": "another"}),
    ],
)
def test_evidence_about_another_candidate_is_refused(judged, folder, section, change):
    registry = InMemoryRegistry()
    judged.evidence["production"][section] |= change

    with pytest.raises(SpecError, match="not about candidate"):
        register(registry, judged, folder)
    assert registry.versions("flights-delay") == ()


def test_evidence_for_another_environment_is_refused(judged, folder):
    judged.evidence["production"]["environment"] = "staging"

    with pytest.raises(SpecError, match="evidence for production"):
        register(InMemoryRegistry(), judged, folder)


def test_a_candidate_without_evidence_is_refused(folder):
    with pytest.raises(SpecError, match="without evidence"):
        register(InMemoryRegistry(), Judged({}, {}, {}, {}, {}), folder)


def test_a_folder_that_changed_after_it_was_judged_is_refused(registry, judged, folder):
    (folder / "model.pkl").write_bytes(b"evil")

    with pytest.raises(SpecError):
        register(registry, judged, folder)
    assert registry.versions("flights-delay") == ()


def test_a_registry_that_does_not_answer_makes_no_version(judged, folder):
    registry = InMemoryRegistry()
    registry.is_down = True

    with pytest.raises(Unavailable):
        register(registry, judged, folder)
