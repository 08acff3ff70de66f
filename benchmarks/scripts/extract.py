"""Flights and weather become one table."""
# ruff: noqa: TID253 - runs as a process of its own

import pandas as pd
from places import DATA, OUT, TABLE


def main() -> None:
    flights = pd.concat(pd.read_csv(path) for path in sorted((DATA / "flights").glob("*.csv")))
    weather = pd.read_csv(DATA / "weather.csv.zip")
    table = flights.merge(weather, on=["origin", "time_hour"], how="left", validate="many_to_one")
    OUT.mkdir(exist_ok=True)
    table.to_parquet(TABLE, index=False)


if __name__ == "__main__":
    main()
