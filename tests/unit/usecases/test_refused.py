from __future__ import annotations

import pytest

from mlgitops.model.digest import short
from mlgitops.usecases.refused import refused_by_last_run
from mlgitops.usecases.steps import gate
from tests.fakes.laboratory import Laboratory

pytestmark = pytest.mark.slow


def test_the_candidate_that_a_gate_refused_is_named(laboratory: Laboratory) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "min: 0.6", "min: 0.9999")

    ended = laboratory.run()

    assert ended.error is not None
    candidate = gate.read_decision(ended.context, "staging").candidate
    assert refused_by_last_run(laboratory.store, "churn") == short(candidate)


def test_nothing_is_known_of_other_runs(laboratory: Laboratory) -> None:
    assert refused_by_last_run(laboratory.store, "topic") is None

    laboratory.run()
    assert refused_by_last_run(laboratory.store, "churn") is None

    laboratory.edit("shop/train.py", "LogisticRegression(", "nothing(")
    assert laboratory.run().error is not None
    assert refused_by_last_run(laboratory.store, "churn") is None


def test_a_decision_that_is_gone_is_nobody_s(laboratory: Laboratory) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "min: 0.6", "min: 0.9999")
    ended = laboratory.run()
    for name in ("staging", "production"):
        ended.context.path("gate", f"decision-{name}").unlink()

    assert refused_by_last_run(laboratory.store, "churn") is None
