from __future__ import annotations

import numpy as np
import pytest

from mlgitops.evaluation.baseline import prior
from mlgitops.evaluation.metrics import point
from mlgitops.evaluation.undefined import Undefined


def test_binary_prior_is_the_share_of_positives():
    predictions = prior(np.array([0, 0, 0, 1]), 3, "binary-classification")

    assert predictions.scores.tolist() == [0.25, 0.25, 0.25]
    assert point("roc_auc", np.array([0, 1, 1]), predictions) == 0.5


def test_multiclass_prior_has_every_class_even_one_not_seen_in_training():
    predictions = prior(np.array([0, 0, 1, 0]), 2, "multiclass-classification", ("a", "b", "c"))

    assert predictions.scores.tolist() == [[0.75, 0.25, 0.0]] * 2
    assert predictions.classes == ("a", "b", "c")
    assert np.isfinite(point("log_loss", np.array([2, 0]), predictions))


def test_regression_prior_is_the_mean():
    predictions = prior(np.array([1.0, 2.0, 6.0]), 2, "regression")

    assert predictions.scores.tolist() == [3.0, 3.0]


def test_no_training_rows_have_no_prior():
    with pytest.raises(Undefined):
        prior(np.array([]), 2, "regression")
