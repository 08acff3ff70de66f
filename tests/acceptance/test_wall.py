"""The wall around zone Z0, met by code that means harm: real training, real models."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mlgitops.cli.signing import private_place
from mlgitops.folders import write_private
from mlgitops.model.errors import SpecError
from mlgitops.ports import Worker
from mlgitops.usecases.run import Result
from tests.fakes.laboratory import Laboratory, statuses

pytestmark = pytest.mark.slow

HONEST = "    return LogisticRegression(random_state=seed, **params).fit(X, y)\n"
# What the code found is in the error that it ends with, the one thing a job can say freely.
PRYING = """\
import json
import os
import signal
import socket
import tempfile
from pathlib import Path

from sklearn.linear_model import LogisticRegression


class Report(Exception):
    pass


def outcome(deed):
    try:
        deed()
    except PermissionError:
        return "refused"
    except OSError as error:
        return type(error).__name__
    return "done"


def report(**found):
    raise Report("<<" + json.dumps(found) + ">>")


"""


@pytest.fixture
def shop(
    laboratory: Laboratory, lab_worker: Worker, require: Callable[[str, str], NoReturn]
) -> Laboratory:
    """A repository with a history and a store, on a machine that can hold jobs."""
    if "files" not in lab_worker.sandbox:
        require("Landlock", "this machine's kernel does not have it")
    laboratory.write(".git/config", "[url] insteadOf = https://token@example.org")
    return laboratory


def say(result: Result) -> Any:
    """What the code reported."""
    assert isinstance(result.error, SpecError)
    said = re.findall(r"<<(\{.*?\})>>", result.error.details or result.error.message)
    assert said, f"{result.error.message}\n{result.error.details}"
    return json.loads(said[-1])


def pry(shop: Laboratory, body: str) -> Any:
    """What training with *body* reports."""
    shop.write("shop/train.py", f"{PRYING}def train(X, y, *, seed, **params):\n{body}{HONEST}")
    return say(shop.run())


def opened(mode: str, paths: dict[str, Path]) -> str:
    """Code that reports what became of opening each of *paths*."""
    named = {name: str(path) for name, path in paths.items()}
    return (
        f"    found = {named!r}\n"
        f"    report(**{{n: outcome(lambda: open(p, {mode!r})) for n, p in found.items()}})\n"
    )


def test_training_reads_neither_answers_nor_history_nor_secrets(
    shop: Laboratory, tmp_path: Path
) -> None:
    kept = shop.store.last_run("churn")
    assert kept is not None
    outputs = {step.name: step.outputs for step in kept.steps}
    store = shop.root / ".mlgitops" / "store"
    secret = tmp_path / "home" / ".aws" / "credentials"
    secret.parent.mkdir(parents=True)
    secret.write_text("planted")
    key = tmp_path / "home" / private_place("ci", "shop", {}).relative_to("~")
    write_private(key, b"planted")
    hidden = {
        "holdout": store / "files" / outputs["split"]["holdout"].removeprefix("sha256:"),
        "scores": store / "files" / outputs["evaluate"]["scores"].removeprefix("sha256:"),
        "everything": store / "files" / outputs["extract"]["table"].removeprefix("sha256:"),
        "run": shop.root / ".mlgitops" / "runs" / "churn.json",
        "history": shop.root / ".git" / "config",
        "data": shop.root / "data" / "customers.csv",
        "secret": secret,
        "signing key": key,
    }
    assert all(path.is_file() for path in hidden.values())

    assert pry(shop, opened("rb", hidden)) == dict.fromkeys(hidden, "refused")


def test_training_reads_the_checkout_and_writes_temporary_files(
    shop: Laboratory, tmp_path: Path
) -> None:
    shop.write("shop/plans.json", "{}")
    shop.write("assets/words.txt", "word")
    found = pry(
        shop,
        "    report(\n"
        "        code=outcome(lambda: open('shop/plans.json').read()),\n"
        "        asset=outcome(lambda: open('assets/words.txt').read()),\n"
        "        beside_data=outcome(lambda: os.listdir('data')),\n"
        "        temporary=outcome(lambda: tempfile.mkstemp()),\n"
        "        home=outcome(lambda: Path.home().joinpath('.cache').mkdir()),\n"
        "        shared_memory=outcome(lambda: tempfile.mkstemp(dir='/dev/shm')),\n"
        "        nothing=outcome(lambda: open(os.devnull, 'w').write('x')),\n"
        "    )\n",
    )

    assert found == dict.fromkeys(found, "done")


def test_training_writes_neither_to_the_store_nor_to_the_checkout(
    shop: Laboratory, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in shop.root.rglob("*") if path.is_file()}
    (step, *_) = (shop.root / ".mlgitops" / "store" / "steps").iterdir()
    targets = {
        "record": step,
        "new record": step.with_name("0" * 64 + ".json"),
        "spec": shop.root / "mlops" / "pipelines" / "churn.yaml",
        "new file": shop.root / "sitecustomize.py",
        "elsewhere": tmp_path / "left",
        "device": Path("/dev/kmsg"),
    }

    assert pry(shop, opened("ab", targets)) == dict.fromkeys(targets, "refused")

    after = {path: path.read_bytes() for path in before if path.exists()}
    changed = {path.name for path, content in before.items() if after.get(path) != content}
    assert changed <= {"churn.json", "train.py"}  # the record of this run, and the test's edit
    assert not targets["new record"].exists()
    assert not targets["new file"].exists()


def test_a_link_leads_no_further_than_the_wall(shop: Laboratory) -> None:
    (shop.root / "innocent.csv").symlink_to("data/customers.csv")
    (shop.root / "shelf").symlink_to(".mlgitops")

    found = pry(
        shop,
        "    data, mine = os.path.abspath('data/customers.csv'), tempfile.mkdtemp()\n"
        "    os.symlink(data, f'{mine}/link')\n"
        "    report(\n"
        "        file=outcome(lambda: open('innocent.csv')),\n"
        "        folder=outcome(lambda: open('shelf/runs/churn.json')),\n"
        "        own=outcome(lambda: open(f'{mine}/link')),\n"
        "        hard=outcome(lambda: os.link(data, f'{mine}/hard')) != 'done' and 'refused',\n"
        "        renamed=outcome(lambda: os.rename(data, f'{mine}/d')) != 'done' and 'refused',\n"
        "    )\n",
    )

    assert found == dict.fromkeys(found, "refused")


MODEL = """
class Prying(LogisticRegression):
    def predict_proba(self, X):
        if Path.cwd() != Path(self.root):
            report(**{path: outcome(lambda: open(path)) for path in self.listed})
        return super().predict_proba(X)


