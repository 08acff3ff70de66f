"""Features from what is known before departure; packed with the model."""

import pandas as pd

CARRIERS = [
    "9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV",
]  # fmt: skip
ORIGINS = ["EWR", "JFK", "LGA"]


def build(flights: pd.DataFrame) -> pd.DataFrame:
    """One row of numbers per flight; the codes are fixed so that every row stands alone."""
    features = flights.drop(columns=["carrier", "origin", "dest", "time_hour"])
    moment = pd.to_datetime(flights["time_hour"], utc=True)
    features["weekday"] = moment.dt.dayofweek
    features["hour"] = flights["sched_dep_time"] // 100
    features["minutes"] = features["hour"] * 60 + flights["sched_dep_time"] % 100
    features["scheduled_hours"] = (flights["sched_arr_time"] // 100 - features["hour"]) % 24
    features["carrier"] = pd.Categorical(flights["carrier"], categories=CARRIERS).codes
    features["origin"] = pd.Categorical(flights["origin"], categories=ORIGINS).codes
    features["headwind"] = flights["wind_speed"] * (flights["distance"] > 1000)
    return features.astype("float64")
