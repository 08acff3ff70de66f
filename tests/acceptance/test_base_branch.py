"""Whatever a candidate's own branch says, the project's branch judges it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console  # noqa: TID253 - tests may start slowly

from mlgitops.cli.verbs import promote
from mlgitops.model.digest import short
from mlgitops.model.errors import GateFailed, PlanIsStale
from tests.fakes.release_world import MODEL, ReleaseWorld
from tests.fakes.wiring import call, wired

ENVELOPE = "apiVersion: mlgitops.dev/v1\nkind: {}\nmetadata: {{name: {}}}\n"
STAGING = "mlops/environments/staging.yaml"
PIPELINE = f"mlops/pipelines/{MODEL}.yaml"
DATASET = "mlops/datasets/flights.yaml"
OWN = "mlops/policies/own-floor.yaml"
FLOOR = ENVELOPE.format("Policy", "own-floor") + (
    "spec:\n  params: {min: {type: number, default: 0.62}}\n  rules:\n"
    "    - id: floor\n      pass: metrics.roc_auc.low >= params.min\n"
    "      fail: metrics.roc_auc.high < params.min\n"
    "      message: roc_auc is {metrics.roc_auc.value}\n"
)
ENVIRONMENT = ENVELOPE.format("Environment", "staging") + (
    "spec:\n  policies:\n"
    "    - {policy: own-floor, level: hard}\n"
    "    - {policy: min-metric, level: hard, with: {metric: roc_auc, min: 0.62}}\n"
)
ALWAYS = ("data-validation-passed", "leakage", "not-sampled", "not-worse-than-champion",
          "first-model-baseline")  # fmt: skip


def waiver(candidate: str, policy: str, name: str = "mine", expires: str = "2027-01-01") -> str:
    return (
        f"{ENVELOPE.format('Waiver', name)}spec:\n  policy: {policy}\n  model: {MODEL}\n"
        f'  candidate: "{candidate}"\n  reason: I want it released.\n  expires: {expires}\n'
    )


def policy(name: str, passes: str = "true") -> str:
    rule = f"    - id: floor\n      pass: {passes!r}\n      message: all is well\n"
    parameters = "  params: {min: {type: number, default: 0.0}}\n"
    if name == "min-metric":
        parameters = "  params: {metric: {type: string}, min: {type: number}}\n"
    return f"{ENVELOPE.format('Policy', name)}spec:\n{parameters}  rules:\n{rule}"


def levels(**bound: str) -> str:
    lines = [
        f"    - {{policy: {name.replace('_', '-')}, {rest}}}\n" for name, rest in bound.items()
    ]
    return f"{ENVELOPE.format('Environment', 'staging')}spec:\n  policies:\n{''.join(lines)}"


GATES = "  gates:\n    - {policy: min-metric, with: {metric: roc_auc, min: 0.62}}\n"
MIN = "with: {metric: roc_auc, min: 0.62}"
LOW = "with: {metric: roc_auc, min: 0.1}"
# What the candidate's branch changes: old and new text by path, or whole files.
SCENARIOS: dict[str, dict[str, str | tuple[str, str] | None]] = {
    "nothing": {},
    "a policy that always passes": {OWN: policy("own-floor")},
    "a policy with a lower default": {OWN: ("default: 0.62", "default: 0.1")},
    "a policy that never applies": {OWN: ("  rules:", '  when: "false"\n  rules:')},
    "a policy that fails at nothing": {OWN: ("      fail: metrics.roc_auc.high < params.min\n", "")},
    "a policy that looks at the other end": {OWN: ("low >=", "high >= 0.0 * ")},
    "a policy that is gone": {OWN: None, STAGING: levels(min_metric=LOW)},
    "a built-in policy shadowed by an own": {"mlops/policies/min-metric.yaml": policy("min-metric")},
    "a built-in that judges all, shadowed": {"mlops/policies/leakage.yaml": policy("leakage")},
    "a pipeline without gates": {PIPELINE: (GATES, "")},
    "a gate with a lower floor": {PIPELINE: ("0.62", "0.1")},
    "a gate on another metric": {PIPELINE: ("roc_auc", "brier")},
    "a binding with a lower floor": {STAGING: levels(own_floor="with: {min: 0.1}", min_metric=LOW)},
    "a binding at audit": {STAGING: levels(own_floor="level: audit", min_metric=f"level: audit, {MIN}")},
    "a binding at advisory": {STAGING: levels(own_floor="level: advisory",
                                              min_metric=f"level: advisory, {MIN}")},
    "bindings that can be waived": {STAGING: levels(own_floor="level: soft",
                                                    min_metric=f"level: soft, {MIN}")},
    "bindings that are gone": {STAGING: ENVELOPE.format("Environment", "staging")},
    "bindings from a later day": {STAGING: levels(own_floor="since: 2040-01-01",
                                                  min_metric=f"since: 2040-01-01, {MIN}")},
    "all that always judge, at audit": {
        STAGING: levels(**{name.replace("-", "_"): "level: audit" for name in ALWAYS})
    },
    "an environment that is gone": {STAGING: None, "mlops/environments/production.yaml":
                                    ENVELOPE.format("Environment", "production")},
    "another order of the chain": {STAGING: ENVELOPE.format("Environment", "staging")
                                   + "spec: {from: production}\n",
                                   "mlops/environments/production.yaml":
                                   ENVELOPE.format("Environment", "production")},
    "a waiver of the own policy": {"mlops/waivers/mine.yaml": "own-floor"},
    "a waiver of the built-in policy": {"mlops/waivers/mine.yaml": "min-metric"},
    "waivers of both": {"mlops/waivers/mine.yaml": "own-floor", "mlops/waivers/b.yaml": "min-metric"},
    "waivers and bindings that can be waived": {
        "mlops/waivers/mine.yaml": "own-floor", "mlops/waivers/b.yaml": "min-metric",
        STAGING: levels(own_floor="level: soft", min_metric=f"level: soft, {MIN}")},
    "a waiver without end": {"mlops/waivers/mine.yaml": "own-floor@9999-12-31"},
    "another metric measured": {PIPELINE: ("  gates:", "  evaluate: {metrics: [brier]}\n  gates:")},
    "narrower intervals": {PIPELINE: ("  gates:", "  evaluate: {confidence: 0.5}\n  gates:")},
    "no expectations": {DATASET: ("keys: [id]", "keys: [id], expectations: []")},
    "another split": {DATASET: ("keys: [id]", "keys: [id], split: {holdout: 0.01}")},
    "another task": {PIPELINE: ("label: late}", "label: late, positive: no}")},
    "evidence of any age": {STAGING: ENVIRONMENT + "  maxEvidenceAge: 500w\n"},
    "another registry": {"mlgitops.yaml": ENVELOPE.format("Project", "flights")
                         + "spec: {registry: {uri: 'sqlite:///mine.db'}}\n"},
    "decisions that say pass": {f"mlops/decisions/staging/{MODEL}.jsonl": "{}\n"},
}  # fmt: skip


def test_there_are_thirty_scenarios_at_least() -> None:
    assert len(SCENARIOS) >= 30


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> ReleaseWorld:
    made = ReleaseWorld(tmp_path_factory.mktemp("base"))
    made.workspace.commit({OWN: FLOOR, STAGING: ENVIRONMENT}, "What is asked here")
    return made


def edited(world: ReleaseWorld, name: str, candidate: str) -> dict[str, str | None]:
    files: dict[str, str | None] = {}
    for path, change in SCENARIOS[name].items():
        if isinstance(change, tuple):
            text = (world.workspace.root / path).read_text()
            assert change[0] in text
            files[path] = text.replace(*change)
        elif change and path.startswith("mlops/waivers/"):
            asked, _, expires = change.partition("@")
            files[path] = waiver(candidate, asked, Path(path).stem, expires or "2027-01-01")
        else:
            files[path] = change
    return files


def promoted(world: ReleaseWorld, candidate: str) -> int:
    wiring = wired(
        world.workspace.root,
        desired_registry=world.registry,
        console=Console(width=200, highlight=False),
    )
    return call(promote, wiring, MODEL, "--to", "staging", "--candidate", candidate)


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_a_candidates_branch_weakens_does_not_count(name: str, world: ReleaseWorld) -> None:
    git = world.workspace.git
    git("checkout", "--quiet", "-B", "feature", "main")
    made = world.run(auc=0.5, environments=("staging",))
    candidate = short(made.candidate or "")
    world.workspace.commit(edited(world, name, candidate), "Make it easier")
    before = world.branches()
    try:
        with pytest.raises(GateFailed, match="is not fit for staging: fail\\n  min-metric"):
            promoted(world, candidate)
        assert world.branches() == before
    finally:
        git("checkout", "--quiet", "--force", "main")


@pytest.mark.parametrize("name", ["narrower intervals", "another split", "another task"])
def test_evidence_that_its_branch_made_sound_is_stale(name: str, world: ReleaseWorld) -> None:
    """Its numbers would pass, had they been measured as the project's branch asks."""
    git = world.workspace.git
    git("checkout", "--quiet", "-B", "feature", "main")
    world.workspace.commit(edited(world, name, ""), "Measure otherwise")
    specs = world.specs_at("feature")
    made = world.run(auc=0.9, environments=("staging",), examined_by=specs)
    git("checkout", "--quiet", "--force", "main")

    with pytest.raises(PlanIsStale, match="examines 'flights-delay' in another way"):
        promoted(world, short(made.candidate or ""))


def test_a_sound_candidate_of_a_branch_passes(world: ReleaseWorld) -> None:
    world.workspace.git("checkout", "--quiet", "-B", "feature", "main")
    made = world.run(auc=0.9, environments=("staging",))
    try:
        assert promoted(world, short(made.candidate or "")) == 0
    finally:
        world.workspace.git("checkout", "--quiet", "--force", "main")
