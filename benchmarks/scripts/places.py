"""Where the five scripts find their inputs and leave their outputs."""

from pathlib import Path

DATA = Path("data")
OUT = Path("out")
TABLE, VALIDATION = OUT / "table.parquet", OUT / "validation.json"
TRAIN, HOLDOUT = OUT / "train.parquet", OUT / "holdout.parquet"
MODEL, METRICS = OUT / "model", OUT / "metrics.json"
LABEL = "late"
COLUMNS = [
    "sched_dep_time", "sched_arr_time", "carrier", "origin", "dest", "distance", "time_hour",
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib",
]  # fmt: skip
