"""A gate's statistics on 100,000 rows: `ours N` or `sklearn N`; prints seconds as JSON.

Both judge a candidate against a champion on the same rows: AUC, log loss and Brier
score of each and of their difference with 95 % intervals, on all rows and on each of
20 slices, and the calibration error of the candidate; ours also compares the slices as
groups for fairness. Ours has closed forms for the
three metrics and resamples the calibration error only; the loop resamples everything,
N times here, and is scaled to as many resamples. Imports are not counted.
"""

import json
import sys
import time

import numpy as np

from mlgitops.evaluation.resampling import RESAMPLES

ROWS, SLICES, BINS = 100_000, 20, 10
METRICS = ("roc_auc", "log_loss", "brier")

draw = np.random.default_rng(7)
risk = draw.beta(2, 5, ROWS)
truth = (draw.random(ROWS) < risk).astype(np.int64)
scores = [np.clip(risk + draw.normal(0, noise, ROWS), 0.001, 0.999) for noise in (0.08, 0.10)]
group = draw.integers(0, SLICES, ROWS).astype(str).astype(object)


def ours() -> None:
    from mlgitops.evaluation import compare, fairness, metrics, slices
    from mlgitops.evaluation.calibration import calibration
    from mlgitops.evaluation.predictions import Predictions

    models = [Predictions("binary-classification", column) for column in scores]
    everything = np.ones(ROWS, dtype=bool)
    groups = dict(slices.cut({"group": group}, ["group"]))
    for mask in (everything, *groups.values()):
        rows, (candidate, champion) = truth[mask], (model.take(mask) for model in models)
        for metric in METRICS:
            metrics.estimate(metric, rows, candidate, 0.95)
            metrics.estimate(metric, rows, champion, 0.95)
            compare.compare(metric, rows, candidate, champion, 0.95)
    calibration(truth, models[0].scores, 0.95)
    fairness.compare(groups, truth, models[0], 0.95)


def with_sklearn() -> None:
    """One resample of everything."""
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    rows = draw.integers(0, ROWS, ROWS)
    resampled, groups = truth[rows], group[rows]
    columns = [column[rows] for column in scores]
    for name in (None, *map(str, range(SLICES))):
        mask = np.ones(ROWS, dtype=bool) if name is None else groups == name
        for column in columns:
            for metric in (roc_auc_score, log_loss, brier_score_loss):
                metric(resampled[mask], column[mask])
    places = np.minimum((columns[0] * BINS).astype(int), BINS - 1)
    gaps = np.bincount(places, weights=resampled - columns[0], minlength=BINS)
    assert np.abs(gaps).sum() / ROWS < 1


work, scale = (ours, 1) if sys.argv[1] == "ours" else (with_sklearn, RESAMPLES)
work()
taken = []
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    work()
    taken.append((time.perf_counter() - started) * scale)
print(json.dumps(taken))
