"""Who predicts when, and that no answer is shown before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Evaluate, MetricFunction, Perturbation
from mlgitops.model.spec import Pin, Release
from mlgitops.usecases import champions, predicting, scoring
from mlgitops.usecases.context import RunContext
from tests.fakes.laboratory import Laboratory

pytestmark = pytest.mark.slow

NOISY = Perturbation("noisy", noise=0.1)
PROFIT = MetricFunction("profit", "money:profit", "maximize")


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    laboratory.write("money.py", "def profit(truth, score):\n    return truth * score\n")
    made = laboratory.context()
    evaluate = Evaluate(
        metrics=("roc_auc", "profit"),
        slices=(),
        confidence=0.95,
        functions=(PROFIT,),
        perturbations=(Perturbation("gaps", missing=0.2), NOISY),
        seeds=(8,),
        repeats=True,
        shuffles=True,
        latency_calls=3,
    )
    made.pipeline = replace(made.pipeline, evaluate=evaluate)
    return made


def with_champion(laboratory: Laboratory, context: RunContext) -> Pin:
    """Release version 1 to staging, for *context* alone."""
    version = laboratory.registry.versions("churn")[0]
    assert version.candidate
    assert version.manifest
    pin = Pin(1, short(version.candidate), version.manifest, "sha256:e")
    releases = {("staging", "churn"): Release("churn", "staging", pin, None)}
    context.specs = replace(context.specs, releases=releases)
    return pin


def predicted(context: RunContext, folder: Path) -> predicting.Predicted:
    return predicting.predict(context, scoring.answers(context), champions.fetch(context), folder)


def test_everything_that_is_compared_is_measured(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    pin = with_champion(laboratory, context)

    found = predicted(context, tmp_path)

    failed, borne = found.trials
    assert failed.predictions is None
    assert borne.predictions is not None
    everyone = [found.candidate, found.dummy, found.champions[pin.manifest], borne.predictions]
    _, rows = scoring.answers(context)
    for one in everyone:
        assert (one.measured["profit"].values == rows.truth * one.scores).all()
    # The champion is the candidate's own bytes.
    assert (found.champions[pin.manifest].scores == found.candidate.scores).all()
    assert "profit" in found.train_metrics
    assert found.retrained.noise is not None
    assert len(found.retrained.noise["metrics"]["profit"]["values"]) == 2
    assert found.latency is not None


def test_a_metric_function_that_fails_on_perturbed_rows_is_a_finding_of_those_alone(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    laboratory.write(
        "money.py",
        "def profit(truth, score):\n"
        "    if (score < 0.01).mean() > 0.2:\n"
        "        raise ValueError('nothing to sell')\n"
        "    return truth * score\n",
    )
    far = Perturbation("far", scale={"visits": -1000.0})
    asked = replace(context.pipeline.evaluate, perturbations=(far, NOISY))
    context.pipeline = replace(context.pipeline, evaluate=asked)

    found = predicted(context, tmp_path)

    failed, borne = found.trials
    assert failed.rows > 0
    assert failed.predictions is None
    assert borne.predictions is not None
    assert "profit" in borne.predictions.measured
    assert "profit" in found.candidate.measured
    assert b"on perturbed rows far: " in b"".join(context.printed)
    assert b"nothing to sell" in b"".join(context.printed)


def test_the_holdout_s_answers_are_shown_when_every_prediction_is_made(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    with_champion(laboratory, context)
    laboratory.worker.jobs.clear()

    predicted(context, tmp_path)

    # The first is about training rows, whose answers training saw anyway.
    first, *others = [n for n, job in enumerate(laboratory.worker.jobs) if job == "measure"]
    assert laboratory.worker.jobs[first - 1] == "predict"
    assert len(others) == 3  # of other seeds, of the models, of the trial that was borne
    assert set(laboratory.worker.jobs[others[0] :]) == {"measure"}
    assert {"train", "predict"} <= set(laboratory.worker.jobs[first + 1 : others[0]])


def test_an_optional_column_of_a_champion_may_be_gone(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    """The model itself gets on without, but its signature has the column."""
    pin = with_champion(laboratory, context)
    (model,) = champions.fetch(context).values()
    signature = replace(
        model.signature, inputs={**model.signature.inputs, "gone": "long (optional)"}
    )
    known = replace(model, signature=signature)

    found = predicting.predict(context, scoring.answers(context), {pin.manifest: known}, tmp_path)

    assert (found.champions[pin.manifest].scores == found.candidate.scores).all()

    signature = replace(signature, inputs={**signature.inputs, "lost": "long"})
    with pytest.raises(SpecError, match=r"released version 1: no column 'lost' in the data"):
        predicting.predict(
            context,
            scoring.answers(context),
            {pin.manifest: replace(known, signature=signature)},
            tmp_path,
        )
