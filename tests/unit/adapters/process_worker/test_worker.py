from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pyarrow.parquet as pq  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.process_worker import worker as process_worker
from mlgitops.adapters.process_worker.worker import ProcessWorker
from mlgitops.model.errors import MissingExtra, SpecError, Unavailable
from mlgitops.ports import Access, Hear

pytestmark = pytest.mark.slow

PLANTED = {
    "AWS_SECRET_ACCESS_KEY": "planted-1",
    "GITHUB_TOKEN": "planted-2",
    "MLFLOW_TRACKING_PASSWORD": "planted-3",
    "DATABASE_URL": "postgresql://u:planted-4@host/db",
    "HTTPS_PROXY": "http://u:planted-5@proxy",
    "SSH_AUTH_SOCK": "/run/planted-6",
    "HOME": "/home/planted-7",
    "PYTHONPATH": "/planted-8",
    "MLGITOPS_SIGNING_KEY": "planted-9",
    "MLGITOPS_SIGNING_KEY_FILE": "/planted-10",
}
RULE = "a test's code reads its repository only"
HARMLESS = {
    "PATH": os.defpath,
    "LC_ALL": "C.UTF-8",
    "TZ": "America/New_York",
    "OMP_NUM_THREADS": "1",
}


class Repository:
    """A repository whose features callable is whatever a test wants to run.

    It may write to *notes*, the working directory's neighbour, for tests to read.
    """

    def __init__(self, folder: Path, worker: ProcessWorker) -> None:
        self.root = folder / "repository"
        self.root.mkdir()
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.worker = worker
        self._folder = folder
        pq.write_table(pa.table({"a": [1.0], "y": [0]}), folder / "table")

    def run(
        self, body: str, worker: ProcessWorker | None = None, hear: Hear | None = None
    ) -> dict[str, Any]:
        code = f"import json, os, sys, time\ndef build(d):\n    {body}\n    return d\n"
        (self.root / "mine.py").write_text(code)
        request = {
            "root": str(self.root), "entrypoint": "mine:build", "columns": ["a"], "keep": ["y"],
            "table": str(self._folder / "table"), "out": str(self.notes / "out"),
        }  # fmt: skip
        return (worker or self.worker).run("features", request, self.access, hear)

    @property
    def access(self) -> Access:
        return Access((self.root, self._folder / "table"), (self.notes,), (), RULE)

    def evaluate(self, expression: str, worker: ProcessWorker | None = None) -> Any:
        """Value of a JSON-like *expression* in the job."""
        self.run(f"json.dump({expression}, open('../notes/seen', 'w'))", worker)
        return json.loads((self.notes / "seen").read_text())


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessWorker]:
    folder = tmp_path_factory.mktemp("worker")
    with ProcessWorker(folder, folder, HARMLESS | PLANTED) as worker:
        yield worker


