"""The last 30 days become the holdout."""
# ruff: noqa: TID253 - runs as a process of its own

import pandas as pd
from places import COLUMNS, HOLDOUT, LABEL, TABLE, TRAIN


def main() -> None:
    table = pd.read_parquet(TABLE)
    moment = pd.to_datetime(table["time_hour"], utc=True)
    late = moment >= moment.max() - pd.Timedelta(days=30)
    assert not set(table.loc[late, "flight_id"]) & set(table.loc[~late, "flight_id"])
    table.loc[~late, [*COLUMNS, LABEL]].to_parquet(TRAIN, index=False)
    table.loc[late].to_parquet(HOLDOUT, index=False)


if __name__ == "__main__":
    main()
