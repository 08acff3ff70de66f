"""Train a gradient-boosted classifier."""

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier


def train(X: pd.DataFrame, y: pd.Series, *, seed: int, **params: float) -> object:
    """Fit on the training rows; `params` come from the pipeline's spec."""
    return HistGradientBoostingClassifier(random_state=seed, **params).fit(X, y)