@pytest.fixture
def repository(tmp_path: Path, worker: ProcessWorker) -> Repository:
    return Repository(tmp_path, worker)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_no_credential_reaches_a_job(repository: Repository):
    environment, has_home = repository.evaluate(
        "[dict(os.environ), os.path.isdir(os.environ['HOME'])]"
    )

    assert not [name for name, value in environment.items() if "planted" in value]
    assert {name: environment[name] for name in ("LC_ALL", "TZ", "OMP_NUM_THREADS")} == {
        "LC_ALL": "C.UTF-8", "TZ": "America/New_York", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    assert environment["PYTHONHASHSEED"] == "0"
    assert has_home
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_hashes_are_the_same_in_every_process(repository: Repository, tmp_path: Path):
    first = repository.evaluate("hash('a')")
    with ProcessWorker(tmp_path, tmp_path, HARMLESS) as other:
        assert repository.evaluate("hash('a')", other) == first


def test_the_network_is_off_when_the_sandbox_says_so(repository: Repository):
    if "no-network" not in repository.worker.sandbox:
        pytest.skip("this machine does not let a process give up its network")
    names = repository.evaluate("[name for _, name in __import__('socket').if_nameindex()]")

    assert names == ["lo"]
    with pytest.raises(SpecError, match="Network is unreachable"):
        repository.run("__import__('socket').create_connection(('192.0.2.1', 80), 5)")


def test_processes_of_a_job_can_still_talk_to_each_other(repository: Repository):
    repository.run(
        "import socket; s = socket.create_server(('127.0.0.1', 0)); "
        "socket.create_connection(s.getsockname(), 5)"
    )


def test_the_main_processs_environment_is_out_of_reach(repository: Repository):
    if "no-network" not in repository.worker.sandbox:
        pytest.skip("this machine does not let a process have a user namespace")
    with pytest.raises(SpecError, match="PermissionError"):
        repository.run(f"open('/proc/{os.getpid()}/environ').read()")


@pytest.mark.parametrize(
    ("body", "message", "details"),
    [
        ("raise ValueError('boom')", "'mine:build' raised: ValueError: boom", 'mine.py", line 3'),
        ("sys.exit(4)", r"it called sys.exit\(4\)", 'mine.py", line 3'),
        (
            "print('last words', flush=True); os._exit(5)",
            "exit code 5 without an answer",
            "last words",
        ),
        ("os._exit(0)", "exit code 0 without an answer", ""),
        ("os.kill(os.getpid(), 9)", r"killed by signal 9 \(Killed\)", ""),
        ("import ctypes; ctypes.string_at(0)", "killed by signal 11", ""),
        ("import absent_package", "No module named 'absent_package'", 'mine.py", line 3'),
        ("def f(): f()\n    f()", "RecursionError", "mine.py"),
    ],
)
def test_code_that_fails_says_how_and_the_worker_lives_on(
    repository: Repository, body: str, message: str, details: str
):
    with pytest.raises(SpecError, match=message) as caught:
        repository.run(body)

    assert details in (caught.value.details or "")
    assert repository.run("pass")["columns"]


@pytest.mark.parametrize("code", [0, 5])
def test_a_job_that_ends_the_process_is_told_not_to(repository: Repository, code: int):
    with pytest.raises(SpecError) as caught:
        repository.run(f"os._exit({code})")

    assert "remove `sys.exit` and `os._exit`" in str(caught.value.hint)


def test_a_job_killed_for_memory_hints_at_it(repository: Repository):
    with pytest.raises(SpecError) as caught:
        repository.run("os.kill(os.getpid(), 9)")

    assert "memory" in (caught.value.hint or "")


def test_what_is_printed_disturbs_nothing_and_is_cut(repository: Repository):
    repository.run('print(\'{"event": "ended", "exit": 9}\'); sys.stdout.flush()')
    with pytest.raises(SpecError) as caught:
        repository.run("print('x\\n' * 100000); print(b'\\xff', 'end', flush=True); os._exit(1)")

    details = caught.value.details or ""
    assert details.endswith("end")
    assert len(details.splitlines()) <= 20


def test_jobs_do_not_see_each_other(repository: Repository):
    repository.run("sys.planted = 1; os.environ['LEFT'] = 'x'")

    assert repository.evaluate("[hasattr(sys, 'planted'), 'LEFT' in os.environ]") == [False, False]


def test_a_job_that_runs_too_long_is_ended(repository: Repository, tmp_path: Path):
    with ProcessWorker(tmp_path, tmp_path, HARMLESS, timeout_s=1.5) as impatient:
        with pytest.raises(SpecError, match=r"did not end within 1\.5 s") as caught:
            repository.run(
                "open('../notes/pid', 'w').write(str(os.getpid())); print('busy', flush=True)\n"
                "    while True: pass",
                impatient,
            )
        assert not is_alive(int((repository.notes / "pid").read_text()))
        assert caught.value.details == "busy"
        assert repository.run("pass", impatient)["columns"]


def test_text_that_cannot_be_encoded_is_still_told(repository: Repository):
    with pytest.raises(SpecError, match=r"ValueError: bad \?\.csv"):
        repository.run("raise ValueError(os.fsdecode(b'bad \\xff.csv'))")


# It is in the file that becomes the output before that is written, and writes after a second.
DAEMON = (
    "held = os.open('../notes/out.partial', os.O_RDWR | os.O_CREAT)\n"
    "    reader, writer = os.pipe()\n"
    "    if os.fork() == 0:\n"
    "        os.setsid()\n"
    "        if os.fork(): os._exit(0)\n"
    "        open('../notes/pid', 'w').write(str(os.getpid())); os.write(writer, b'.')\n"
    "        time.sleep(1); os.pwrite(held, b'CHANGED', 0); time.sleep(600)\n"
    "    os.read(reader, 1)\n"
    "    "
)
needs_a_subreaper = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="no other system has a subreaper"
)


@needs_a_subreaper
def test_no_daemon_of_a_job_can_change_what_it_made(repository: Repository):
    repository.run(DAEMON)
    assert not is_alive(int((repository.notes / "pid").read_text()))

    made = (repository.notes / "out").read_bytes()
    time.sleep(1.5)
    assert made.startswith(b"PAR1")
    assert (repository.notes / "out").read_bytes() == made