def train(X, y, *, seed, **params):
    model = Prying(random_state=seed, **params).fit(X, y)
    model.root = str(Path.cwd())
    store = Path('.mlgitops/store')
    model.listed = [str(p.absolute()) for p in [
        *store.glob('files/*'), *store.glob('steps/*'), Path('data/customers.csv'),
        Path('shop/train.py'), Path('.git/config'),
    ]]
    return model
"""


def test_a_model_that_predicts_finds_no_answers(shop: Laboratory) -> None:
    """Training may list names; the model that it packs them with can open none."""
    shop.write("shop/train.py", PRYING + MODEL)
    result = shop.run()
    found = say(result)

    assert statuses(result)["train"] == "ran"
    assert statuses(result)["evaluate"] == "failed"
    holdout = result.context.made["split"].outputs["holdout"].path
    assert str(holdout.resolve()) in found
    assert len(found) > 10
    assert set(found.values()) == {"refused"}


def test_a_job_signals_no_other_process_and_reaches_no_abstract_socket(
    shop: Laboratory, abi: int
) -> None:
    if abi < 6:
        pytest.skip("this machine's Landlock knows no scopes")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("\0mlgitops-test-of-the-wall")
        listening.listen()
        found = pry(
            shop,
            "    report(\n"
            "        parent=outcome(lambda: os.kill(os.getppid(), 0)),\n"
            f"        main=outcome(lambda: os.kill({os.getpid()}, signal.SIGCONT)),\n"
            f"        memory=outcome(lambda: open('/proc/{os.getpid()}/environ').read()),\n"
            "        own=outcome(lambda: os.kill(os.getpid(), 0)),\n"
            "        socket=outcome(lambda: socket.socket(socket.AF_UNIX).connect(\n"
            "            chr(0) + 'mlgitops-test-of-the-wall')),\n"
            "    )\n",
        )

    # Without a network, the job is not even told that somebody listens.
    assert found.pop("socket") in {"refused", "ConnectionRefusedError"}
    assert found == {"parent": "refused", "main": "refused", "memory": "refused", "own": "done"}


@pytest.fixture
def abi() -> int:
    from mlgitops.adapters.worker import landlock

    return landlock.abi()


def test_a_command_and_what_it_starts_are_held_too(shop: Laboratory) -> None:
    code = "import subprocess\nsubprocess.run(['cat', 'data/customers.csv'], check=True)\n"
    shop.write("fit.py", code)

    result = shop.run("demand")

    assert isinstance(result.error, SpecError)
    assert "data/customers.csv: Permission denied" in str(result.error.details)
    assert "without `.git`, `.mlgitops` and the dataset's sources" in str(result.error.hint)


def test_whoever_meets_the_wall_is_told_of_it(shop: Laboratory, tmp_path: Path) -> None:
    weights = tmp_path / "weights.bin"
    weights.touch()
    shop.write(
        "shop/train.py",
        f"def train(X, y, *, seed, **params):\n    open({str(weights)!r})\n",
    )

    result = shop.run()

    assert isinstance(result.error, SpecError)
    assert "PermissionError" in result.error.message
    assert str(result.error.hint).startswith(f"{weights} is out of the job's reach: ")
    assert "copy below the repository what it needs" in str(result.error.hint)


def test_the_evidence_says_what_jobs_were_held_by(shop: Laboratory) -> None:
    context = shop.context(until="evaluate")
    evidence = context.json("evaluate", "evidence-staging")

    assert evidence["producer"]["sandbox"].startswith("process")
    assert evidence["producer"]["sandbox"].endswith("+files")
