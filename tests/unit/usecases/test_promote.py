"""Promotion, with real git, real policies and the real expression engine."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlgitops.model.digest import short
from mlgitops.model.errors import (
    ChangesPending,
    GateFailed,
    Inconclusive,
    MlgitopsError,
    PlanIsStale,
    SpecError,
)
from mlgitops.model.promotion import parse_header
from mlgitops.model.spec import Release
from mlgitops.model.state import Target
from mlgitops.spec import evidence as evidence_file
from tests.fakes.release_world import MODEL, PRODUCTION, STAGING, ReleaseWorld


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    return ReleaseWorld(tmp_path)


def assert_refused(
    world: ReleaseWorld,
    error: type[MlgitopsError],
    match: str,
    target: Target = STAGING,
    **choice: object,
) -> MlgitopsError:
    """The promotion stops with *error*, and no branch was written."""
    before = world.branches()
    with pytest.raises(error, match=match) as caught:
        world.promote(target, **choice)  # type: ignore[arg-type]

    assert world.branches() == before
    return caught.value


def test_the_newest_candidate_is_proposed_for_the_first_environment(world: ReleaseWorld) -> None:
    world.run()
    version = world.run()
    assert version.candidate
    promotion = world.promote()
    request = promotion.request

    assert request is not None
    assert request.branch == f"mlgitops/promote/staging/{MODEL}/{short(version.candidate)}"
    assert request.title == f"promote({MODEL}→staging): v2 · 6 pass"
    assert world.branches() == (request.branch,)
    assert world.desired() is None


def test_a_proposal_edits_one_release_and_adds_its_evidence(world: ReleaseWorld) -> None:
    version = world.run()
    request = world.promote().request
    assert request is not None
    assert version.candidate
    digest = version.tags["mlgitops.evidence.staging"]
    path = evidence_file.attachment(digest, "staging")
    content = world.registry.attachment(version, path) or b""
    evidence = f"mlops/evidence/{MODEL}/{short(version.candidate)}-{short(digest)}.json"
    changed = world.workspace.git("diff", "--name-only", "main", request.branch).split()

    assert changed == [
        f"mlops/decisions/staging/{MODEL}.jsonl",
        evidence,
        f"mlops/releases/staging/{MODEL}.yaml",
    ]
    assert (world.repository.read(evidence, request.branch) or "").encode() == content

    world.workspace.merge(request.branch)
    release = world.specs.releases["staging", MODEL]
    pin = release.desired

    assert release == Release(MODEL, "staging", desired=pin, previous=None)
    assert pin is not None
    assert (pin.version, pin.candidate, pin.manifest, pin.evidence) == (
        1,
        short(version.candidate),
        version.manifest,
        digest,
    )


def test_the_body_begins_with_the_header(world: ReleaseWorld) -> None:
    version = world.run()
    request = world.promote().request
    assert request is not None
    assert version.candidate

    assert (
        request.header
        == parse_header(request.body)
        == {
            "v": 1,
            "kind": "promotion",
            "environment": "staging",
            "model": MODEL,
            "candidate": short(version.candidate),
            "evidence": version.tags["mlgitops.evidence.staging"],
            "champion": None,
            "base": world.workspace.head,
            "decision": world.carried(request.branch)[-1].id,
        }
    )
    assert f"alias staging of {MODEL}: none → v1" in request.body


def test_the_next_release_keeps_what_it_replaced(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    first = world.desired()
    world.run()
    request = world.promote().request
    assert request is not None
    assert first is not None

    assert request.title.startswith(f"promote({MODEL}→staging): v2 replaces v1 · ")
    assert request.header["champion"] == first.candidate

    world.workspace.merge(request.branch)

    assert world.specs.releases["staging", MODEL].previous == first


def test_proposing_twice_changes_nothing(world: ReleaseWorld) -> None:
    world.run()
    first = world.promote()
    assert first.request is not None
    commit = world.repository.resolve(first.request.branch)
    second = world.promote()

    assert second.request == first.request
    assert world.repository.resolve(first.request.branch) == commit
    assert second.superseded == ()


def test_what_is_released_already_is_nothing_to_do(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    before = world.branches()
    promotion = world.promote()

    assert promotion.request is None
    assert promotion.version == 1
    assert world.branches() == before


def test_a_newer_candidate_closes_the_older_proposal(world: ReleaseWorld) -> None:
    world.run()
    older = world.promote().request
    world.run()
    newer = world.promote()
    assert older is not None
    assert newer.request is not None

    assert newer.superseded == (older.branch,)
    assert world.branches() == (newer.request.branch,)


def test_two_proposals_from_one_base_conflict_in_git(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.run()
    one = world.promote().request
    assert one is not None
    world.workspace.git("branch", "kept", one.branch)
    world.run()
    two = world.promote().request
    assert two is not None
    world.workspace.merge(two.branch)

    with pytest.raises(subprocess.CalledProcessError, match="merge"):
        world.workspace.merge("kept")


def test_a_chosen_version_goes_first(world: ReleaseWorld) -> None:
    first = world.run()
    world.run()
    assert first.candidate
    by_version = world.promote(version=1)
    by_candidate = world.promote(candidate=short(first.candidate))

    assert by_version.version == by_candidate.version == 1
    assert by_version.request == by_candidate.request


def test_production_takes_what_is_live_in_staging_and_nothing_newer(world: ReleaseWorld) -> None:
    world.run()
    assert_refused(world, SpecError, "nothing is released as staging", PRODUCTION)
    world.release(STAGING)
    world.run()
    promotion = world.promote(PRODUCTION)
    assert promotion.request is not None

    assert promotion.version == 1
    assert f"alias champion of {MODEL}: none → v1" in promotion.request.body
    assert_refused(world, SpecError, "v2 is not released as staging", PRODUCTION, version=2)
    assert world.promote(PRODUCTION, version=1).version == 1


def test_what_is_approved_but_not_live_does_not_move_on(world: ReleaseWorld) -> None:
    world.run()
    request = world.promote().request
    assert request is not None
    world.workspace.merge(request.branch)
    error = assert_refused(world, ChangesPending, "not live there yet", PRODUCTION)

    assert error.hint == "mlgitops reconcile"

    world.registry.set_tag(MODEL, STAGING.record_tag, "damaged")

    assert_refused(world, ChangesPending, "not live there yet", PRODUCTION)


def test_what_cannot_go_live_says_what_leads_out_instead_of_sending_in_a_circle(
    world: ReleaseWorld,
) -> None:
    """Reconcile would not write an unproven release, so "reconcile first" would never end."""
    world.run()
    world.release()
    world.run()
    request = world.promote().request
    assert request is not None
    world.workspace.merge(request.branch)
    pin = world.desired()
    assert pin is not None
    path = evidence_file.path(pin.evidence, pin.candidate, MODEL)
    text = world.repository.read(path, "main")
    world.workspace.commit({path: None}, "Lose the evidence")

    for target in (PRODUCTION, STAGING):
        error = assert_refused(world, SpecError, f"of v2 as staging/{MODEL} is not proven", target)
        assert f"`git log --all -- {path}`" in str(error.hint)
        assert f"`mlgitops rollback {MODEL} --env staging`" in str(error.hint)

    world.workspace.commit({path: text}, "Bring it back")
    assert_refused(world, ChangesPending, "not live there yet", PRODUCTION)

    world.workspace.commit({path: None}, "Lose it again")
    world.workspace.merge(world.rollback().request.branch)
    world.reconcile(STAGING)
    assert world.promote(PRODUCTION).version == 1
    world.run()
    world.release()
    assert world.promote(PRODUCTION).version == 3


def test_a_version_that_was_replaced_in_the_registry_does_not_move_on(world: ReleaseWorld) -> None:
    world.run()
    world.release(STAGING)
    world.run()
    world.registry.delete_version(MODEL, 1)

    assert_refused(world, SpecError, "does not have v1", PRODUCTION)


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_a_rolled_back_candidate_is_not_proposed_again(world: ReleaseWorld, how: str) -> None:
    world.run()
    world.release()
    world.run()
    commit = world.release(how=how)
    reverted = world.workspace.revert(commit)
    error = assert_refused(world, GateFailed, "is held")

    assert "git revert" in str(error.hint)

    world.workspace.revert(reverted)

    assert world.promote().request is None


def test_a_gate_that_fails_says_why(world: ReleaseWorld) -> None:
    world.run(auc=0.6)
    error = assert_refused(world, GateFailed, r"min-metric \(fail\): roc_auc is 0\.6")

    assert error.hint


def test_the_policies_of_the_branch_decide_and_not_those_of_the_run(world: ReleaseWorld) -> None:
    world.run(auc=0.65)
    pipeline = f"mlops/pipelines/{MODEL}.yaml"
    text = world.repository.read(pipeline, "main") or ""
    world.workspace.commit({pipeline: text.replace("0.62", "0.7")}, "Ask for more")

    assert_refused(world, GateFailed, "min-metric")


def test_a_gate_that_cannot_decide_is_left_to_a_person(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    pipeline = f"mlops/pipelines/{MODEL}.yaml"
    text = world.repository.read(pipeline, "main") or ""
    strict = "    - {policy: better-than-champion, with: {metric: roc_auc, margin: 0.005}}\n"
    world.workspace.commit({pipeline: text + strict}, "Ask for a gain")
    world.run()

    assert_refused(world, Inconclusive, "better-than-champion")


def test_evidence_against_another_champion_is_stale(world: ReleaseWorld) -> None:
    world.run()
    world.run()
    request = world.promote(version=1).request
    assert request is not None
    world.workspace.merge(request.branch)
    error = assert_refused(world, PlanIsStale, "judged against nothing, but v1 is released")

    assert error.hint == f"mlgitops run {MODEL}"


def test_what_was_released_before_comes_back_by_a_rollback(world: ReleaseWorld) -> None:
    for _ in range(3):
        world.run()
        world.release()
    error = assert_refused(world, PlanIsStale, "judged against nothing", version=1)

    assert error.hint == f"mlgitops rollback {MODEL} --env staging --version 1"


def test_a_sample_is_never_released(world: ReleaseWorld) -> None:
    world.run(sample=1000)

    assert_refused(world, GateFailed, "a sample of 1,000 rows")


def test_what_was_made_with_uncommitted_changes_is_never_released(world: ReleaseWorld) -> None:
    world.run(origin={"dirty": True})
    refused = assert_refused(world, SpecError, "v1 was made with uncommitted changes")

    assert f"commit, then `mlgitops run {MODEL}`" in str(refused.hint)


def test_a_commit_that_the_branch_has_is_no_risk(world: ReleaseWorld) -> None:
    world.run()
    world.workspace.commit({}, "Go on")
    promotion = world.promote()
    assert promotion.request is not None

    assert promotion.unmerged == ""
    assert "of another branch" not in promotion.request.body


@pytest.mark.parametrize("is_known", [True, False], ids=["of another branch", "of another clone"])
def test_a_commit_that_the_branch_lacks_is_the_first_risk(
    world: ReleaseWorld, is_known: bool
) -> None:
    world.workspace.git("switch", "--quiet", "--create", "feature")
    commit = world.workspace.commit({"train.py": "1"}, "Try") if is_known else "c" * 40
    world.run(origin={"commit": commit})
    world.workspace.git("switch", "--quiet", "main")
    promotion = world.promote()
    assert promotion.request is not None
    risks = promotion.request.body.partition("### Risks, waivers and approval\n\n")[2]

    assert promotion.unmerged.startswith(f"Made by commit {commit[:12]}")
    assert risks.startswith(f"- Made by commit `{commit[:12]}`")
    assert ("does not have" in promotion.unmerged) is is_known
    assert ("is unknown" in promotion.unmerged) is not is_known


def test_evidence_that_was_changed_is_refused(world: ReleaseWorld) -> None:
    world.run(forged={"scores": "sha256:" + "0" * 64})

    assert_refused(world, GateFailed, "not the evidence that was registered")


def test_evidence_that_is_gone_is_refused(world: ReleaseWorld) -> None:
    world.run()
    world.registry._stored(MODEL, 1).attachments.clear()

    assert_refused(world, GateFailed, "not the evidence that was registered")


def test_evidence_about_another_model_is_refused(world: ReleaseWorld) -> None:
    version = world.run()
    digest = version.tags["mlgitops.evidence.production"]
    path = evidence_file.attachment(digest, "production")
    stored = world.registry._stored(MODEL, 1)
    stored.attachments[evidence_file.attachment(digest, "staging")] = stored.attachments[path]
    tags = {**version.tags, "mlgitops.evidence.staging": digest}
    stored.version = replace(version, tags=tags)

    assert_refused(world, GateFailed, "evidence about another")


def test_without_evidence_for_the_environment_it_must_run_again(world: ReleaseWorld) -> None:
    world.run(environments=("production",))
    error = assert_refused(world, SpecError, "no evidence for staging")

    assert f"mlgitops run {MODEL}" in str(error.hint)


def test_the_body_says_when_there_is_no_way_back(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.run()
    ready = world.promote().request
    world.registry.delete_version(MODEL, 1)
    broken = world.promote().request
    assert ready is not None
    assert broken is not None

    assert "which the registry has" in ready.body
    assert "A rollback is not possible" in broken.body


def test_what_is_uncommitted_is_neither_read_nor_touched(world: ReleaseWorld) -> None:
    world.run()
    world.workspace.write({f"mlops/releases/staging/{MODEL}.yaml": "half written"})
    request = world.promote().request
    assert request is not None

    assert (
        world.workspace.git("status", "--short", "-uall")
        == f"?? mlops/releases/staging/{MODEL}.yaml"
    )


def test_what_another_project_releases_is_not_promoted_over(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.run()
    world.disown(STAGING, "shop")

    refused = assert_refused(world, PlanIsStale, "'shop' releases staging/")

    assert "another name" in str(refused.hint)


def test_what_another_project_has_live_is_not_released_before(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.disown(STAGING, "shop")

    assert_refused(world, ChangesPending, "not live there yet", PRODUCTION)


def test_nobody_is_judged_against_a_release_that_is_not_proven(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    pin = world.desired()
    assert pin is not None
    world.workspace.commit(
        {evidence_file.path(pin.evidence, pin.candidate, MODEL): None}, "Tidy up"
    )

    # Not "is wanted already" either: nobody knows whether it should be.
    assert_refused(world, SpecError, "not proven")
    world.run()
    assert_refused(world, SpecError, "not proven")


def test_a_promotion_carries_its_decision_and_keeps_it_here(world: ReleaseWorld) -> None:
    world.run()
    promotion = world.promote()
    assert promotion.request is not None
    [carried] = world.carried(promotion.request.branch)
    [kept] = world.made_here()

    assert carried.decision == kept.decision == promotion.decision
    assert carried.commit == kept.commit == world.workspace.head
    assert carried.decision.context == {
        "now": "2026-01-02T12:00:00Z",
        "stage": "promote",
        "environment": "staging",
    }


def test_the_next_promotion_adds_its_line_to_those_that_were_merged(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.run()
    request = world.promote().request
    assert request is not None
    first, second = world.carried(request.branch)

    assert first.id == second.previous
    assert second.decision.context["previous_version_ready"] is True
    assert request.header["decision"] == second.id


def test_two_promotions_of_one_target_conflict_in_their_decisions(world: ReleaseWorld) -> None:
    world.run()
    first = world.promote().request
    assert first is not None
    world.workspace.git("branch", "kept", first.branch)
    world.run()
    second = world.promote().request
    assert second is not None
    world.workspace.merge(second.branch)

    with pytest.raises(subprocess.CalledProcessError) as caught:
        world.workspace.git("merge", "kept")
    assert f"mlops/decisions/staging/{MODEL}.jsonl" in caught.value.stdout


def test_a_refusal_is_kept_too(world: ReleaseWorld) -> None:
    world.run(auc=0.5)

    assert_refused(world, GateFailed, "not fit")

    [kept] = world.made_here()
    assert kept.decision.verdict == "fail"


def test_proposing_later_what_is_proposed_already_changes_nothing(world: ReleaseWorld) -> None:
    world.run()
    first = world.promote()
    assert first.request is not None
    commit = world.repository.resolve(first.request.branch)
    world.now += timedelta(days=3)
    second = world.promote()

    assert second.request == first.request
    assert world.repository.resolve(first.request.branch) == commit
    assert len(world.made_here()) == 1


TELLS_THE_TIME = """
apiVersion: mlgitops.dev/v1
kind: Policy
metadata: {name: tells-the-time}
spec:
  rules:
    - id: dated
      pass: data.rows > 0 && timestamp(context.now) > timestamp(producer.time)
      message: "now is {context.now}"
      remediation: Wait.