@needs_a_subreaper
def test_a_daemon_ends_with_a_job_that_runs_too_long(repository: Repository, tmp_path: Path):
    with (
        ProcessWorker(tmp_path, tmp_path, HARMLESS, timeout_s=1.5) as impatient,
        pytest.raises(SpecError, match="did not end within"),
    ):
        repository.run(f"{DAEMON}time.sleep(600)", impatient)

    assert not is_alive(int((repository.notes / "pid").read_text()))


def test_a_job_whose_processes_cannot_be_ended_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    events = [
        {"event": "ready", "wall": True}, {"event": "started", "pid": 2**22 + 1},
        {"event": "left", "exit": 0},
    ]  # fmt: skip
    says = "".join(f"print({json.dumps(event)!r}, flush=True)\n" for event in events)
    monkeypatch.setattr(process_worker, "_PYTHON", (sys.executable, "-c", f"{says}input()"))
    with (
        ProcessWorker(tmp_path, tmp_path, HARMLESS) as other,
        pytest.raises(SpecError, match="that the job 'features' started could not be ended"),
    ):
        other.run("features", {}, Access((), (), (), ""))


def test_a_fault_of_ours_is_no_fault_of_the_users(repository: Repository):
    with pytest.raises(RuntimeError, match="a fault of ours"):
        repository.worker.run("features", {"root": str(repository.root)}, repository.access)


def test_a_worker_process_that_dies_says_why_and_is_replaced(
    repository: Repository, tmp_path: Path
):
    with ProcessWorker(tmp_path, tmp_path, HARMLESS) as other:
        zygote = repository.evaluate("os.getppid()", other)
        os.kill(zygote, signal.SIGKILL)
        with pytest.raises(Unavailable, match="the worker process was killed by signal 9"):
            repository.run("pass", other)
        assert repository.run("pass", other)["columns"]


def test_a_job_dies_with_a_worker_process_that_is_killed(repository: Repository, tmp_path: Path):
    with ProcessWorker(tmp_path, tmp_path, HARMLESS) as other:
        pids = repository.notes / "pids"

        def kill_the_parent() -> None:
            wait_until(pids.exists)
            os.kill(int(pids.read_text().split()[1]), signal.SIGKILL)

        killing = threading.Thread(target=kill_the_parent)
        killing.start()
        with pytest.raises(Unavailable):
            repository.run(
                "open('../notes/new', 'w').write(f'{os.getpid()} {os.getppid()}')\n"
                "    os.replace('../notes/new', '../notes/pids'); time.sleep(600)",
                other,
            )
        killing.join()
        wait_until(lambda: not is_alive(int(pids.read_text().split()[0])))


def test_a_package_that_is_not_installed_names_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    says = 'print(\'{"event": "missing", "package": "great_expectations"}\')'
    monkeypatch.setattr(process_worker, "_PYTHON", (sys.executable, "-c", says))
    with (
        ProcessWorker(tmp_path, tmp_path, HARMLESS) as other,
        pytest.raises(MissingExtra, match="'great_expectations' is not installed") as caught,
    ):
        other.run("validate", {}, Access((), (), (), ""))
    assert "mlgitops[data]" in (caught.value.hint or "")


