from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.evidence import Evidence
from mlgitops.model.pipeline import Evaluate, Features, Pipeline, Train
from mlgitops.model.policy import Gate, Parameter, Policy, Rule
from mlgitops.model.spec import Environment

EVIDENCE = Path(__file__).parents[3] / "policies" / "tests" / "evidence.json"


@pytest.fixture
def evidence() -> Evidence:
    document: Evidence = json.loads(EVIDENCE.read_text())
    return document


@pytest.fixture
def pipeline() -> Callable[..., Pipeline]:
    def build(*gates: Gate, metrics: tuple[str, ...] = ("roc_auc", "brier")) -> Pipeline:
        return Pipeline(
            name="flights-delay",
            task="binary-classification",
            dataset="flights",
            label="late",
            positive=1,
            features=Features((), None),
            train=Train("flights.train:train", None, None, {}, 7, (), ()),
            evaluate=Evaluate(metrics, (), 0.95),
            gates=gates,
        )

    return build


@pytest.fixture
def environment() -> Callable[..., Environment]:
    def build(*gates: Gate) -> Environment:
        return Environment("staging", None, "staging", gates, "detect")

    return build


@pytest.fixture
def policy() -> Callable[..., Policy]:
    def build(
        name: str = "sound",
        *rules: Rule,
        parameters: tuple[Parameter, ...] = (),
        when: str | None = None,
    ) -> Policy:
        return Policy(name, "Why.", parameters, when, rules)

    return build


@pytest.fixture
def policies(policy: Callable[..., Policy]) -> dict[str, Policy]:
    """The policies that judge every model, and one more, with the parameters of the real ones."""
    metric = Parameter("metric", "string", "$first-metric")
    parameters: dict[str, tuple[Parameter, ...]] = {
        "data-validation-passed": (),
        "leakage": (Parameter("max_feature_auc", "number", 0.95),),
        "metrics-present": (Parameter("metrics", "list", ("$metrics",)),),
        "not-sampled": (),
        "not-worse-than-champion": (metric, Parameter("margin", "number", 0.01)),
        "first-model-baseline": (metric,),
        "min-metric": (Parameter("metric", "string", None), Parameter("min", "number", None)),
    }
    rule = Rule("only", "true", None, "", "")
    return {name: policy(name, rule, parameters=given) for name, given in parameters.items()}


@pytest.fixture
def gate_of() -> Callable[..., Any]:
    """`gate_of(bound, "leakage")`: the bound policies of that name."""

    def find(bound: Any, name: str) -> list[Any]:
        return [one for one in bound if one.policy.name == name]

    return find