"""
BOUND_TO_TIME = """
spec:
  policies:
    - {policy: tells-the-time, level: soft}
    - {policy: data-fresh, with: {max_age_days: 100000}}
    - {policy: evidence-fresh, with: {max_age_hours: 100000}}
    - {policy: freeze-window}
"""


def bound_to_time(world: ReleaseWorld) -> None:
    """Let the time decide: everything about staging, and for production soaking as well."""
    environments = {}
    for name, more in (
        ("staging", ""),
        ("production", "    - {policy: soak-time}\n  from: staging\n  alias: champion\n"),
    ):
        path = f"mlops/environments/{name}.yaml"
        head = (world.repository.read(path, "main") or "").partition("spec:")[0]
        environments[path] = head + BOUND_TO_TIME.lstrip() + more
    policy = {"mlops/policies/tells-the-time.yaml": TELLS_THE_TIME.lstrip()}
    world.workspace.commit(environments | policy, "Mind the time")
    world.now = datetime(2026, 12, 4, 12, tzinfo=UTC)  # a Friday, later than the evidence


@pytest.mark.parametrize("target", [STAGING, PRODUCTION])
def test_proposing_again_changes_nothing_where_policies_read_the_time(
    world: ReleaseWorld, target: Target
) -> None:
    bound_to_time(world)
    world.run()
    if target == PRODUCTION:
        world.release()
        world.now += timedelta(days=3)
    first = world.promote(target)
    assert first.request is not None
    commit, made = world.repository.resolve(first.request.branch), len(world.made_here())
    world.now += timedelta(minutes=61)
    second = world.promote(target)

    assert second.request == first.request
    assert world.repository.resolve(first.request.branch) == commit
    assert len(world.made_here()) == made


def test_a_proposal_whose_gates_time_has_shut_is_refused(world: ReleaseWorld) -> None:
    bound_to_time(world)
    world.run()
    assert world.promote().request is not None
    world.now += timedelta(days=1)

    assert_refused(world, GateFailed, "today is saturday")


def test_a_proposal_is_decided_anew_when_more_than_the_time_is_new(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.run()
    first = world.promote().request
    world.registry.delete_version(MODEL, 1)
    world.now += timedelta(minutes=1)
    second = world.promote().request
    assert first is not None
    assert second is not None

    assert second.header["decision"] != first.header["decision"]
    assert world.carried(second.branch)[-1].decision.context["previous_version_ready"] is False


def test_a_proposal_that_other_policies_would_judge_is_decided_anew(world: ReleaseWorld) -> None:
    world.run()
    first = world.promote()
    pipeline = world.repository.read(f"mlops/pipelines/{MODEL}.yaml", "main") or ""
    path = f"mlops/pipelines/{MODEL}.yaml"
    world.workspace.commit({path: pipeline.replace("0.62", "0.61")}, "Ask for less")
    world.now += timedelta(days=3)
    second = world.promote()
    assert second.request is not None
    assert first.request is not None

    assert (
        world.carried(second.request.branch)[-1].decision.context["now"] == "2026-01-05T12:00:00Z"
    )
    assert second.request.header["decision"] != first.request.header["decision"]
    assert len(world.made_here()) == 2


def test_decisions_that_somebody_changed_stop_the_next(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    path = f"mlops/decisions/staging/{MODEL}.jsonl"
    text = world.repository.read(path, "main") or ""
    world.workspace.commit({path: text.replace('"verdict":"pass"', '"verdict":"fail"', 1)}, "Lie")
    world.run()

    assert_refused(world, SpecError, f"the decisions in {path} were changed, at line 1")


def test_hours_in_the_environment_before_count_from_when_it_was_live(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.now += timedelta(days=1)
    request = world.promote(PRODUCTION).request
    assert request is not None
    [carried] = world.carried(request.branch, PRODUCTION)

    assert carried.decision.context["soak_hours"] == 36.0
    assert "previous_version_ready" not in carried.decision.context


def examined_otherwise(world: ReleaseWorld) -> None:
    path = f"mlops/pipelines/{MODEL}.yaml"
    text = world.repository.read(path, "main") or ""
    world.workspace.commit({path: text + "  evaluate: {confidence: 0.9}\n"}, "Measure otherwise")


def test_evidence_that_another_spec_measured_is_stale(world: ReleaseWorld) -> None:
    world.run()
    examined_otherwise(world)

    error = assert_refused(world, PlanIsStale, "examines 'flights-delay' in another way")
    assert error.hint == "on main: mlgitops run flights-delay"

    world.run()
    assert world.promote().request is not None


def test_evidence_older_than_the_environment_takes_is_stale(world: ReleaseWorld) -> None:
    path = "mlops/environments/staging.yaml"
    text = world.repository.read(path, "main") or ""
    world.workspace.commit({path: text + "spec: {maxEvidenceAge: 48h}\n"}, "Ask for fresh evidence")
    world.run(origin={"time": "2026-01-01T00:00:00+00:00"})
    world.now = datetime(2026, 1, 3, tzinfo=UTC)
    assert world.promote().request is not None

    world.now += timedelta(minutes=1)
    with pytest.raises(PlanIsStale, match="is 48 h old; staging takes none older than 48 h"):
        world.promote()

    world.now = datetime(2025, 12, 31, tzinfo=UTC)
    with pytest.raises(PlanIsStale, match="later than now"):
        world.promote()


def with_function(world: ReleaseWorld, code: dict[str, str | None]) -> None:
    """Measure `profit`, whose *code* are files, too."""
    path = f"mlops/pipelines/{MODEL}.yaml"
    text = world.repository.read(path, "main") or ""
    function = "{entrypoint: 'money.sums:profit', direction: maximize}"
    # Not among the metrics, as the world's evidence has no such number.
    text += f"  evaluate: {{metrics: [roc_auc], functions: {{profit: {function}}}}}\n"
    world.workspace.commit({path: text} | code, "Measure profit")


def switch(world: ReleaseWorld, *words: str) -> None:
    world.workspace.git("switch", "--quiet", *words)


def test_metric_functions_of_another_branch_decide_nothing(world: ReleaseWorld) -> None:
    with_function(world, {"money/sums.py": "honest"})
    switch(world, "--create", "feature")
    world.workspace.commit({"money/sums.py": "generous"}, "Earn more")
    world.run()
    switch(world, "main")

    error = assert_refused(world, PlanIsStale, "metric functions of another branch measured this")
    assert error.hint == "on main: mlgitops run flights-delay --from evaluate"

    world.workspace.merge("feature")
    assert world.promote().request is not None


def test_what_a_metric_function_may_import_is_seen_as_well(world: ReleaseWorld) -> None:
    with_function(world, {"money/sums.py": "import scipy"})
    switch(world, "--create", "feature")
    world.workspace.commit({"scipy.py": "generous"}, "Shadow a package")
    world.run()
    switch(world, "main")

    assert_refused(world, PlanIsStale, "metric functions of another branch measured this")


@pytest.mark.parametrize("is_there", [True, False], ids=["another", "gone"])
def test_metric_functions_that_the_branch_has_changed_since_are_stale(
    world: ReleaseWorld, is_there: bool
) -> None:
    with_function(world, {"money/sums.py": "1", "money/rates.bin": "1", "other.py": "1"})
    world.run()
    world.workspace.commit({"other.py": "2"}, "Nothing of theirs")
    assert world.promote().request is not None

    world.workspace.commit({"money/rates.bin": "2" if is_there else None}, "Count otherwise")
    assert_refused(
        world, PlanIsStale, "the code of the metric function 'money.sums:profit' on main is not"
    )

    world.run()
    assert world.promote().request is not None


def test_metric_functions_that_no_commit_has_are_no_proof(world: ReleaseWorld) -> None:
    with_function(world, {})
    world.run()

    assert_refused(world, PlanIsStale, "on main is not what measured this")


def test_without_metric_functions_another_branch_may_measure(world: ReleaseWorld) -> None:
    switch(world, "--create", "feature")
    world.workspace.commit({"money/sums.py": "generous"}, "Earn more")
    world.run()
    switch(world, "main")

    assert world.promote().request is not None
