"""plan, promote, reconcile, drift, rollback and status, one after the other, on one repository."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console  # noqa: TID253 - tests may start slowly

from mlgitops.adapters.step_store import LocalStepStore
from mlgitops.cli.own_folder import OURS
from mlgitops.cli.verbs import check, drift, plan, promote, reconcile, rollback, status
from mlgitops.model.digest import short
from mlgitops.model.errors import ChangesPending, PlanIsStale, SpecError, Unavailable
from mlgitops.model.run import RunRecord, StepRecord
from mlgitops.model.verdict import Verdict, decision_document
from tests.fakes.answers import valid
from tests.fakes.decisions import of_gates
from tests.fakes.release_world import MODEL, PRODUCTION, STAGING, ReleaseWorld
from tests.fakes.run_neighbours import FixedClock
from tests.fakes.wiring import call, wired


class Terminal:
    """A repository with a registered candidate, and the verbs that release it."""

    def __init__(self, folder: Path) -> None:
        self.world = ReleaseWorld(folder)
        self.world.run()
        self.environ = {"GITHUB_OUTPUT": str(folder / "outputs")}
        self.outputs = folder / "outputs"

    def do(self, verb: Any, *words: str) -> int:
        wiring = wired(
            self.world.workspace.root,
            self.environ,
            desired_registry=self.world.registry,
            console=Console(width=200, highlight=False),
            clock=FixedClock(),  # a proposal says when it was decided
        )
        return call(verb, wiring, *words)

    def merge(self) -> None:
        (branch,) = self.world.forge.open_requests("mlgitops/")
        self.world.workspace.merge(branch.branch)

    @property
    def live(self) -> dict[str, int]:
        return dict(self.world.registry.observe([MODEL])[MODEL].aliases)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def released(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> Terminal:
    terminal.do(promote, MODEL, "--to", "staging")
    terminal.merge()
    terminal.do(reconcile)
    capsys.readouterr()
    terminal.outputs.unlink()
    return terminal


def test_a_promotion_says_how_to_review_and_approve_it(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal.do(promote, "--to", "staging") == 0

    (request,) = terminal.world.forge.open_requests("mlgitops/")
    out = capsys.readouterr().out
    assert out.startswith(f"{request.title}\n")
    assert f"git merge {request.branch}\n" in out
    assert request.reference in terminal.outputs.read_text()
    assert terminal.live == {}


def test_the_same_promotion_twice_is_one(terminal: Terminal) -> None:
    for _ in range(2):
        assert terminal.do(promote, "--to", "staging") == 0

    assert len(terminal.world.forge.open_requests("mlgitops/")) == 1


def test_what_is_released_already_is_no_promotion(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert released.do(promote, "--to", "staging") == 0

    assert "is wanted already" in capsys.readouterr().out
    assert released.outputs.read_text().startswith("pull-request<<")


@pytest.fixture
def refused(terminal: Terminal, tmp_path: Path) -> str:
    """The candidate of the last run here, which its gates refused, by its short name."""
    root = terminal.world.workspace.root
    store = LocalStepStore(root / OURS, root)
    decision = tmp_path / "decision.json"
    judged = of_gates(Verdict.FAIL, candidate=f"sha256:{'ab' * 32}")
    decision.write_text(json.dumps(decision_document(judged)))
    made = store.save("key", {"decision-staging": decision}, 0.0)
    outputs = {name: kept.digest for name, kept in made.outputs.items()}
    step = StepRecord("gate", "ran", "first", (), "key", {}, outputs, 0.0).failed("refused")
    store.record_run(RunRecord(MODEL, "2026-01-01", "c", 0, (step,), {}))
    return short(judged.candidate)


def test_a_candidate_that_was_refused_is_not_passed_over_in_silence(
    terminal: Terminal, refused: str, capsys: pytest.CaptureFixture[str]
) -> None:
    warning = f"warning: this is not candidate {refused} of the last run here"

    assert terminal.do(promote, "--to", "staging") == 0
    proposed = capsys.readouterr()
    terminal.merge()
    assert terminal.do(promote, "--to", "staging") == 0
    wanted = capsys.readouterr()

    assert "opened " in proposed.out
    assert "is wanted already" in wanted.out
    for told in (proposed, wanted):
        assert warning in told.err
        assert f"mlgitops explain gate --model {MODEL} says why" in told.err


def test_a_candidate_that_is_named_is_what_was_meant(
    terminal: Terminal, refused: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal.do(promote, "--to", "staging", "--version", "1") == 0

    assert refused not in capsys.readouterr().err


def test_the_candidate_that_is_named_is_proposed_not_the_newest(terminal: Terminal) -> None:
    (first,) = terminal.world.registry.versions(MODEL)
    terminal.world.run()

    terminal.do(promote, "--to", "staging", "--candidate", short(first.candidate or ""))

    (request,) = terminal.world.forge.open_requests("mlgitops/")
    assert request.branch.endswith(short(first.candidate or ""))


@pytest.mark.parametrize(
    ("verb", "words"), [(promote, ("--to", "staging")), (rollback, ("--env", "staging"))]
)
def test_an_unknown_model_is_refused_with_the_nearest(
    terminal: Terminal, verb: Any, words: tuple[str, ...]
) -> None:
    with pytest.raises(SpecError, match="no pipeline 'flight-delay'") as caught:
        terminal.do(verb, "flight-delay", *words)

    assert caught.value.hint == f"did you mean {MODEL!r}?"


@pytest.mark.parametrize(
    "files",
    [
        {"mlgitops.yaml": "nothing: that is a Project"},
        {"mlops/pipelines/broken.yaml": "["},
        {"mlgitops.yaml": None},
    ],
    ids=["project", "untracked", "deleted"],
)
def test_a_broken_work_tree_does_not_stop_releases(
    released: Terminal, files: dict[str, str | None]
) -> None:
    released.world.workspace.write(files)

    for verb in (plan, reconcile, drift, status):
        assert released.do(verb) == 0
    assert released.do(promote, "--to", "production") == 0


def test_a_branch_that_only_the_work_tree_names_is_refused(released: Terminal) -> None:
    workspace = released.world.workspace
    workspace.git("branch", "other")
    project = (workspace.root / "mlgitops.yaml").read_text()
    workspace.write({"mlgitops.yaml": f"{project}spec: {{branch: other}}\n"})

    with pytest.raises(SpecError, match="names the branch 'main'"):
        released.do(reconcile)


def test_an_unknown_environment_is_refused(terminal: Terminal) -> None:
    with pytest.raises(SpecError):
        terminal.do(promote, "--to", "stagin")


def test_a_plan_shows_what_reconcile_would_do(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.do(promote, "--to", "staging")
    terminal.merge()
    capsys.readouterr()

    assert terminal.do(plan) == 0
    assert "staging" in capsys.readouterr().out
    assert terminal.do(plan, "--exit-code") == ChangesPending.exit_code
    assert terminal.live == {}


def test_a_plan_as_json_can_be_held_to(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.do(promote, "--to", "staging")
    terminal.merge()
    capsys.readouterr()
    terminal.do(plan, "--format", "json")
    document = json.loads(capsys.readouterr().out)

    assert document["targets"][0]["changes"]
    assert terminal.do(reconcile, "--expect", document["digest"]) == 0
    assert terminal.live == {"staging": 1}


def test_a_plan_as_json_says_what_was_applied(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert released.do(plan, "--format", "json") == 0

    (target,) = json.loads(capsys.readouterr().out)["targets"]
    assert target["target"] == {"environment": "staging", "model": MODEL}
    assert (target["sync"], target["applied"]["version"]) == ("synced", 1)
    assert datetime.fromisoformat(target["applied"]["at"]).tzinfo is not None


def test_a_plan_says_how_many_rows_a_gate_needs(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert released.do(plan, "--format", "json") == 0
    (gate,) = valid("plan", capsys.readouterr().out)["gates"]
    assert released.do(plan) == 0
    shown = capsys.readouterr().out

    assert gate["target"] == {"environment": "staging", "model": MODEL}
    assert gate["basis"] in ("comparison", "metric")
    assert 0 <= gate["inconclusive"] <= 1
    assert f"staging/{MODEL}: not-worse-than-champion on {gate['metric']}, margin 0.01" in shown
    assert f"{gate['rows_needed']:,} rows would do for 95%" in " ".join(shown.split())


def test_another_plan_than_expected_is_refused(terminal: Terminal) -> None:
    terminal.do(promote, "--to", "staging")
    terminal.merge()

    with pytest.raises(Exception, match="plan") as caught:
        terminal.do(reconcile, "--expect", f"sha256:{'0' * 64}")

    assert getattr(caught.value, "exit_code", None) == 5
    assert terminal.live == {}


def test_a_second_reconcile_makes_no_change(released: Terminal) -> None:
    assert released.live == {"staging": 1}
    assert released.do(plan, "--exit-code") == 0

    assert released.do(reconcile) == 0

    assert released.outputs.read_text().splitlines()[1] == "0"


def test_a_change_before_a_failure_is_counted(terminal: Terminal) -> None:
    terminal.do(promote, "--to", "staging")
    terminal.merge()
    terminal.outputs.unlink()
    terminal.world.registry.fail_at = "set_alias"

    with pytest.raises(Unavailable):
        terminal.do(reconcile)

    assert terminal.outputs.read_text().splitlines()[1] == "1"  # the record, which notes the intent


def test_drift_is_found_then_healed(released: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    assert released.do(drift) == 0
    released.world.registry.delete_alias(MODEL, "staging")

    assert released.do(drift) == ChangesPending.exit_code
    assert "alias-missing" in capsys.readouterr().out.replace("alias missing", "alias-missing")
    assert released.live == {}

    assert released.do(drift, "--heal") == 0
    assert released.live == {"staging": 1}
    assert "--expect" not in capsys.readouterr().out


def test_drift_and_conflict_are_no_clean_plan(released: Terminal) -> None:
    """Neither has a change that reconcile would make."""
    released.world.run()
    released.world.registry.set_alias(MODEL, "staging", 2)

    assert released.do(plan) == 0
    assert released.do(plan, "--exit-code") == ChangesPending.exit_code

    released.world.disown(STAGING, "shop")

    assert released.do(plan) == 0
    for verb, words in ((plan, ("--exit-code",)), (drift, ())):
        assert released.do(verb, *words) == PlanIsStale.exit_code
    for verb, words in ((reconcile, ()), (drift, ("--heal",))):
        with pytest.raises(PlanIsStale, match="'shop'"):
            released.do(verb, *words)
    assert released.live == {"staging": 2}


def test_a_clone_that_was_not_pulled_is_told_to(released: Terminal) -> None:
    workspace, before = released.world.workspace, released.world.workspace.head
    released.world.run()
    released.do(promote, "--to", "staging")
    released.merge()
    released.do(reconcile)
    workspace.git("branch", "later")
    workspace.git("reset", "--quiet", "--hard", before)

    assert released.do(plan, "--exit-code") == PlanIsStale.exit_code
    assert released.do(drift) == PlanIsStale.exit_code
    for verb, words in ((reconcile, ()), (drift, ("--heal",))):
        with pytest.raises(PlanIsStale, match="pull"):
            released.do(verb, *words)
    assert released.live == {"staging": 2}

    workspace.git("merge", "--quiet", "--ff-only", "later")

    assert released.do(plan, "--exit-code") == 0


def test_a_history_that_was_rewritten_is_accepted_by_a_person(released: Terminal) -> None:
    workspace = released.world.workspace
    released.world.run()
    released.do(promote, "--to", "staging")
    released.merge()
    released.do(reconcile)
    workspace.git("commit", "--quiet", "--amend", "--message", "Rewritten")
    assert released.do(plan, "--exit-code") == 0  # nothing is to be written over
    released.do(rollback, "--env", "staging")
    released.merge()
    with pytest.raises(PlanIsStale, match="pull"):
        released.do(reconcile)

    assert released.do(plan, "--exit-code", "--accept-rewritten-history") == 4
    assert released.do(reconcile, "--accept-rewritten-history") == 0
    assert released.live == {"staging": 1}
    assert released.do(plan, "--exit-code") == 0


def test_another_alias_is_pending_and_takes_the_place_of_the_first(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "mlops/environments/staging.yaml"
    text = (released.world.workspace.root / path).read_text()
    released.world.workspace.commit({path: f"{text}spec: {{alias: best}}\n"}, "Rename")

    assert released.do(drift) == 0
    assert released.do(plan, "--exit-code") == ChangesPending.exit_code
    out = capsys.readouterr().out
    assert "pending" in out
    assert "by hand" not in out
    assert released.do(reconcile) == 0
    assert released.live == {"best": 1}


def test_what_is_live_without_its_environment_is_shown(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = ("mlops/environments/production.yaml", "mlops/environments/staging.yaml")
    release = f"mlops/releases/staging/{MODEL}.yaml"
    released.world.workspace.commit(dict.fromkeys((*gone, release)), "No environments")

    for verb in (plan, drift, status):
        assert released.do(verb) == 0
        out = capsys.readouterr().out
        assert str(STAGING) in out
        assert "unmanaged" in out
        assert "no releases yet" not in out
    assert released.do(reconcile) == 0
    assert released.live == {"staging": 1}


def test_a_rollback_is_a_pull_request_that_leaves_a_hold(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    released.world.run()
    released.do(promote, "--to", "staging")
    released.merge()
    released.do(reconcile)
    assert released.live == {"staging": 2}
    capsys.readouterr()

    assert released.do(rollback, "--env", "staging") == 0
    assert "restores   version 1" in capsys.readouterr().out
    released.merge()
    released.do(reconcile)

    assert released.live == {"staging": 1}
    released.do(status)
    assert "held" in capsys.readouterr().out


def test_a_status_shows_every_target_and_open_request(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    released.do(promote, "--to", "production")
    capsys.readouterr()

    assert released.do(status) == 0

    out = capsys.readouterr().out
    assert str(STAGING) in out
    assert str(PRODUCTION) in out
    assert "mlgitops/promote/production" in out


def test_a_status_without_registry_is_6(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    released.world.registry.is_down = True

    assert released.do(status) == Unavailable.exit_code
    assert "unknown" in capsys.readouterr().out


@pytest.mark.parametrize("verb", [plan, drift, reconcile])
def test_without_registry_nothing_is_done(released: Terminal, verb: Any) -> None:
    released.world.registry.is_down = True

    with pytest.raises(Unavailable):
        released.do(verb)


def test_on_a_runner_a_branch_that_would_be_lost_is_refused(terminal: Terminal) -> None:
    terminal.environ["GITHUB_WORKSPACE"] = str(terminal.world.workspace.root)

    for verb, words in ((promote, ("--to", "staging")), (rollback, ("--env", "staging"))):
        with pytest.raises(SpecError, match="lost with this runner's clone"):
            terminal.do(verb, *words)


def test_on_a_runner_a_registry_that_would_be_lost_is_refused(terminal: Terminal) -> None:
    workspace = terminal.world.workspace
    origin = workspace.root.with_name("origin.git")
    workspace.git("init", "--quiet", "--bare", str(origin))
    workspace.git("remote", "add", "origin", str(origin))
    project = (workspace.root / "mlgitops.yaml").read_text()
    forge = "spec: {forge: {kind: local, remote: origin}}\n"
    workspace.commit({"mlgitops.yaml": project + forge}, "Push branches")
    terminal.environ["GITHUB_WORKSPACE"] = str(workspace.root)

    with pytest.raises(SpecError, match=r"lost with this runner: .*mlflow\.db"):
        terminal.do(promote, "--to", "staging")

    assert terminal.world.forge.open_requests("mlgitops/") == ()
    terminal.environ["GITHUB_WORKSPACE"] = str(workspace.root.with_name("another"))
    assert terminal.do(promote, "--to", "staging") == 0


def test_a_tag_named_like_the_branch_changes_nothing(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tag is of a commit without Release: followed, it would take the model away."""
    git, begin = terminal.world.workspace.git, terminal.world.workspace.head
    terminal.do(promote, "--to", "staging")
    terminal.merge()
    terminal.world.run()
    git("update-ref", "-d", git("for-each-ref", "--format=%(refname)", "refs/heads/mlgitops"))
    tip = terminal.world.workspace.head
    capsys.readouterr()

    def said_and_proposed() -> list[str]:
        """What every verb says, and the proposals, which are closed again."""
        found = []
        for verb, *words in (
            (check,),
            (plan, "--format", "json"),
            (promote, "--to", "staging"),
            (rollback, "--env", "staging"),
            (status, "--format", "json"),
        ):
            code = terminal.do(verb, *words)
            found.append(f"{code} {capsys.readouterr().out}")
        proposed = "--format=%(refname) %(parent) %(tree)"
        for line in git("for-each-ref", proposed, "refs/heads/mlgitops").splitlines():
            found.append(line)
            git("update-ref", "-d", line.split()[0])
        return found

    untagged = said_and_proposed()
    git("tag", "main", begin)
    git("tag", "heads/main", begin)

    assert said_and_proposed() == untagged
    assert [line.split()[1] for line in untagged[-2:]] == [tip, tip]
    assert terminal.do(reconcile) == 0
    assert terminal.live == {"staging": 1}


