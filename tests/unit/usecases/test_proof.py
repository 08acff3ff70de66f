from __future__ import annotations

from dataclasses import replace

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.model.plan import Change, Plan, TargetPlan, Verb
from mlgitops.model.spec import Pin
from mlgitops.model.state import Target
from mlgitops.model.sync import Sync
from mlgitops.spec.load import no_evidence
from mlgitops.usecases.proof import problem_of, proven, refuse_unproven
from tests.fakes.releases import MODEL, release, specs

PIN = Pin(2, "sha256:" + "c" * 64, "sha256:" + "a" * 64, "sha256:" + "e" * 64)
MOVE = Change(Verb.MOVE_ALIAS, "staging", 1, 2)


@pytest.fixture
def wanted():
    return specs(release("staging", PIN))


@pytest.fixture
def unproven(wanted):
    return replace(wanted, evidence=no_evidence)


def planned(*changes, desired=PIN, sync=Sync.PENDING):
    return TargetPlan(
        target=Target("staging", MODEL),
        sync=sync,
        reason="git wants version 2",
        desired=desired,
        live=1,
        applied=None,
        changes=changes,
        observed="",
    )


def test_changes_towards_a_proven_release_stay(wanted):
    assert proven(planned(MOVE), wanted) == planned(MOVE)


def test_changes_towards_an_unproven_release_are_withheld_and_it_says_why(unproven):
    found = proven(planned(MOVE), unproven)

    assert (found.sync, found.changes) == (Sync.UNPROVEN, ())
    assert found.reason.startswith("git wants version 2; SPEC327 there is no mlops/evidence/")


def test_where_nothing_is_written_no_evidence_is_read(wanted):
    def read(path):
        raise AssertionError(path)

    unread = replace(wanted, evidence=read)

    assert proven(planned(sync=Sync.SYNCED), unread).sync is Sync.SYNCED
    assert proven(planned(sync=Sync.ALIAS_MOVED), unread).sync is Sync.ALIAS_MOVED


def test_what_retires_a_model_needs_no_proof():
    retired = replace(specs(release("staging", None, previous=PIN)), evidence=no_evidence)
    drop = planned(Change(Verb.DROP_ALIAS, "staging", 1, None), desired=None)

    assert proven(drop, retired) == drop


def test_what_has_no_release_is_not_the_matter_of_proof():
    dropped = planned(Change(Verb.DROP_ALIAS, "old", 1, None), desired=None)

    assert proven(dropped, specs()) == dropped


def test_an_unproven_release_is_told_as_drift_is(unproven):
    """Else `drift` would call a repair clean that it withholds."""
    assert proven(planned(MOVE, sync=Sync.RECORD_TAMPERED), unproven).sync.is_drift


def test_a_plan_with_an_unproven_release_is_what_a_person_must_mend(wanted, unproven):
    good, bad = proven(planned(MOVE), wanted), proven(planned(MOVE), unproven)

    problem = problem_of(Plan("c0ffee", (good, bad)))

    assert isinstance(problem, SpecError)
    assert problem.message.startswith("1 of 2 targets")
    assert "staging/flights" in problem.message
    assert problem_of(Plan("c0ffee", (good,))) is None


def test_an_unproven_release_is_refused(wanted, unproven):
    (one,) = wanted.releases.values()

    refuse_unproven(one, wanted)
    with pytest.raises(SpecError, match="staging/flights is not proven: there is no"):
        refuse_unproven(one, unproven)
