"""What training once more tells, of real trainings in a small repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from mlgitops.evaluation.repetition import predictions_digest
from mlgitops.model.errors import SpecError
from mlgitops.usecases.run import Result
from tests.fakes.laboratory import Laboratory, customers
from tests.fakes.run_neighbours import QuietProgress

pytestmark = pytest.mark.slow

PIPELINE = "mlops/pipelines/churn.yaml"
NOTHING = "evaluate: {metrics: [roc_auc, log_loss]"


def asking(laboratory: Laboratory, keys: str) -> None:
    """Let the pipeline's `evaluate` have *keys*, too."""
    laboratory.edit(PIPELINE, NOTHING, f"evaluate: {{{keys}, metrics: [roc_auc, log_loss]")


def training(laboratory: Laboratory, code: str) -> None:
    """Let this be the body of the training function."""
    lines = ["import os", "import numpy as np", "import pandas as pd"]
    lines += ["from sklearn.linear_model import LogisticRegression", ""]
    body = "\n".join(f"    {line}" for line in code.splitlines())
    laboratory.write(
        "shop/train.py", "\n".join([*lines, f"def train(X, y, *, seed, **params):\n{body}\n"])
    )


def evidence(result: Result) -> Any:
    assert result.error is None, result.error
    return json.loads(result.context.path("evaluate", "evidence-staging").read_bytes())


def evaluated(laboratory: Laboratory, model: str = "churn") -> Any:
    return evidence(laboratory.run(model, last="evaluate"))


def test_nothing_is_trained_that_nobody_asked_for(laboratory: Laboratory) -> None:
    found = evidence(laboratory.run(first="evaluate", last="evaluate"))

    assert "train" not in laboratory.worker.jobs
    assert not {"noise", "reproduction"} & set(found)
    assert "shuffled" not in found["leakage"]


def test_asking_trains_nothing_but_what_was_asked(laboratory: Laboratory) -> None:
    asking(laboratory, "seeds: [8]")

    found = evaluated(laboratory)

    assert laboratory.worker.jobs.count("train") == 1
    assert "noise" in found
    assert "reproduction" not in found
    assert laboratory.run(last="evaluate").error is None
    assert laboratory.worker.is_untouched


def test_a_person_is_told_which_training_goes_on(laboratory: Laboratory) -> None:
    asking(laboratory, "seeds: [8, 9], repeat: true, shuffle: true")
    neighbours = laboratory.neighbours

    result = laboratory.run(last="train")
    result.context.neighbours = neighbours
    from mlgitops.usecases.judging import judge

    with neighbours.store.workspace() as folder:
        judge(result.context, folder)

    assert cast("QuietProgress", neighbours.progress).steps == [
        "evaluate: repeated",
        "evaluate: shuffled-labels",
        "evaluate: seed-8",
        "evaluate: seed-9",
    ]


def test_the_noise_is_over_the_candidate_and_every_further_seed(laboratory: Laboratory) -> None:
    training(
        laboratory,
        "kept = np.random.default_rng(seed).random(len(X)) < 0.3\n"
        "return LogisticRegression().fit(X[kept], y[kept])",
    )
    asking(laboratory, "seeds: [9, 8]")

    found = evaluated(laboratory)
    noise = found["noise"]

    assert noise["seeds"] == [7, 9, 8]
    assert set(noise["metrics"]) == {"roc_auc", "log_loss"}
    for name, one in noise["metrics"].items():
        assert one["values"][0] == found["metrics"][name]["value"]
        assert len(set(one["values"])) == 3
        assert one["mean"] == pytest.approx(np.mean(one["values"]))
        assert one["sd"] == pytest.approx(np.std(one["values"], ddof=1))
        assert one["sd"] > 0


def test_the_same_training_makes_the_same_model(laboratory: Laboratory) -> None:
    asking(laboratory, "repeat: true")

    found = evaluated(laboratory)
    again = found["reproduction"]

    assert again["is_same_manifest"]
    assert again["manifest"] == found["subject"]["manifest"]
    assert again["predictions"] == again["repeated_predictions"]
    assert again["rows"] == found["data"]["split"]["holdout"]["rows"]
    assert again["max_difference"] == 0


def test_the_proof_is_over_the_scores_that_are_kept(laboratory: Laboratory) -> None:
    asking(laboratory, "repeat: true")
    result = laboratory.run(last="evaluate")
    scores = result.context.path("evaluate", "scores")

    kept = result.context.neighbours.tables.read(scores, ["candidate"])["candidate"]

    assert evidence(result)["reproduction"]["predictions"] == predictions_digest(kept[:1000])


def test_a_training_that_draws_lots_is_found_out(laboratory: Laboratory) -> None:
    training(
        laboratory,
        "kept = np.random.default_rng(os.urandom(8)[0]).random(len(X)) < 0.5\n"
        "model = LogisticRegression().fit(X[kept], y[kept])\n"
        "model.coef_ += int.from_bytes(os.urandom(2), 'little') / 2**20\n"
        "return model",
    )
    asking(laboratory, "repeat: true")

    again = evaluated(laboratory)["reproduction"]

    assert not again["is_same_manifest"]
    assert again["predictions"] != again["repeated_predictions"]
    assert 0 < again["max_difference"] <= 1


