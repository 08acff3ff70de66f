from __future__ import annotations

import json
from typing import Any

import pytest

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.run import STEPS
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.steps import gate, register
from tests.fakes.laboratory import Laboratory, reran, statuses

pytestmark = pytest.mark.slow


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context()


def test_the_version_holds_the_candidate_and_its_evidence(
    laboratory: Laboratory, context: RunContext
) -> None:
    (version,) = laboratory.registry.versions("churn")

    assert register.version(context) == version.version == 1
    assert version.manifest == context.digest("train", "model")
    assert version.candidate == gate.read_decision(context, "staging").candidate
    for environment in ("staging", "production"):
        content = context.path("evaluate", f"evidence-{environment}").read_bytes()
        digest = digest_of_bytes(content)
        assert version.tags[f"mlgitops.evidence.{environment}"] == digest
        path = evidence_file.attachment(digest, environment)
        assert laboratory.registry.attachment(version, path) == content
        report = laboratory.registry.attachment(version, f"report/{environment}.html")
        assert report == context.path("gate", f"report-{environment}").read_bytes()
        decision = laboratory.registry.attachment(version, f"decision/{environment}.json")
        assert decision is not None
        assert json.loads(decision) == context.json("gate", f"decision-{environment}")


def test_no_alias_is_moved(laboratory: Laboratory) -> None:
    (model,) = laboratory.registry.observe(["churn"]).values()

    assert model.aliases == {}


def changed(context: RunContext, before: dict[str, Any]) -> list[str]:
    after = register.inputs(context)
    return [name for name in before if before[name] != after[name]]


def test_model_evidence_decisions_and_registry_are_inputs(
    laboratory: Laboratory, context: RunContext
) -> None:
    before = register.inputs(context)

    assert list(before) == [
        "spec model", "train model", "registry", "evidence staging", "evidence production",
        "decision staging", "decision production",
    ]  # fmt: skip
    laboratory.registry.address = "elsewhere"
    assert changed(context, before) == ["registry"]


def test_the_durations_of_all_steps_before_it_are_known(context: RunContext) -> None:
    assert list(context.durations) == list(STEPS)
    assert all(seconds >= 0 for seconds in context.durations.values())


def test_a_version_that_the_registry_lost_is_registered_again(laboratory: Laboratory) -> None:
    laboratory.run()
    assert statuses(laboratory.run())["register"] == "cached"
    laboratory.registry.delete_version("churn", 1)

    lost = laboratory.run()

    assert reran(lost) == ["register"]
    found = [version.version for version in laboratory.registry.versions("churn")]
    assert found == [register.version(lost.context)]
    assert statuses(laboratory.run())["register"] == "cached"
