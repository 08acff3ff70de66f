"""The command line as a process, given what it cannot work with.

Each case starts from a repository in which `churn` was walked as far as training,
so that a case costs only what it is about.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mlgitops import folders
from tests.fakes.laboratory import CUSTOMERS, Laboratory

pytestmark = pytest.mark.slow

PIPELINE = "mlops/pipelines/churn.yaml"
DATASET = "mlops/datasets/customers.yaml"
NOBODY = "http://127.0.0.1:1"
TRAIN = "return LogisticRegression(random_state=seed, **params).fit(X, y)"
PREDICTS_NAN = """\
model = LogisticRegression(random_state=seed, **params).fit(X, y)
    model.coef_[:] = float("nan")
    return model
"""


@dataclass
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def steps(self) -> dict[str, str]:
        """What the walk says of each step."""
        lines = re.findall(r"^  ([a-z]+) +(ran|cached|failed)\b", self.out, re.MULTILINE)
        return dict(lines)


@dataclass
class Shop(Laboratory):
    """A repository on disk and in git, with the command line as its only door."""

    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, root: Path) -> Shop:
        """A repository with everything committed."""
        made = cls(**vars(Laboratory.create(root)))
        made.git("init", "--quiet", "--initial-branch=main")
        made.write(".gitignore", ".mlgitops/\nmlflow.db*\nmlartifacts/\n")
        made.commit("Begin")
        return made

    def at(self, root: Path) -> Shop:
        """A copy of the repository with all that was made in it."""
        shutil.copytree(self.root, root, symlinks=True)
        return Shop(**{**vars(self), "root": root, "environ": {}})

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.root), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "mlgitops"]

    @property
    def environment(self) -> dict[str, str]:
        environ = os.environ  # noqa: TID251 - what a person's shell hands on
        return {**environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", **self.environ}

    def do(self, *words: str, expect: int) -> Ended:
        """Run a command line here, which has to end with the code *expect*."""
        done = subprocess.run(
            [*self.command, *words],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        ended = Ended(done.returncode, done.stdout, done.stderr)
        assert ended.code == expect, f"{ended.code}\n{ended.out}\n{ended.err}"
        assert ("Traceback" in ended.err) == (expect == 1 or "File " in ended.err)
        return ended

    @property
    def versions(self) -> int:
        """How many versions the registry's database has."""
        return self._count("model_versions")

    @property
    def writes(self) -> int:
        """How many aliases and tags of models the registry's database has."""
        return self._count("registered_model_aliases") + self._count("registered_model_tags")

    def _count(self, table: str) -> int:
        with contextlib.closing(sqlite3.connect(self.root / "mlflow.db")) as database:
            (count,) = database.execute(f"select count(*) from {table}").fetchone()
        return int(count)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop.begin(tmp_path_factory.mktemp("shop") / "shop")
    made.do("run", "churn", "--until", "train", expect=0)
    return made


