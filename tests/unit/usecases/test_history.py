from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model import decision_log
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.history import named
from tests.fakes.release_world import MODEL, ReleaseWorld


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    return ReleaseWorld(tmp_path)


def test_a_decision_that_was_merged_and_is_kept_here_counts_once(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.run()
    world.promote()
    merged, open_one = world.archive.decided()

    assert merged == world.carried("HEAD")[0]
    assert open_one == world.made_here()[1]


def test_evidence_is_found_where_it_was_released_or_stored(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.run(auc=0.66)
    decision = world.promote().decision
    assert decision is not None
    archive = world.archive
    released, proposed = archive.decided()
    content = world.registry.attachment(
        world.registry.versions(MODEL)[1], evidence_file.attachment(decision.evidence, "staging")
    )
    assert content is not None

    found, gone, same = archive.evidence_of([released, proposed, released])
    assert not isinstance(found, str)
    assert digest_of_bytes(evidence_file.encode(found)) == released.decision.evidence
    assert gone == "its evidence is neither at HEAD nor in the store"
    assert same is found

    kept = world.workspace.root / ".mlgitops" / "store" / "files"
    kept.mkdir(parents=True)
    (kept / decision.evidence.removeprefix("sha256:")).write_bytes(content)
    assert archive.evidence_of([proposed]) == (evidence_file.decode(content),)


def test_evidence_that_was_changed_at_head_is_not_what_was_judged(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    [entry] = world.archive.decided()
    decision = entry.decision
    path = evidence_file.path(decision.evidence, decision.candidate, MODEL)
    text = (world.repository.read(path, "main") or "").replace("0.65", "0.75")
    world.workspace.commit({path: text}, "Lie")

    assert "neither at HEAD" in world.archive.evidence_of([entry])[0]


def test_a_file_that_is_no_text_hides_no_other(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    [entry] = world.archive.decided()
    place = world.workspace.root / "mlops" / "evidence" / "picture.json"
    place.write_bytes(b"\xff\xfe")
    world.workspace.commit({}, "Add a picture")

    assert not isinstance(world.archive.evidence_of([entry])[0], str)


def test_evidence_is_read_as_git_keeps_it(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    [entry] = world.archive.decided()
    path = evidence_file.path(entry.decision.evidence, entry.decision.candidate, MODEL)
    (world.workspace.root / path).write_bytes(b"\xff")
    world.workspace.commit({}, "Break it")

    assert world.archive.evidence_of([entry]) == (
        "its evidence is neither at HEAD nor in the store",
    )


@pytest.mark.parametrize("digest", ["", "../../../..", "sha256:", "/", "sha256:../files"])
def test_what_is_no_digest_is_looked_for_nowhere(digest: str, world: ReleaseWorld) -> None:
    world.run()
    world.release()
    [entry] = world.archive.decided()
    lost = replace(entry, decision=replace(entry.decision, evidence=digest))
    (world.workspace.root / ".mlgitops" / "store" / "files").mkdir(parents=True)

    assert "neither at HEAD" in world.archive.evidence_of([lost])[0]


def test_what_else_lies_beside_the_decisions_is_left_alone(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    before = world.archive.decided()
    folder = world.workspace.root / "mlops" / "decisions"
    for path in ("README.md", "staging/README.md", "staging/old/x.jsonl", "x.jsonl"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(b"# Notes \xff\n")
    world.workspace.commit({}, "Explain the decisions")

    assert world.archive.decided() == before


@pytest.mark.parametrize("place", [("production", MODEL), ("staging", "mars")])
def test_decisions_in_the_file_of_another_target_are_told(
    place: tuple[str, str], world: ReleaseWorld
) -> None:
    world.run()
    world.release()
    text = (world.workspace.root / decision_log.path("staging", MODEL)).read_text()
    world.workspace.commit({decision_log.path(*place): text}, "Copy them")

    with pytest.raises(SpecError, match=rf"at line 1: it is about staging/{MODEL}"):
        world.archive.decided()


def test_decisions_about_another_model_in_the_log_of_here_are_told(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    folder = world.workspace.root / ".mlgitops" / "decisions"
    (folder / f"{MODEL}.jsonl").rename(folder / "mars.jsonl")

    with pytest.raises(SpecError, match=r"decisions/mars\.jsonl were changed, at line 1: it is ab"):
        world.archive.decided()


def cut(log: str) -> str:
    return log[: log.index("\n") + 1]


def edited(log: str) -> str:
    return log.replace('"pass"', '"fail"', 1)


def emptied(_: str) -> str:
    return ""


@pytest.mark.parametrize("change", [cut, edited, emptied])
def test_a_head_that_is_known_tells_what_is_missing(
    change: Callable[[str], str], world: ReleaseWorld
) -> None:
    for _ in range(2):
        world.run()
        world.release()
    log = world.workspace.root / decision_log.path("staging", MODEL)
    head = world.carried("HEAD")[-1].id
    (world.workspace.root / ".mlgitops" / "decisions" / f"{MODEL}.jsonl").unlink()

    assert world.archive.ending(head) == world.carried("HEAD")
    world.workspace.commit(
        {decision_log.path("staging", MODEL): change(log.read_text())}, "Change the log"
    )
    with pytest.raises(SpecError, match=f"no log of decisions ends, whole, with '{head}'"):
        world.archive.ending(head)


def test_a_decision_is_named_by_its_first_digits(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    found = world.archive.decided()

    assert named(found, found[0].id) == found[0]
    assert named(found, found[0].id.removeprefix("sha256:")[:6]) == found[0]
    for asked in ("", "sha256:", "xyz"):
        with pytest.raises(SpecError, match="there is no decision"):
            named(found, asked)
    with pytest.raises(SpecError, match="2 decisions begin with"):
        named((*found, *found), found[0].id)
