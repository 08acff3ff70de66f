from __future__ import annotations

from mlgitops.evaluation import metrics
from mlgitops.evaluation.undefined import Undefined


def test_undefined_is_a_value_error_that_metrics_exports():
    assert issubclass(Undefined, ValueError)
    assert metrics.Undefined is Undefined