@pytest.fixture(scope="session")
def proposed(trained: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A repository with a registered version whose promotion is merged, not yet applied."""
    made = trained.at(tmp_path_factory.mktemp("proposed") / "shop")
    made.do("run", "churn", expect=0)
    made.do("promote", "churn", "--to", "staging", expect=0)
    (branch,) = made.git("branch", "--list", "mlgitops/*", "--format=%(refname:short)").split()
    made.git("merge", "--quiet", "--no-edit", branch)
    return made


@pytest.fixture
def shop(trained: Shop, tmp_path: Path) -> Shop:
    return trained.at(tmp_path / "shop")


@pytest.fixture
def released(proposed: Shop, tmp_path: Path) -> Shop:
    return proposed.at(tmp_path / "shop")


def test_a_malformed_spec_is_shown_in_its_place(shop: Shop) -> None:
    shop.edit(PIPELINE, "task: binary-classification", "task: binary-clasification")
    before = sorted(path for path in shop.root.rglob("*") if ".git/" not in str(path))

    ended = shop.do("run", "churn", expect=2)

    assert f"{PIPELINE}:5:9: SPEC204 " in ended.err
    assert "  task: binary-clasification" in ended.err
    assert "binary-classification" in ended.err.partition("hint")[2]
    assert ended.out == ""
    assert sorted(p for p in shop.root.rglob("*") if ".git/" not in str(p)) == before


def test_a_column_that_is_not_in_the_data_has_a_near_one(shop: Shop) -> None:
    shop.edit(PIPELINE, "[visits, spent, plan]", "[visit, spent, plan]")

    ended = shop.do("run", "churn", expect=2)

    assert f"{PIPELINE}: features.columns: no column 'visit' in the data" in ended.err
    assert "hint: did you mean 'visits'?" in ended.err
    assert ended.steps == {"extract": "failed"}


def test_code_that_does_not_import_is_the_user_s(shop: Shop) -> None:
    shop.edit("shop/train.py", "from sklearn", "import shop.prices\nfrom sklearn")

    ended = shop.do("run", "churn", expect=2)

    assert "'shop.train:train' cannot be imported" in ended.err
    assert "No module named 'shop.prices'" in ended.err
    assert ended.steps == {
        "extract": "cached", "validate": "cached", "split": "cached", "features": "ran",
        "train": "failed",
    }  # fmt: skip
    assert frames(ended) == [str(shop.root / "shop" / "train.py")]


def test_code_that_raises_is_shown_from_the_user_s_frames_on(shop: Shop) -> None:
    shop.edit("shop/train.py", TRAIN, "return X.loc[{}[seed]]")

    ended = shop.do("run", "churn", expect=2)

    assert "'shop.train:train' raised: KeyError: 7" in ended.err
    assert "return X.loc[{}[seed]]" in ended.err
    assert frames(ended) == [str(shop.root / "shop" / "train.py")]
    assert ended.steps["train"] == "failed"

    shop.edit("shop/train.py", "return X.loc[{}[seed]]", TRAIN)
    shop.do("run", "churn", "--until", "train", expect=0)


def frames(ended: Ended) -> list[str]:
    """The files of the traceback that is shown."""
    return re.findall(r'^\|   File "([^"]+)"', ended.err, re.MULTILINE)


def test_a_model_that_predicts_nan_is_refused(shop: Shop) -> None:
    shop.edit("shop/train.py", TRAIN, PREDICTS_NAN)

    ended = shop.do("run", "churn", expect=2)

    assert re.search(r"predicts NaN or infinity in 200 of 200 rows", ended.err)
    assert not (shop.root / "mlflow.db").exists()


def test_an_empty_window_is_refused(shop: Shop) -> None:
    shop.edit(
        DATASET,
        "split: {strategy: stratified, holdout: 0.4}",
        "time: day\n  window: {from: 2020-01-01, to: 2020-02-01}",
    )

    ended = shop.do("run", "churn", expect=2)

    assert "window" in ended.err
    assert ended.steps == {"extract": "failed"}


def test_a_critical_expectation_fails_before_training(shop: Shop) -> None:
    row = CUSTOMERS.splitlines()[1]
    number, day, _visits, *rest = row.split(",")
    shop.edit("data/customers.csv", row, ",".join([number, day, "", *rest]))

    ended = shop.do("run", "churn", expect=3)

    assert "expect_column_values_to_not_be_null on visits" in ended.err
    assert "(rows customer=0)" in ended.err
    assert "hint: mend the data or its expectations; nothing was trained" in ended.err
    assert list(ended.steps) == ["extract", "validate"]


def test_an_unknown_expectation_has_a_near_one(shop: Shop) -> None:
    shop.edit(DATASET, "expect_column_values_to_not_be_null", "expect_column_values_to_not_null")

    ended = shop.do("run", "churn", expect=2)

    assert "Great Expectations has no 'expect_column_values_to_not_null'" in ended.err
    assert "did you mean expect_column_values_to_not_be_null" in ended.err
    assert list(ended.steps) == ["extract", "validate"]


def test_too_few_rows_decide_nothing(shop: Shop) -> None:
    shop.edit(PIPELINE, "min: 0.6", "min: 0.9")

    ended = shop.do("run", "churn", expect=8)

    assert "is not fit for staging: inconclusive" in ended.err
    assert "min-metric (inconclusive): roc_auc is 0.9" in ended.err
    assert "evaluate on more rows" in ended.err
    assert not (shop.root / "mlflow.db").exists()
    assert list((shop.root / ".mlgitops" / "reports" / "churn").glob("*.html"))


def test_a_registry_that_does_not_answer_gets_no_version(shop: Shop) -> None:
    shop.edit(
        "mlgitops.yaml", "name: shop}\n", "name: shop}\nspec: {registry: {uri: env:SHOP_MLFLOW}}\n"
    )
    shop.environ["SHOP_MLFLOW"] = NOBODY

    ended = shop.do("run", "churn", expect=6)

    assert NOBODY in ended.err
    assert "hint: run it again when the registry is back; nothing is done twice" in ended.err
    assert ended.steps["gate"] == "ran"
    assert ended.steps["register"] == "failed"
    assert not (shop.root / "mlflow.db").exists()
    assert not (shop.root / "mlartifacts").exists()

    shop.environ["SHOP_MLFLOW"] = "sqlite:///mlflow.db"
    resumed = shop.do("run", "churn", expect=0)
    assert resumed.steps == {**dict.fromkeys(ended.steps, "cached"), "register": "ran"}
    assert shop.versions == 1


@contextlib.contextmanager
def locked(shop: Shop) -> Iterator[None]:
    """Somebody else holds the registry's database, and does not let go."""
    with contextlib.closing(sqlite3.connect(shop.root / "mlflow.db")) as database:
        database.execute("begin exclusive")
        yield
        database.rollback()


def test_a_registry_that_is_locked_is_left_as_it_was(released: Shop) -> None:
    released.edit(PIPELINE, "C: 1.0", "C: 0.5")
    versions, writes = released.versions, released.writes

    with locked(released):
        ended = released.do("run", "churn", expect=6)

    assert "database is locked" in ended.err
    assert ended.steps["register"] == "failed"
    assert (released.versions, released.writes) == (versions, writes)


@pytest.mark.parametrize("verb", ["reconcile", "plan", "drift", "status"])
def test_a_registry_that_does_not_answer_is_not_reconciled(released: Shop, verb: str) -> None:
    writes = released.writes

    with locked(released):
        ended = released.do(verb, expect=6)

    assert re.search("locked|did not answer", ended.err + ended.out)
    assert released.writes == writes
    released.do("reconcile", expect=0)
    assert released.writes > writes


@pytest.mark.parametrize("kib", [4, 48, 128, 192])
def test_a_full_disk_leaves_no_torn_file(
    trained: Shop, tmp_path: Path, mount_disk: Callable[[Path, int], None], kib: int
) -> None:
    made = Shop.begin(tmp_path / "shop")
    disk = made.root / ".mlgitops"
    mount_disk(disk, kib)

    ended = made.do("run", "churn", expect=6)

    assert re.search("No space left on device|the disk full", ended.err)
    assert re.search("hint: .*space", ended.err)
    for file in (disk / "store" / "files").glob("*"):
        assert folders.file_sha256(file) == file.name
    for folder in (disk / "store" / "folders").glob("*"):
        assert folders.manifest(folder).digest == f"sha256:{folder.name}"
    assert not (made.root / "mlflow.db").exists()

    remount = ["mount", "-o", "remount,size=64m", str(disk)]
    subprocess.run(remount, check=True)
    resumed = made.do("run", "churn", "--until", "train", expect=0)
    done = {name for name, status in ended.steps.items() if status == "ran"}
    assert all(resumed.steps[name] == "cached" for name in done & set(resumed.steps))


def test_outside_of_git_there_is_nothing_to_do(tmp_path: Path) -> None:
    made = Shop(**vars(Laboratory.create(tmp_path / "shop")))

    ended = made.do("run", "churn", expect=2)

    assert "not a git repository" in ended.err
    assert "git init" in ended.err
    assert not (made.root / ".mlgitops").exists()


@pytest.mark.parametrize(
    "words", [("run", "churn"), ("plan",), ("reconcile",), ("promote", "churn", "--to", "staging")]
)
def test_before_the_first_commit_nothing_is_judged_or_released(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    made = Shop(**vars(Laboratory.create(tmp_path / "shop")))
    made.git("init", "--quiet", "--initial-branch=main")

    ended = made.do(*words, expect=2)

    assert re.search(r"no commit", ended.err)
    assert "hint: commit your specs" in ended.err
    assert not (made.root / "mlflow.db").exists()


def test_an_interrupted_run_says_so_and_resumes(shop: Shop, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    shop.edit(
        "shop/train.py",
        TRAIN,
        f"import tempfile, time; tempfile.mkstemp('begun'); time.sleep(600)\n    {TRAIN}",
    )
    running = subprocess.Popen(
        [*shop.command, "run", "churn"],
        cwd=shop.root,
        env=shop.environment | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not list(temporary.rglob("*begun")):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    finally:
        running.kill()

    assert running.returncode == 130
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
    assert not list(temporary.iterdir())
    shop.edit("shop/train.py", "time.sleep(600)", "time.sleep(0)")
    ended = shop.do("run", "churn", "--until", "train", expect=0)
    assert ended.steps["validate"] == "cached"


def test_a_damaged_output_is_made_again(shop: Shop) -> None:
    (table,) = (
        file
        for file in (shop.root / ".mlgitops" / "store" / "files").iterdir()
        if b'"shared_rows"' in file.read_bytes()
    )
    table.write_bytes(table.read_bytes().replace(b'"shared_rows"', b'"shared_Rows"'))

    ended = shop.do("run", "churn", "--until", "train", expect=0)

    assert ended.steps == {
        "extract": "cached", "validate": "cached", "split": "ran", "features": "cached",
        "train": "cached",
    }  # fmt: skip
    assert "same inputs as last time, but its outputs are not in the store" in " ".join(
        ended.out.split()
    )
