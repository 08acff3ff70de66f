"""Releases that no promotion made, on a real git repository and a real MLflow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry
from mlgitops.cli.app import main
from mlgitops.model.digest import canonical_json, digest_of_bytes
from mlgitops.model.promotion import release_path
from mlgitops.model.spec import Pin, Release
from mlgitops.model.state import Target
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.release import render
from tests.fakes.release_world import MODEL, PRODUCTION, STAGING, ReleaseWorld

pytestmark = [
    pytest.mark.slow,
    # MLflow 3.17 uses what SQLAlchemy 2.1 deprecates.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]

FORGED = "sha256:" + "0" * 64


@dataclass
class Shop:
    """Version 1 is live in staging; version 2 is promoted, and its pull request is open."""

    world: ReleaseWorld

    @classmethod
    def open(cls, folder: Path) -> Shop:
        world = ReleaseWorld(folder)
        root = world.workspace.root
        world.workspace.commit({".gitignore": "/mlflow.db\n/mlartifacts/\n/.mlgitops/\n"}, "Ignore")
        world.registry = MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", root)  # type: ignore[assignment]  # the fake's place
        return cls(world)

    def do(self, *words: str) -> int:
        return main(["-C", str(self.world.workspace.root), *words])

    def merge(self) -> Pin:
        """Merge the open pull request; what it releases to staging."""
        (request,) = self.world.forge.open_requests("mlgitops/")
        self.world.workspace.merge(request.branch)
        pin = self.world.desired()
        assert pin is not None
        return pin

    def write(self, target: Target, pin: Pin, content: bytes | None = None) -> None:
        """Commit a Release by hand, and *content* as the evidence that it names."""
        names = (target.environment, target.model)
        release = Release(target.model, target.environment, desired=pin, previous=None)
        files = {release_path(*names): render(release)}
        if content is not None:
            files[path(pin)] = content.decode()
        self.world.workspace.commit(files, "By hand")

    def evidence(self, pin: Pin) -> bytes:
        return (self.world.workspace.root / path(pin)).read_bytes()

    @property
    def live(self) -> dict[str, Any]:
        """Everything that reconcile may write: aliases, and tags of the model."""
        registry = MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", self.world.workspace.root)
        model = registry.observe([MODEL])[MODEL]
        return {"aliases": dict(model.aliases), "tags": dict(model.tags)}


def path(pin: Pin) -> str:
    return evidence_file.path(pin.evidence, pin.candidate, MODEL)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return prepared(tmp_path_factory.mktemp("shop"))


def prepared(folder: Path) -> Shop:
    shop = Shop.open(folder)
    shop.world.run()
    shop.world.promote()
    shop.merge()
    assert shop.do("reconcile") == 0
    shop.world.run()
    shop.world.promote()
    return shop


@pytest.fixture
def shop(opened: Shop) -> Iterator[Shop]:
    """The one shop of all tests that write nothing; git is put back after each."""
    start = opened.world.workspace.head
    yield opened
    opened.world.workspace.git("reset", "--quiet", "--hard", start)


def never_judged(shop: Shop) -> None:
    pin = shop.merge()
    shop.write(STAGING, replace(pin, evidence=FORGED))


def edited(shop: Shop) -> None:
    pin = shop.merge()
    shop.world.workspace.commit({path(pin): shop.evidence(pin).decode() + "\n"}, "Tidy up")


def deleted(shop: Shop) -> None:
    pin = shop.merge()
    shop.world.workspace.commit({path(pin): None}, "Tidy up")


def of_another_model(shop: Shop) -> None:
    pin = shop.merge()
    evidence = json.loads(shop.evidence(pin))
    evidence["subject"]["model"] = "late-flights"
    content = canonical_json(evidence)
    shop.write(STAGING, replace(pin, evidence=digest_of_bytes(content)), content)


def of_another_environment(shop: Shop) -> None:
    pin = shop.world.desired()
    assert pin is not None
    shop.write(PRODUCTION, pin)


def candidate_that_never_was(shop: Shop) -> None:
    pin = shop.merge()
    shop.write(STAGING, replace(pin, candidate="f" * 12))


def live_candidate_renamed(shop: Shop) -> None:
    """Version and files are those that are live, so the alias is where it should be."""
    pin = shop.world.desired()
    assert pin is not None
    shop.write(STAGING, replace(pin, candidate="f" * 12), shop.evidence(pin))


def linked(shop: Shop) -> None:
    pin = shop.merge()
    place = shop.world.workspace.root / path(pin)
    place.rename(place.with_name("elsewhere.json"))
    place.symlink_to("elsewhere.json")
    shop.world.workspace.commit({}, "Tidy up")


def not_text(shop: Shop) -> None:
    pin = shop.merge()
    (shop.world.workspace.root / path(pin)).write_bytes(b"\xff\xfe")
    shop.world.workspace.commit({}, "Tidy up")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (never_judged, "SPEC327"),
        (edited, "SPEC328"),
        (deleted, "SPEC327"),
        (of_another_model, "SPEC330"),
        (of_another_environment, "SPEC330"),
        (linked, "SPEC328"),
        (not_text, "SPEC328"),
    ],
)
def test_what_nobody_proved_is_told_and_never_applied(
    shop: Shop, spoil: Callable[[Shop], None], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shop.live
    spoil(shop)
    capsys.readouterr()

    for words in (("check",), ("plan",), ("plan", "--format", "json"), ("reconcile",)):
        assert shop.do(*words) == 2, words
        captured = capsys.readouterr()
        assert code in captured.out + captured.err, words
    assert shop.do("drift") == 4
    assert shop.do("drift", "--heal") == 2
    assert shop.live == before


@pytest.mark.parametrize("spoil", [candidate_that_never_was, live_candidate_renamed])
def test_a_candidate_that_never_was_is_never_recorded(
    shop: Shop, spoil: Callable[[Shop], None]
) -> None:
    before = shop.live
    spoil(shop)

    assert shop.do("check") == 2
    # What gives it away is the evidence, or else the candidate that the version holds.
    assert shop.do("reconcile") in (2, 4)
    assert shop.do("drift", "--heal") in (2, 4)

    assert shop.live == before
    assert "f" * 12 not in str(shop.live)


def test_an_alias_moved_by_hand_is_not_healed_towards_what_is_not_proven(shop: Shop) -> None:
    pin = shop.world.desired()
    assert pin is not None
    shop.world.registry.set_alias(MODEL, "staging", 2)
    before = shop.live
    shop.world.workspace.commit({path(pin): None}, "Tidy up")

    assert shop.do("drift", "--heal") == 2

    assert shop.live == before
    shop.world.registry.set_alias(MODEL, "staging", 1)


def test_evidence_is_read_from_the_commit_of_the_release_not_from_the_work_tree(shop: Shop) -> None:
    before = shop.live
    pin = shop.merge()
    content = shop.evidence(pin)
    shop.world.workspace.commit({path(pin): None}, "Tidy up")
    shop.world.workspace.write({path(pin): content.decode()})

    assert shop.do("check") == 0
    assert shop.do("reconcile") == 2

    assert shop.live == before
    (shop.world.workspace.root / path(pin)).unlink()


def test_nobody_is_judged_against_a_release_that_is_not_proven(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    never_judged(shop)

    assert shop.do("promote", MODEL, "--to", "staging") == 2

    assert "not proven" in capsys.readouterr().err


def test_what_is_proven_goes_its_way_and_back(tmp_path: Path) -> None:
    shop = prepared(tmp_path)
    pin = shop.merge()
    shop.write(PRODUCTION, replace(pin, evidence=FORGED))

    assert shop.do("reconcile") == 2
    assert shop.live["aliases"] == {"staging": 2}

    shop.world.workspace.commit({release_path(*astuple(PRODUCTION)): None}, "Take it back")
    assert shop.do("check") == 0
    assert shop.do("rollback", MODEL, "--env", "staging") == 0
    shop.merge()
    assert shop.do("check") == 0
    assert shop.do("reconcile") == 0
    assert shop.live["aliases"] == {"staging": 1}


def test_a_release_whose_evidence_is_gone_is_no_way_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = prepared(tmp_path)
    first = shop.world.desired()
    assert first is not None
    shop.merge()
    shop.world.workspace.commit({path(first): None}, "Tidy up")

    assert shop.do("reconcile") == 0
    assert shop.do("rollback", MODEL, "--env", "staging") == 2

    assert "not proven" in capsys.readouterr().err


def test_what_retires_a_model_needs_no_evidence(tmp_path: Path) -> None:
    shop = prepared(tmp_path)
    pin = shop.world.desired()
    assert pin is not None
    (waiting,) = shop.world.forge.open_requests("mlgitops/")
    shop.world.forge.close(waiting.branch)

    assert shop.do("rollback", MODEL, "--env", "staging") == 0
    (request,) = shop.world.forge.open_requests("mlgitops/")
    shop.world.workspace.merge(request.branch)
    assert shop.world.desired() is None
    shop.world.workspace.commit({path(pin): None}, "Tidy up")

    assert shop.do("check") == 0
    assert shop.do("plan") == 0
    assert shop.do("reconcile") == 0
    assert shop.live["aliases"] == {}
