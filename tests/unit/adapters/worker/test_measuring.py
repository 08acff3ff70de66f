from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.worker import landlock
from mlgitops.model.errors import SpecError

pytestmark = pytest.mark.slow

TABLE = pd.DataFrame({"truth": [0, 1, 1], "one": [0.2, 0.9, 0.4], "two": [0.5, 0.5, 0.5]})


def measure(
    workspace: Any, code: str, table: pd.DataFrame = TABLE, models: Any = None, name: str = "f"
) -> Any:
    workspace.code("money.py", f"import numpy as np\n\n{code}\n")
    models = models or [{"columns": [column], "classes": []} for column in ("one", "two")]
    out = [f"out_{place}" for place in range(len(models))]
    answer = workspace.run(
        "measure", root=str(workspace.root), table=workspace.table("scored", table),
        truth="truth", models=models, functions=[{"entrypoint": f"money:{name}", "out": out}],
        out=str(workspace.out("measured.parquet")),
    )  # fmt: skip
    assert answer == {"rows": len(table), "files": ["money.py"]}
    return workspace.read("measured.parquet")


def test_every_model_is_measured_row_by_row(workspace: Any) -> None:
    found = measure(workspace, "def f(truth, score): return np.where(score > 0.45, truth, -1)")

    assert found["out_0"].tolist() == [-1, 1, -1]
    assert found["out_1"].tolist() == [0, 1, 1]
    assert (found.dtypes == "float64").all()


def test_classes_come_as_codes_and_a_frame_with_a_column_for_each(workspace: Any) -> None:
    table = pd.DataFrame({"truth": [1, 0], "a": [0.1, 0.7], "b": [0.6, 0.2], "c": [0.3, 0.1]})
    models = [{"columns": ["a", "b", "c"], "classes": ["price", "other", "new"]}]
    code = (
        "def f(truth, score):\n"
        "    assert list(score.columns) == ['price', 'other', 'new']\n"
        "    return score.to_numpy()[np.arange(len(truth)), truth]"
    )

    assert measure(workspace, code, table, models)["out_0"].tolist() == [0.6, 0.7]


def test_numbers_come_as_floats(workspace: Any) -> None:
    table = pd.DataFrame({"truth": [1.5, -2.0], "one": [1.0, 1.0], "two": [0.0, 0.0]})
    code = "def f(truth, score): return np.abs(truth - score)"

    assert measure(workspace, code, table)["out_0"].tolist() == [0.5, 3.0]


def test_what_a_call_changes_is_not_seen_by_the_next(workspace: Any) -> None:
    code = "def f(truth, score):\n    truth += 1\n    score[:] = 0\n    return truth"
    found = measure(workspace, code)

    assert found["out_0"].tolist() == found["out_1"].tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def g(truth, score): return truth", "has no 'f'"),
        ("def f(truth): return truth", r"money:f\(truth\) cannot be called"),
        ("def f(truth, score): return score.mean()", r"an array of shape \(\) for 3 rows"),
        ("def f(truth, score): return score[1:]", r"an array of shape \(2,\) for 3 rows"),
        ("def f(truth, score): return ['x'] * 3", "returned a list that is not of numbers"),
        ("def f(truth, score): return None", r"an array of shape \(\)"),
        ("def f(truth, score): return np.log(truth) * score", "infinity in 1 of 3 rows.* row 0"),
        ("def f(truth, score): return truth / 0.0 * score", "NaN or infinity"),
        ("def f(truth, score): raise KeyError('x')", "'money:f' raised: KeyError"),
    ],
)
def test_what_is_no_number_for_each_row_is_refused(workspace: Any, code: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        measure(workspace, f"np.seterr(all='ignore')\n{code}")


@pytest.mark.skipif(not landlock.abi(), reason="this kernel has no Landlock")
def test_answers_cannot_be_left_for_a_later_job(workspace: Any) -> None:
    """Nothing that outlives the job can be written, and nothing of the data be read."""
    (workspace.root / ".mlgitops").mkdir()
    (workspace.root / ".mlgitops" / "rows").write_text("1")
    code = (
        "import os, tempfile\n"
        "def refused(act):\n"
        "    try:\n"
        "        act()\n"
        "    except OSError:\n"
        "        return 1\n"
        "    return 0\n"
        "def f(truth, score):\n"
        "    return [\n"
        "        refused(lambda: tempfile.mkstemp(dir='/dev/shm')),\n"
        "        refused(lambda: open('left', 'w')) and refused(lambda: open('../left', 'w')),\n"
        "        refused(lambda: open('.mlgitops/rows')),\n"
        "    ]"
    )

    assert measure(workspace, code)["out_0"].tolist() == [1, 1, 1]
    assert not (workspace.folder / "left").exists()


def test_shared_memory_of_system_v_is_not_that_of_the_machine(workspace: Any) -> None:
    """What lies there lives on without a process; where a job has it, it is the worker's own."""
    code = (
        "import os\n"
        "def f(truth, score):\n"
        "    return np.full(3, os.stat('/proc/self/ns/ipc').st_ino, dtype=float)"
    )
    inside = measure(workspace, code)["out_0"][0]
    held = Path("/proc/self/ns/ipc").stat().st_ino != inside

    assert held == ("no-network" in workspace._worker.sandbox)


def test_scores_are_what_was_given(workspace: Any) -> None:
    found = measure(workspace, "def f(truth, score): return score")

    assert np.array_equal(found["out_0"], TABLE["one"])
