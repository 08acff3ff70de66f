"""The expectations of the example's dataset, and those that its keys and label imply."""
# ruff: noqa: TID253 - runs as a process of its own

import json

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from places import LABEL, TABLE, VALIDATION

EXPECTATIONS = [
    *(gxe.ExpectColumnValuesToNotBeNull(column=c) for c in ("flight_id", "time_hour", LABEL)),
    gxe.ExpectColumnValuesToBeUnique(column="flight_id"),
    gxe.ExpectColumnValuesToBeInSet(column="origin", value_set=["EWR", "JFK", "LGA"]),
    gxe.ExpectColumnValuesToNotBeNull(column="carrier"),
    gxe.ExpectColumnValuesToBeBetween(column="distance", min_value=10, max_value=6000),
    gxe.ExpectColumnValuesToNotBeNull(column="temp", mostly=0.9),
]


def main() -> None:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    frame = pd.read_parquet(TABLE)
    source = context.data_sources.add_pandas("pandas").add_dataframe_asset("table")
    batch = source.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="suite", expectations=EXPECTATIONS)
    result = batch.validate(suite, result_format="SUMMARY")
    assert result.success
    VALIDATION.write_text(json.dumps({"evaluated": len(result.results)}))


if __name__ == "__main__":
    main()
