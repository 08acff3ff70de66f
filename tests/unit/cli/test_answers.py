"""One document on stdout, of the published shape, whatever comes of a verb."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console  # noqa: TID253 - tests may start slowly

from mlgitops.cli.answers import answer_stop, asks_for_json
from mlgitops.cli.app import main
from mlgitops.cli.verbs import drift, plan, promote, reconcile, status
from mlgitops.model.errors import MlgitopsError
from tests.fakes.answers import valid
from tests.fakes.laboratory import FILES, Laboratory
from tests.fakes.release_world import MODEL, ReleaseWorld
from tests.fakes.wiring import call, wired

NOBODY = "http://127.0.0.1:1"
RELEASING = {"plan": plan, "reconcile": reconcile, "drift": drift, "status": status}


@pytest.mark.parametrize(
    ("words", "does"),
    [
        (["plan", "--format", "json"], True),
        (["plan", "--format=json"], True),
        (["plan", "--form", "json"], True),
        (["plan", "--f=json"], True),
        (["--format", "json", "plan"], True),
        (["plan", "--format", "text"], False),
        (["plan", "--format"], False),
        (["plan", "--format=", "json"], False),
        (["run", "--from", "json"], False),
        (["run", "--", "--format", "json"], False),
        (["-", "json"], False),
        ([], False),
    ],
)
def test_who_asks_for_json(words: list[str], does: bool) -> None:
    assert asks_for_json(words) is does


class Shop:
    """A repository with a proposed release, whose registry is in memory."""

    def __init__(self, folder: Path, read: Callable[[], Any]) -> None:
        self.world = ReleaseWorld(folder)
        self._read = read
        self.world.run()
        self._do(promote, "--to", "staging")
        self.merge()

    def merge(self) -> None:
        (request,) = self.world.forge.open_requests("mlgitops/")
        self.world.workspace.merge(request.branch)

    def ask(self, verb: str, *words: str) -> tuple[int, Any]:
        """The exit code and the document of *verb*, as the door gives them."""
        self._read()
        asked = [*words, "--format", "json"]
        try:
            code = self._do(RELEASING[verb], *asked)
        except Exception as error:  # noqa: BLE001 - as the door
            code = getattr(getattr(error, "error", error), "exit_code", 1)
            answer_stop(asked, error, code)
        return code, valid(verb, self._read().out)

    def _do(self, verb: Any, *words: str) -> int:
        wiring = wired(
            self.world.workspace.root,
            desired_registry=self.world.registry,
            console=Console(width=200),
        )
        return call(verb, wiring, *words)

    def promote(self, environment: str) -> None:
        self._do(promote, "--to", environment)


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(tmp_path, capsys.readouterr)


def test_a_release_from_pending_to_synced(shop: Shop) -> None:
    code, planned = shop.ask("plan", "--exit-code")
    assert code == 4
    assert planned["targets"][0]["sync"] == "pending"
    assert "error" not in planned

    code, done = shop.ask("reconcile", "--expect", planned["digest"])
    assert code == 0
    assert [target["status"] for target in done["targets"]] == ["applied"]
    assert done["commit"] == planned["commit"]

    code, after = shop.ask("plan")
    assert code == 0
    assert after["targets"][0]["applied"]["version"] == 1
    assert shop.ask("reconcile")[1]["targets"][0]["changes"] == []
    assert shop.ask("drift")[0] == 0


def test_drift_found_and_healed(shop: Shop) -> None:
    shop.ask("reconcile")
    shop.world.registry.delete_alias(MODEL, "staging")

    code, found = shop.ask("drift")
    assert code == 4
    assert found["targets"][0]["sync"] == "alias-missing"
    assert found["healed"] is None
    assert "error" not in found

    code, healed = shop.ask("drift", "--heal")
    assert code == 0
    assert healed["healed"][0]["status"] == "applied"


def test_what_was_found_stands_beside_why_it_stops(shop: Shop) -> None:
    shop.ask("reconcile")
    shop.world.registry.delete_alias(MODEL, "staging")

    code, found = shop.ask("reconcile")

    assert code == 4
    assert found["error"]["code"] == 4
    assert "drift --heal" in found["error"]["hint"]
    assert found["targets"][0]["status"] == "left"


def test_a_stale_plan_is_an_error_and_nothing_else(shop: Shop) -> None:
    code, found = shop.ask("reconcile", "--expect", f"sha256:{'0' * 64}")

    assert code == 5
    assert list(found) == ["error"]


def test_a_status_has_targets_holds_and_requests(shop: Shop) -> None:
    shop.ask("reconcile")
    shop.promote("production")

    code, found = shop.ask("status")

    assert code == 0
    assert {target["target"]["environment"]: target["live"] for target in found["targets"]} == {
        "staging": 1, "production": None,
    }  # fmt: skip
    assert found["targets"][0]["since"]
    assert found["requests"][0]["branch"].startswith("mlgitops/promote/production/")


def test_a_registry_that_does_not_answer(shop: Shop) -> None:
    shop.world.registry.is_down = True

    for verb in ("plan", "drift", "reconcile"):
        code, found = shop.ask(verb)
        assert (code, list(found)) == (6, ["error"])
    code, found = shop.ask("status")
    assert code == found["error"]["code"] == 6
    assert {target["sync"] for target in found["targets"]} == {"unknown"}


def repository(folder: Path, *, spec: str = "") -> Path:
    """A repository in git whose registry nobody serves, with *spec* for one of its pipelines."""
    made = Laboratory.create(folder / "shop")
    made.write("mlgitops.yaml", FILES["mlgitops.yaml"] + f"spec: {{registry: {{uri: {NOBODY}}}}}\n")
    if spec:
        made.write("mlops/pipelines/churn.yaml", spec)
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "--all")):
        subprocess.run(["git", "-C", str(made.root), *words], check=True)
    subprocess.run(["git", "-C", str(made.root), "commit", "--quiet", "-m", "Begin"], check=True)
    return made.root


def process(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a process of its own."""
    command = [sys.executable, "-m", "mlgitops", *words]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


