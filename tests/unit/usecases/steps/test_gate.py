from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import GateFailed, Inconclusive, SpecError
from mlgitops.model.policy import Gate, Policy, Rule, Waiver
from mlgitops.model.verdict import (
    GateResult,
    RuleResult,
    Verdict,
    decision_document,
)
from mlgitops.policies.binding import ALWAYS_ON
from mlgitops.spec.evidence import decode, encode
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.decisions import entries
from mlgitops.usecases.steps import gate, register
from tests.fakes.decisions import of_gates
from tests.fakes.laboratory import Laboratory, keep

pytestmark = pytest.mark.slow


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context()


def after(context: RunContext, verdict: Verdict) -> None:
    """Put a decision for staging where the step would have put it."""
    rule = RuleResult("floor", verdict, "roc_auc is 0.5", "get more data")
    result = GateResult("min-metric", {}, "soft", True, verdict, (rule,))
    decision = of_gates(
        verdict,
        result,
        environment="staging",
        candidate="sha256:0123456789abcdef",
        evidence="sha256:e",
    )
    keep(context, "gate", **{"decision-staging": decision_document(decision)})


def test_there_is_a_decision_and_a_report_for_each_environment(context: RunContext) -> None:
    assert set(context.made["gate"].outputs) == {
        "decision-staging", "report-staging", "decision-production", "report-production",
    }  # fmt: skip
    for environment in ("staging", "production"):
        decision = gate.read_decision(context, environment)
        assert decision.environment == environment
        assert decision.evidence == context.digest("evaluate", f"evidence-{environment}")
        assert (
            decision.candidate == gate.read_evidence(context, environment)["subject"]["candidate"]
        )


@pytest.mark.parametrize("step", [gate, register], ids=["gate", "register"])
@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("subject", {"model": "topic"}, "the evidence is about 'topic'"),
        ("subject", {"manifest": "sha256:" + "0" * 64}, "the evidence is about 'churn'"),
        (None, {"environment": "production"}, "for production"),
    ],
    ids=["model", "bytes", "environment"],
)
def test_evidence_about_something_else_is_refused(
    step: Any,
    part: str | None,
    change: dict[str, str],
    said: str,
    context: RunContext,
    tmp_path: Path,
) -> None:
    outputs = context.made["evaluate"].outputs
    documents = {
        name: json.loads(kept.path.read_bytes())
        for name, kept in outputs.items()
        if name.startswith(("evidence", "curves"))
    }
    evidence = documents["evidence-staging"]
    (evidence[part] if part else evidence).update(change)
    keep(context, "evaluate", **documents)

    with pytest.raises(SpecError, match="'churn' cannot be judged for staging") as caught:
        step.make(context, tmp_path)

    assert said in caught.value.message
    assert caught.value.hint == "mlgitops run churn --from evaluate"


def test_reports_are_put_where_people_open_them(context: RunContext) -> None:
    paths = gate.publish_reports(context)

    assert list(paths) == ["staging", "production"]
    for environment, published in paths.items():
        path = published.report
        candidate = gate.read_decision(context, environment).candidate
        assert path.name == f"{candidate.removeprefix('sha256:')[:12]}-{environment}.html"
        assert path.read_bytes() == context.path("gate", f"report-{environment}").read_bytes()
        assert path.read_text().lower().startswith("<!doctype html>")
        assert published.evidence == path.with_suffix(".json")
        content = published.evidence.read_bytes()
        assert digest_of_bytes(content) == context.digest("evaluate", f"evidence-{environment}")
        assert encode(decode(content)) == content


def test_the_report_of_a_sample_leaves_the_candidates_own_alone(context: RunContext) -> None:
    own = gate.publish_reports(context)
    context.sample = 500

    sampled = gate.publish_reports(context)

    assert own.keys() == sampled.keys()
    for environment, published in sampled.items():
        name = f"{own[environment].report.stem}-sample-500"
        assert published.report.name == f"{name}.html"
        assert published.evidence.name == f"{name}.json"


def changed(context: RunContext, before: dict[str, Any]) -> list[str]:
    after = gate.inputs(context)
    return [name for name in before if before[name] != after[name]]


def test_the_day_counts_only_where_a_waiver_may_expire(context: RunContext) -> None:
    before = gate.inputs(context)
    assert before["day"] == "any"
    waiver = Waiver("w", "min-metric", "churn", "0123456789ab", "why", date(2026, 12, 1))
    other = replace(waiver, model="topic")

    context.specs = replace(context.specs, waivers=(other,))
    assert changed(context, before) == []

    context.specs = replace(context.specs, waivers=(other, waiver))
    assert changed(context, before) == ["waivers", "day"]
    assert gate.inputs(context)["day"] == "2026-11-22"


