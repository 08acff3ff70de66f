from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgitops.model.errors import SpecError
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.sections.latency import latency
from tests.fakes.laboratory import Laboratory
from tests.fakes.run_neighbours import ScriptedWorker

pytestmark = pytest.mark.slow


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context()


def asking(context: RunContext, calls: int) -> None:
    evaluate = replace(context.pipeline.evaluate, latency_calls=calls)
    context.pipeline = replace(context.pipeline, evaluate=evaluate)


def scripted(context: RunContext, answer: dict[str, Any]) -> list[Any]:
    """A worker that answers so; what it was asked."""
    requests: list[Any] = []

    def predict(request: Any) -> dict[str, Any]:
        requests.append(request)
        Path(request["out"]).touch()
        return answer

    context.neighbours = replace(context.neighbours, worker=ScriptedWorker(predict=predict))
    return requests


def test_nothing_is_timed_that_nobody_asked_for(context: RunContext, tmp_path: Path) -> None:
    requests = scripted(context, {})

    assert latency(context, tmp_path) is None
    assert requests == []


def test_the_model_is_timed_on_rows_without_label(context: RunContext, tmp_path: Path) -> None:
    asking(context, 20)
    times = [float(number) for number in range(1, 21)]
    requests = scripted(context, {"rows": 200, "milliseconds": times})

    measured = latency(context, tmp_path)

    (request,) = requests
    assert measured == {"calls": 20, "p50_ms": 10.5, "p95_ms": np.percentile(times, 95)}
    assert request["latency_calls"] == 20
    columns = context.neighbours.tables.schema(Path(request["table"]))
    assert [column["name"] for column in columns] == ["visits", "spent", "plan"]


def test_an_answer_without_all_the_times_is_refused(context: RunContext, tmp_path: Path) -> None:
    asking(context, 3)
    scripted(context, {"rows": 200, "milliseconds": [1.0, 1.0]})
    with pytest.raises(SpecError, match="timed 2 times instead of 3"):
        latency(context, tmp_path)


def test_a_real_model_takes_a_while(context: RunContext, tmp_path: Path) -> None:
    asking(context, 10)
    found = latency(context, tmp_path)

    assert found is not None
    assert found["calls"] == 10
    assert 0 < found["p50_ms"] <= found["p95_ms"] < 10_000