ASKED = (
    ("check",), ("plan",), ("status",), ("drift",), ("reconcile",), ("run", "churn"),
    ("explain", "train", "--model", "churn"),
)  # fmt: skip


@pytest.mark.parametrize("words", ASKED, ids=lambda words: words[0])
def test_outside_of_git_every_verb_has_an_answer(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, out, err = process(tmp_path, *words, "--format", "json")

    assert code == valid(words[0], out)["error"]["code"] == 2
    assert "error: " in err


@pytest.mark.parametrize("words", ASKED[:-1], ids=lambda words: words[0])
def test_a_wrong_spec_is_told_with_its_place(tmp_path: Path, words: tuple[str, ...]) -> None:
    root = repository(tmp_path, spec="kind: Pipeline\n\x1b ::error::\n")

    code, out, _ = process(root, *words, "--format", "json")

    told = valid(words[0], out)
    assert code == told["error"]["code"] == 2
    assert told["error"]["diagnostics"][0]["file"] == "mlops/pipelines/churn.yaml"


@pytest.mark.slow
@pytest.mark.parametrize("words", ASKED[1:5], ids=lambda words: words[0])
def test_a_registry_that_nobody_serves_is_6(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, out, _ = process(repository(tmp_path), *words, "--format", "json")

    assert code == valid(words[0], out)["error"]["code"] == 6


@pytest.mark.parametrize("words", ASKED, ids=lambda words: words[0])
def test_misuse_is_told_too(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, out, err = process(tmp_path, *words, "--format", "json", "--nothing-like-it")

    assert code == valid(words[0], out)["error"]["code"] == 2
    assert "--nothing-like-it" in err


@pytest.mark.parametrize(
    ("error", "code"), [(ZeroDivisionError("by zero"), 1), (KeyboardInterrupt(), 130)]
)
def test_a_bug_and_an_interruption_are_told_too(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    def fail(*_: object) -> int:
        raise error

    verb: Any = ModuleType("mlgitops.cli.verbs.check")
    verb.configure = lambda parser: parser.add_argument("--format")
    verb.execute = fail
    monkeypatch.setitem(sys.modules, verb.__name__, verb)

    if code == 1:
        with pytest.raises(ZeroDivisionError):
            main(["check", "--format", "json"])
    else:
        assert main(["check", "--format", "json"]) == code

    assert valid("check", capsys.readouterr().out)["error"]["code"] == code


def test_without_json_an_error_leaves_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    answer_stop(["plan"], MlgitopsError("x"), 2)

    assert capsys.readouterr().out == ""
