from __future__ import annotations

from typing import Any

import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.model.errors import SpecError

pytestmark = pytest.mark.slow

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, None, 1.5], "y": ["no", "yes", "no"]})


def build(workspace: Any, body: str | None, frame: pd.DataFrame = FRAME) -> dict[str, Any]:
    if body is not None:
        workspace.code("flights/features.py", f"import pandas as pd\ndef build(d):\n    {body}\n")
    return workspace.run(
        "features",
        root=str(workspace.root),
        entrypoint=None if body is None else "flights.features:build",
        table=workspace.table("raw", frame),
        columns=["a", "b"],
        keep=["y"],
        out=str(workspace.out("features.parquet")),
    )


def test_without_a_callable_the_columns_are_passed_through(workspace: Any):
    answer = build(workspace, None)

    assert [column["name"] for column in answer["columns"]] == ["a", "b", "y"]
    assert answer["columns"][0]["type"] == "int64"
    pd.testing.assert_frame_equal(workspace.read("features.parquet"), FRAME)


def test_the_callable_sees_the_columns_it_may_and_the_label_is_kept_beside(workspace: Any):
    build(workspace, "return pd.DataFrame({'seen': [','.join(d.columns)] * len(d)})")

    written = workspace.read("features.parquet")
    assert list(written["seen"]) == ["a,b"] * 3
    assert list(written["y"]) == list(FRAME["y"])


def test_a_callable_may_change_the_frame_it_is_given(workspace: Any):
    build(workspace, "d['a'] = d['a'] * 2; return d")

    assert list(workspace.read("features.parquet")["a"]) == [2, 4, 6]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return d.to_numpy()", "returned a ndarray, not a DataFrame"),
        ("return d.dropna()", "returned 2 rows for 3"),
        ("return d.sort_values('a', ascending=False)", "in another order"),
        ("return d[[]]", "columns with distinct names"),
        ("return d.rename(columns={'b': 'a'})", "columns with distinct names"),
        ("return d.set_axis([0, 1], axis=1)", "columns with distinct names"),
        ("return d.assign(y=1)", "returns the column 'y', which is not a feature"),
        ("return d.assign(c=[1, 'x', None])", "cannot be stored as a table"),
        ("return d['absent']", "raised: KeyError: 'absent'"),
    ],
)
def test_a_broken_contract_is_refused_and_nothing_is_written(
    workspace: Any, body: str, message: str
):
    with pytest.raises(SpecError, match=message):
        build(workspace, body)
    assert not workspace.out("features.parquet").exists()


def test_a_traceback_ends_in_the_users_line(workspace: Any):
    with pytest.raises(SpecError) as caught:
        build(workspace, "return d['absent']")

    details = caught.value.details or ""
    assert 'flights/features.py", line 3, in build' in details
    assert "site-packages" not in details


def test_a_table_without_rows_gives_features_without_rows(workspace: Any):
    build(workspace, "return d", FRAME.head(0))

    assert len(workspace.read("features.parquet")) == 0


def test_the_checkout_is_left_as_it_is(workspace: Any):
    build(workspace, "return d")

    files = [path for path in workspace.root.rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["features.py"]
