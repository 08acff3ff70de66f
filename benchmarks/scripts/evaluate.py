"""The example's metrics on the holdout."""
# ruff: noqa: TID253 - runs as a process of its own

import json

import mlflow.sklearn
import pandas as pd
from places import COLUMNS, HOLDOUT, LABEL, METRICS, MODEL
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score


def main() -> None:
    holdout = pd.read_parquet(HOLDOUT)
    truth = holdout[LABEL]
    model = mlflow.sklearn.load_model(str(MODEL))
    score = model.predict_proba(holdout[COLUMNS])[:, 1]
    found = {
        metric.__name__: float(metric(truth, score))
        for metric in (roc_auc_score, average_precision_score, log_loss, brier_score_loss)
    }
    METRICS.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
