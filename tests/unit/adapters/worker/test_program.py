from __future__ import annotations

import ast
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.worker import landlock, program

needs_a_subreaper = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="no other system has a subreaper"
)

COMMAND = [sys.executable, "-s", "-P", "-m", program.__name__]


@pytest.fixture(params=["fork", "spawn"])
def serving(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [*COMMAND, "features", *(["--spawn"] if request.param == "spawn" else [])]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    ) as process:
        yield process
        process.kill()


def read(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    event: dict[str, Any] = json.loads(process.stdout.readline())
    return event


def order(process: subprocess.Popen[bytes], folder: Path, body: str) -> Path:
    """Ask for features made by *body*; returns where the answer will be."""
    (folder / "mine.py").write_text(f"def build(d):\n    {body}\n    return d\n")
    pd.DataFrame({"a": [1], "y": [0]}).to_parquet(folder / "t")
    request = {
        "root": str(folder), "entrypoint": "mine:build", "table": str(folder / "t"),
        "columns": ["a"], "keep": ["y"], "out": str(folder / "out"),
    }  # fmt: skip
    answer = folder / "answer.json"
    line = {
        "job": "features", "request": request, "answer": str(answer), "log": f"{folder}/log",
        "environment": {"HOME": str(folder)},
        "access": {"readable": [], "writable": [str(folder)], "withheld": [], "private": []},
    }  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(line).encode() + b"\n")
    process.stdin.flush()
    return answer


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


def require_death(pid: int) -> None:
    deadline = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < deadline, "the process lives on"
        time.sleep(0.02)


@pytest.mark.parametrize("path", program.JOBS.values())
def test_every_job_names_a_function(path: str):
    """Read, not imported: Great Expectations and MLflow stay out of this process."""
    module, _, function = path.partition(":")
    found = importlib.util.find_spec(module)

    assert found is not None
    assert found.origin is not None
    tree = ast.parse(Path(found.origin).read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_program_itself_is_light():
    code = (
        "import sys, mlgitops.adapters.worker.program\n"
        "heavy = {'pandas', 'numpy', 'mlflow', 'sklearn', 'great_expectations', 'pyarrow'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_a_job_is_its_own_session_and_its_prints_are_no_events(
    serving: subprocess.Popen[bytes], tmp_path: Path
):
    answer = order(
        serving, tmp_path, 'import os; print(\'{"event": "ended"}\', os.getpid(), os.getsid(0))'
    )
    assert read(serving) == {"event": "ready", "wall": landlock.abi() > 0}
    job = read(serving)["pid"]
    assert read(serving) == {"event": "ended", "exit": 0}

    assert "result" in json.loads(answer.read_text())
    assert (tmp_path / "log").read_text().split()[-2:] == [str(job), str(job)]


@pytest.mark.slow
def test_a_job_cannot_write_events_or_read_orders(serving: subprocess.Popen[bytes], tmp_path: Path):
    order(
        serving,
        tmp_path,
        "import os\n"
        "    assert os.read(0, 1) == b''\n"
        "    for n in range(3, 64):\n"
        "        try: os.write(n, b'forged\\n')\n"
        "        except OSError: pass",
    )
    events = [read(serving)["event"] for _ in range(3)]
    assert events == ["ready", "started", "ended"]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["orders end", "terminated"])
def test_a_job_does_not_outlive_who_asked_for_it(
    serving: subprocess.Popen[bytes], tmp_path: Path, ending: str
):
    order(serving, tmp_path, "import time; time.sleep(600)")
    read(serving)
    job = read(serving)["pid"]
    assert is_alive(job)

    assert serving.stdin is not None
    if ending == "orders end":
        serving.stdin.close()
    else:
        serving.terminate()
    assert serving.wait(20) == 0
    require_death(job)


@pytest.mark.slow
def test_what_a_job_left_running_ends_with_it(serving: subprocess.Popen[bytes], tmp_path: Path):
    order(
        serving,
        tmp_path,
        "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)",
    )
    assert [read(serving)["event"] for _ in range(3)] == ["ready", "started", "ended"]

    require_death(int((tmp_path / "log").read_text().split()[-1]))


DAEMON = (
    "import os, time\n"
    "    reader, writer = os.pipe()\n"
    "    if os.fork() == 0:\n"
    "        os.setsid()\n"
    "        if os.fork(): os._exit(0)\n"
    "        os.write(writer, str(os.getpid()).encode()); time.sleep(600)\n"
    "    os.write(1, b'\\n' + os.read(reader, 32) + b'\\n')\n"
    "    "
)


@needs_a_subreaper
@pytest.mark.slow
def test_a_daemon_of_a_job_ends_before_the_job_is_told_to_have(
    serving: subprocess.Popen[bytes], tmp_path: Path
):
    order(serving, tmp_path, DAEMON)
    assert [read(serving)["event"] for _ in range(3)] == ["ready", "started", "ended"]

    assert not is_alive(int((tmp_path / "log").read_text().split()[-1]))


@needs_a_subreaper
@pytest.mark.slow
@pytest.mark.parametrize("ending", ["orders end", "terminated"])
def test_a_daemon_of_a_job_does_not_outlive_who_asked_for_it(
    serving: subprocess.Popen[bytes], tmp_path: Path, ending: str
):
    order(serving, tmp_path, f"{DAEMON}open('ready', 'w').close(); time.sleep(600)")
    read(serving)
    read(serving)
    deadline = time.monotonic() + 20
    while not (tmp_path / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert serving.stdin is not None
    if ending == "orders end":
        serving.stdin.close()
    else:
        serving.terminate()
    assert serving.wait(20) == 0
    assert not is_alive(int((tmp_path / "log").read_text().split()[-1]))


@pytest.mark.slow
def test_a_job_killed_by_a_signal_is_reported_and_the_next_one_runs(
    serving: subprocess.Popen[bytes], tmp_path: Path
):
    order(serving, tmp_path, "import os; os.kill(os.getpid(), 9)")
    read(serving)
    read(serving)
    assert read(serving) == {"event": "ended", "exit": -signal.SIGKILL}

    (tmp_path / "mine.py").unlink()
    answer = order(serving, tmp_path, "pass")
    read(serving)
    assert read(serving) == {"event": "ended", "exit": 0}
    assert "result" in json.loads(answer.read_text())


def test_a_package_that_is_not_installed_is_named(tmp_path: Path):
    """As if pandas were missing: its name leads to a module that says so."""
    (tmp_path / "pandas.py").write_text("raise ModuleNotFoundError('gone', name='pandas')")
    ended = subprocess.run(
        [*COMMAND, "features"], env={"PYTHONPATH": str(tmp_path)}, stdin=subprocess.DEVNULL,
        capture_output=True, check=True,
    )  # fmt: skip

    assert json.loads(ended.stdout) == {"event": "missing", "package": "pandas"}
