"""Features, fit and a model folder: `flights/` is the example's own code."""
# ruff: noqa: TID253 - runs as a process of its own

import sys
from pathlib import Path

import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from places import COLUMNS, LABEL, MODEL, TRAIN
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

sys.path.insert(0, str(Path.cwd()))
from flights import features, train

PARAMS = {"max_iter": 20, "learning_rate": 0.06}


def main() -> None:
    table = pd.read_parquet(TRAIN)
    raw, label = table[COLUMNS], table[LABEL]
    estimator = train.train(features.build(raw), label, seed=7, **PARAMS)
    model = make_pipeline(FunctionTransformer(features.build), estimator)
    mlflow.sklearn.save_model(
        model,
        MODEL,
        code_paths=["flights"],
        signature=infer_signature(raw.head(50), model.predict_proba(raw.head(50))),
        pip_requirements=["scikit-learn", "pandas"],  # given: inferring them takes seconds
        serialization_format="cloudpickle",
    )


if __name__ == "__main__":
    main()
