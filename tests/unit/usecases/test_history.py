from __future__ import annotations

from pathlib import Path

import pytest

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

    found = archive.evidence(released.decision)
    assert found is not None
    assert digest_of_bytes(evidence_file.encode(found)) == released.decision.evidence
    assert archive.evidence(proposed.decision) is None

    kept = world.workspace.root / ".mlgitops" / "store" / "files"
    kept.mkdir(parents=True)
    (kept / decision.evidence.removeprefix("sha256:")).write_bytes(content)
    assert archive.evidence(proposed.decision) == evidence_file.decode(content)


def test_evidence_that_was_changed_at_head_is_not_what_was_judged(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    [entry] = world.archive.decided()
    decision = entry.decision
    path = evidence_file.path(decision.evidence, decision.candidate, MODEL)
    text = (world.repository.read(path, "main") or "").replace("0.65", "0.75")
    world.workspace.commit({path: text}, "Lie")

    assert world.archive.evidence(decision) is None


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
