from typing import get_args

import pytest

from mlgitops.model.metrics import DEFAULT_METRICS, METRICS, has_unit, metrics_for
from mlgitops.model.pipeline import Task


@pytest.mark.parametrize("task", get_args(Task))
def test_every_task_has_defaults_that_are_defined_for_it(task):
    assert DEFAULT_METRICS[task]
    assert set(DEFAULT_METRICS[task]) <= set(metrics_for(task))


def test_the_table_is_closed():
    assert all(name == kind.name and kind.tasks for name, kind in METRICS.items())
    with pytest.raises(TypeError):
        METRICS["own"] = METRICS["f1"]


def test_errors_are_better_when_smaller():
    minimized = {name for name, kind in METRICS.items() if kind.direction == "minimize"}

    assert minimized == {"log_loss", "brier", "mae", "rmse"}


@pytest.mark.parametrize("name", [*METRICS, "profit"])
def test_errors_of_numbers_and_functions_have_a_unit_of_their_own(name):
    assert has_unit(name) is (name in {"mae", "rmse", "profit"})