def test_the_day_counts_where_a_binding_blocks_from_one(context: RunContext) -> None:
    before = gate.inputs(context)
    staging = context.specs.environments["staging"]
    binding = Gate("leakage", {}, "hard", since=date(2026, 12, 1))
    environments = {**context.specs.environments, "staging": replace(staging, gates=(binding,))}
    context.specs = replace(context.specs, environments=environments)

    assert changed(context, before) == ["environments", "day"]
    assert gate.inputs(context)["day"] == "2026-11-22"


def test_the_hour_counts_where_a_policy_that_judges_asks_for_the_time(context: RunContext) -> None:
    before = gate.inputs(context)
    rule = Rule("fresh", "timestamp(context.now) > timestamp(data.window.last)", None, "", "")
    unused = Policy("unused", "", (), None, (rule,))
    policies = {**context.specs.policies, "unused": unused}
    context.specs = replace(context.specs, policies=policies)
    assert changed(context, before) == ["policies"]

    context.pipeline = replace(context.pipeline, gates=(Gate("unused", {}),))
    assert gate.inputs(context)["day"] == "2026-11-22T12"


def test_no_policy_that_judges_every_model_asks_for_the_time(context: RunContext) -> None:
    policies = context.specs.policies

    assert [name for name in ALWAYS_ON if policies[name].asks_for_context] == []


def test_a_decision_is_kept_once_however_often_its_step_is_skipped(
    laboratory: Laboratory,
) -> None:
    first = laboratory.run()
    log = first.context.neighbours.decisions
    kept = entries(log.lines("churn"), place="here")
    again = laboratory.run()

    assert [entry.decision for entry in kept[-2:]] == [
        gate.read_decision(first.context, name) for name in ("staging", "production")
    ]
    assert all(entry.decision.context["stage"] == "run" for entry in kept)
    assert again.record.step("gate").status == "cached"  # type: ignore[union-attr]
    assert entries(log.lines("churn"), place="here") == kept


def test_a_log_that_somebody_changed_stops_the_run(laboratory: Laboratory) -> None:
    laboratory.run()
    file = laboratory.root / ".mlgitops" / "decisions" / "churn.jsonl"
    *before, last = file.read_text().splitlines(keepends=True)
    file.write_text("".join(before) + last.replace('"pass"', '"fail"', 1))

    result = laboratory.run(first="gate")

    assert isinstance(result.error, SpecError)
    assert f"were changed, at line {len(before) + 1}" in result.error.message


def test_the_model_s_name_is_an_input(context: RunContext) -> None:
    before = gate.inputs(context)
    context.pipeline = replace(context.pipeline, name="left")

    assert "spec model" in changed(context, before)


def test_policies_bindings_and_metrics_are_inputs(context: RunContext) -> None:
    before = gate.inputs(context)

    context.specs = replace(context.specs, policies={})
    assert changed(context, before) == ["policies"]

    context.pipeline = replace(context.pipeline, gates=())
    assert changed(context, before) == ["policies", "spec gates"]


def test_a_pass_lets_the_run_go_on(context: RunContext) -> None:
    after(context, Verdict.PASS)

    gate.accept(context)


@pytest.mark.parametrize(
    ("verdict", "stop"),
    [
        (Verdict.FAIL, GateFailed),
        (Verdict.ERROR, GateFailed),
        (Verdict.INCONCLUSIVE, Inconclusive),
    ],
)
def test_anything_else_stops_it(context: RunContext, verdict: Verdict, stop: type) -> None:
    after(context, verdict)

    with pytest.raises(stop) as caught:
        gate.accept(context)

    assert caught.value.message == (
        f"candidate 0123456789ab is not fit for staging: {verdict}\n"
        f"  min-metric ({verdict}): roc_auc is 0.5"
    )
    assert caught.value.hint == "min-metric: get more data"


def test_only_the_first_environment_decides_the_run(laboratory: Laboratory) -> None:
    laboratory.edit(
        "mlops/environments/production.yaml",
        "alias: champion",
        "alias: champion, policies: "
        "[{policy: leakage, level: hard, with: {max_feature_auc: 0.51}}]",
    )

    result = laboratory.run()

    assert result.error is None
    decision = gate.read_decision(result.context, "production")
    assert decision.verdict is not Verdict.PASS
    assert gate.read_decision(result.context, "staging").verdict is Verdict.PASS