def test_without_the_branch_a_tag_of_its_name_is_not_the_desired_state(
    released: Terminal,
) -> None:
    git = released.world.workspace.git
    git("tag", "main")
    git("switch", "--quiet", "--detach")
    git("update-ref", "-d", "refs/heads/main")

    for verb, *words in ((plan,), (reconcile,), (status,), (rollback, "--env", "staging")):
        with pytest.raises(SpecError, match="the branch 'main' has no commit"):
            released.do(verb, *words)
    assert released.live == {"staging": 1}


def test_a_promotion_of_another_branchs_commit_warns_and_goes_on(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.world.run(origin={"commit": "c" * 40})

    assert terminal.do(promote, "--to", "staging") == 0

    said = capsys.readouterr()
    assert said.err == (
        "warning: Made by commit cccccccccccc, which is not in this clone: whether main has "
        "its code is unknown.\n"
    )
    assert "opened" in said.out


def test_where_the_registry_is_right_git_can_follow(
    released: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way of docs/reconcile.md for a version that was released before."""
    for _ in range(2):
        released.world.run()
        assert released.do(promote, "--to", "staging") == 0
        released.merge()
        assert released.do(reconcile) == 0
    released.world.registry.set_alias(MODEL, "staging", 1)
    assert released.do(drift) == ChangesPending.exit_code
    with pytest.raises(PlanIsStale) as circle:
        released.do(promote, "--to", "staging", "--version", "1")

    assert circle.value.hint == f"mlgitops rollback {MODEL} --env staging --version 1"
    assert released.do(rollback, "--env", "staging", "--version", "1") == 0
    released.world.workspace.merge(released.world.forge.open_requests("mlgitops/")[0].branch)
    assert released.do(reconcile) == 0
    assert released.live == {"staging": 1}
    assert released.do(plan, "--exit-code") == 0


def test_a_model_can_be_taken_away(released: Terminal) -> None:
    """The way of docs/releases.md: retire, reconcile, then delete the files."""
    workspace, path = released.world.workspace, f"mlops/releases/staging/{MODEL}.yaml"
    text = (workspace.root / path).read_text()
    retired = text.partition("  desired:")[0] + "  desired: null\n"
    workspace.commit({path: retired}, "Retire")

    assert released.do(reconcile) == 0
    assert released.live == {}

    workspace.commit({path: None, f"mlops/pipelines/{MODEL}.yaml": None}, "Take it away")
    assert released.do(plan, "--exit-code") == 0
    assert released.do(reconcile) == 0
