from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import request_document
from mlgitops.adapters.cel_engine.program import Evaluation
from mlgitops.model.digest import canonical_json
from mlgitops.model.policy import Policy
from mlgitops.model.spec import Kind
from mlgitops.model.verdict import Answer
from mlgitops.policies.testing import Trial
from mlgitops.spec.load import load, load_pack, read_builtin
from mlgitops.usecases.policy_cases import prepared

EVIDENCE = Path(__file__).parents[2] / "policies" / "tests" / "evidence.json"


@pytest.fixture
def evidence() -> Any:
    return json.loads(EVIDENCE.read_text())


PROJECT = """
apiVersion: mlgitops.dev/v1
kind: Project
metadata: {name: empty}
"""


@pytest.fixture(scope="session")
def builtins() -> dict[str, Policy]:
    return dict(load({"mlgitops.yaml": PROJECT}, read_builtin()).policies)


class InProcessEngine:
    """The child's program without the child, for tests that judge hundreds of documents."""

    version = "in process"

    def __init__(self) -> None:
        from cel_expr_python import cel

        self._evaluation = Evaluation(cel)

    def evaluate(self, evidence: Any, questions: Any) -> tuple[Answer, ...]:
        try:
            request = canonical_json(request_document(evidence, questions))
        except ValueError as error:
            return (Answer("error", None, str(error)),) * len(questions)
        sent = json.loads(request, parse_int=float)
        return tuple(
            Answer("value", found["value"])
            if "value" in found
            else Answer("error", None, found["error"])
            for found in self._evaluation.answers(sent)
        )


@pytest.fixture(scope="session")
def engine() -> InProcessEngine:
    return InProcessEngine()


@pytest.fixture(scope="session")
def builtin_trials() -> dict[str, tuple[Trial, ...]]:
    """Every case of every built-in policy's tests, by the policy's name."""
    documents = load_pack()
    policies = documents.named(Kind.POLICY)
    found: dict[str, tuple[Trial, ...]] = {}
    for test in documents.of(Kind.POLICY_TEST):
        policy = policies[test.at("spec", "policy")].spec
        assert isinstance(policy, Policy)
        found[policy.name] = (
            *found.get(policy.name, ()),
            *prepared(test, policy, lambda _: None),
        )
    assert set(found) == set(policies)
    return found