def test_a_model_of_shuffled_labels_keeps_little(laboratory: Laboratory) -> None:
    asking(laboratory, "shuffle: true")

    shuffled = evaluated(laboratory)["leakage"]["shuffled"]

    assert shuffled["metric"] == "brier"
    assert shuffled["candidate"]["delta"] > 0.05
    assert shuffled["comparison"]["high"] < 0.5 * shuffled["candidate"]["delta"]
    assert shuffled["comparison"]["n"] == shuffled["candidate"]["n"] == 200


def test_code_that_has_the_answers_from_elsewhere_is_found_out(laboratory: Laboratory) -> None:
    answers = {f"{row['visits']}": row["left"] for row in customers()}
    laboratory.write("shop/answers.json", json.dumps(answers))
    training(
        laboratory,
        "import json\n"
        "answers = json.load(open('shop/answers.json'))\n"
        "known = [answers[str(visits)] for visits in X['visits']]\n"
        "return LogisticRegression().fit(X, known)",
    )
    asking(laboratory, "shuffle: true")

    shuffled = evaluated(laboratory)["leakage"]["shuffled"]

    assert shuffled["comparison"] == shuffled["candidate"]
    assert shuffled["comparison"]["low"] > 0.5 * shuffled["candidate"]["delta"]


def test_training_on_shuffled_labels_sees_no_other(laboratory: Laboratory, tmp_path: Path) -> None:
    asking(laboratory, "shuffle: true")
    seen: list[dict[str, Any]] = []
    listen_to_trainings(laboratory, seen)

    result = laboratory.run(last="evaluate")

    assert result.error is None
    (request,) = seen
    tables, context = result.context.neighbours.tables, result.context
    truth = tables.read(context.path("split", "train"), ["left"])["left"]
    assert request["labels"]["table"] == request["labels"]["raw"] != truth.tolist()
    assert sorted(request["labels"]["raw"]) == sorted(truth.tolist())
    visits = tables.read(context.path("split", "train"), ["visits"])["visits"]
    assert request["visits"] == visits.tolist()


def listen_to_trainings(laboratory: Laboratory, seen: list[dict[str, Any]]) -> None:
    """Note what the tables of each training hold when it begins."""
    behind = laboratory.worker.behind
    assert behind is not None
    tables = laboratory.neighbours.tables

    class Listening(type(laboratory.worker)):  # type: ignore[misc]
        def run(self, job: Any, request: Any, access: Any, hear: Any = None) -> Any:
            if job == "train":
                paths = {name: Path(request[name]) for name in ("table", "raw")}
                labels = {n: tables.read(p, ["left"])["left"].tolist() for n, p in paths.items()}
                visits = tables.read(paths["raw"], ["visits"])["visits"].tolist()
                seen.append({"labels": labels, "visits": visits, "seed": request["seed"]})
            return super().run(job, request, access, hear)

    laboratory.worker = Listening(behind)


@pytest.mark.parametrize(
    ("model", "metric"), [("topic", "log_loss"), ("demand", "rmse")], ids=["classes", "numbers"]
)
def test_every_task_and_contract_can_be_trained_again(
    laboratory: Laboratory, model: str, metric: str
) -> None:
    path = f"mlops/pipelines/{model}.yaml"
    text = (laboratory.root / path).read_text()
    laboratory.write(path, f"{text}  evaluate: {{seeds: [8], repeat: true, shuffle: true}}\n")

    found = evaluated(laboratory, model)
    shuffled = found["leakage"]["shuffled"]

    assert found["reproduction"]["predictions"] == found["reproduction"]["repeated_predictions"]
    assert found["noise"]["seeds"] == [7, 8]
    assert set(found["noise"]["metrics"]) == set(found["metrics"])
    assert shuffled["metric"] == metric
    assert shuffled["comparison"]["high"] < 0.5 * shuffled["candidate"]["delta"]


def test_a_failure_says_which_training_it_was(laboratory: Laboratory) -> None:
    training(
        laboratory,
        "if seed == 8:\n    raise ValueError('this seed does not converge')\n"
        "return LogisticRegression().fit(X, y)",
    )
    asking(laboratory, "seeds: [9, 8]")

    result = laboratory.run(last="evaluate")

    assert isinstance(result.error, SpecError)
    assert result.error.message.startswith("training again for `evaluate` (seed-8): ")
    assert "this seed does not converge" in result.error.message + (result.error.details or "")


def test_a_model_that_predicts_nonsense_is_named_too(laboratory: Laboratory) -> None:
    training(
        laboratory,
        "model = LogisticRegression().fit(X, y)\n"
        "model.coef_ = model.coef_ * (1 if seed == 7 else float('nan'))\n"
        "return model",
    )
    asking(laboratory, "seeds: [8]")

    result = laboratory.run(last="evaluate")

    assert isinstance(result.error, SpecError)
    assert "(seed-8)" in result.error.message


def test_code_that_changed_meanwhile_proves_nothing(laboratory: Laboratory) -> None:
    context = laboratory.run(last="train").context
    asking(laboratory, "repeat: true")
    context.pipeline = laboratory.specs.pipelines["churn"]
    laboratory.edit("shop/train.py", "LogisticRegression", "LogisticRegression ")
    from mlgitops.usecases.judging import judge

    with (
        context.neighbours.store.workspace() as folder,
        pytest.raises(SpecError, match="training's code changed since the candidate was trained"),
    ):
        judge(context, folder)