def test_calls_from_two_threads_each_get_their_own_answer(repository: Repository):
    errors: list[str] = []

    def call(name: str) -> None:
        request = {"root": str(repository.root), "entrypoint": f"{name}:build"}
        with pytest.raises(SpecError) as caught:
            repository.worker.run(
                "features", {"table": "t", "keep": [], "out": "o", **request}, repository.access
            )
        errors.append(caught.value.message)

    threads = [threading.Thread(target=call, args=(f"absent_{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(error.split("'")[1] for error in errors) == [f"absent_{n}" for n in range(4)]


def test_warming_returns_at_once_and_closing_twice_leaves_nothing(tmp_path: Path):
    worker = ProcessWorker(tmp_path, tmp_path, HARMLESS)
    begun = time.monotonic()
    worker.warm(["features", "train", "predict", "validate"])
    took = time.monotonic() - begun
    worker.close()
    worker.close()

    # The imports take seconds; a generous bound, as the machine may be busy.
    assert took < 1.5
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def busy_program(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A main process whose job sleeps; the job's and its parent's ids are in `pids`."""
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_worker import HARMLESS, ProcessWorker, Repository
here = Path({str(tmp_path)!r})
with ProcessWorker(here, here, HARMLESS) as worker:
    Repository(here, worker).run(
        "os.chdir('../notes'); open('partial', 'w').write(f'{{os.getpid()}} {{os.getppid()}}')\\n"
        "    os.replace('partial', 'pids'); time.sleep(600)"
    )
"""
    environment = {"TMPDIR": str(tmp_path)}  # what a killed process leaves goes with the test
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        wait_until((tmp_path / "notes/pids").exists)
        yield process
        process.kill()


def test_an_interrupt_ends_every_process(busy_program: subprocess.Popen[bytes], tmp_path: Path):
    busy_program.send_signal(signal.SIGINT)
    _, errors = busy_program.communicate(timeout=30)

    assert errors.rstrip().endswith(b"KeyboardInterrupt")
    assert not [pid for pid in (tmp_path / "notes/pids").read_text().split() if is_alive(int(pid))]
    left = [path.name for path in tmp_path.iterdir()]
    assert not [name for name in left if name.startswith(("worker-", "mlgitops-"))]


def test_no_process_outlives_a_main_process_that_is_killed(
    busy_program: subprocess.Popen[bytes], tmp_path: Path
):
    busy_program.kill()

    pids = [int(pid) for pid in (tmp_path / "notes/pids").read_text().split()]
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_no_open_file_leads_around_the_wall(repository: Repository):
    """What is open already, no wall closes."""
    found = repository.evaluate(
        "[os.readlink(f'/proc/self/fd/{n}') for n in range(256) "
        "if os.path.islink(f'/proc/self/fd/{n}')]"
    )

    nothing, *logs = found
    assert nothing == os.devnull
    assert [Path(path).name for path in logs] == ["log", "log"]


def test_folders_of_a_job_are_its_own_and_go_with_it(repository: Repository):
    looked = "[os.environ['HOME'], os.environ['TMPDIR'], __import__('tempfile').gettempdir()]"
    first, second = repository.evaluate(looked), repository.evaluate(looked)

    assert first[1] == first[2]
    assert not set(first) & set(second)
    assert not [path for path in (*first, *second) if Path(path).exists()]
    assert len(first[1]) < 60  # below it, a socket's path has to fit into 107


def test_a_job_sees_no_log_or_answer_of_another(
    repository: Repository, require: Callable[[str, str], NoReturn]
):
    if "files" not in repository.worker.sandbox:
        require("Landlock", "this machine's kernel does not have it")
    folder = str(Path(repository.evaluate("os.environ['HOME']")).parents[1])

    for path in (folder, f"{folder}/train.log"):
        with pytest.raises(SpecError, match="PermissionError") as caught:
            repository.run(f"os.listdir({path!r}) if {path!r} == {folder!r} else open({path!r})")
        assert caught.value.hint == f"{path} is out of the job's reach: {RULE}"


def test_a_log_that_the_job_replaced_shows_nothing_else(repository: Repository, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("planted")
    with pytest.raises(SpecError) as caught:
        repository.run(
            "log = os.readlink('/proc/self/fd/1'); print('mine', flush=True); os.unlink(log)\n"
            f"    os.symlink({str(secret)!r}, log); os._exit(3)"
        )

    assert caught.value.details == "mine"


@pytest.mark.parametrize(
    "text",
    [
        "{", '{"no": "result"}', '{"result": 5}', '{"result": {}}', '{"result": {"columns": 1}}',
        '{"refused": "x"}', '{"refused": {}}', '{"bug": 1}',
    ],
)  # fmt: skip
def test_an_answer_of_the_jobs_own_making_is_none(repository: Repository, text: str):
    with pytest.raises(SpecError, match="without an answer"):
        repository.run(
            "answer = os.path.dirname(os.environ['HOME']) + '/answer.json'\n"
            f"    open(answer, 'w').write({text!r}); os._exit(0)"
        )


@pytest.mark.parametrize(
    ("body", "error"),
    [("pass", None), ("raise ValueError(7)", SpecError), ("os._exit(3)", SpecError)],
    ids=["returns", "raises", "exits"],
)
def test_what_a_job_prints_is_heard_however_it_ends(
    repository: Repository, body: str, error: type[Exception] | None
):
    heard: list[bytes] = []
    printing = "print('out'); sys.stdout.flush(); os.write(2, b'err\\xff\\n')"
    with pytest.raises(error) if error else nullcontext():
        repository.run(f"{printing}; {body}", hear=heard.append)

    assert len(heard) == 1
    assert heard[0].startswith(b"out\nerr\xff\n")


def test_a_silent_job_is_heard_to_say_nothing(repository: Repository):
    heard: list[bytes] = []
    repository.run("pass", hear=heard.append)

    assert heard == [b""]
