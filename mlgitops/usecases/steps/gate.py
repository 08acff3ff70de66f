"""gate: the policies judge the evidence, and the report says so.

The run's outcome is the first environment's; the others are judged too, so
that a later promotion needs no new run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError
from mlgitops.model.verdict import Decision, Verdict, context, decision_document, parse_decision
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.model.evidence import Evidence
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 6
JOBS: tuple[Job, ...] = ()


def inputs(run: RunContext) -> dict[str, str | None]:
    """Evidence, policies, bindings and waivers, and the time as far as it counts."""
    specs = run.specs
    waivers = [waiver for waiver in specs.waivers if waiver.model == run.pipeline.name]
    return {
        "spec model": run.pipeline.name,
        "policies": spec_digest(specs.policies),
        "spec gates": spec_digest((run.pipeline.gates, run.pipeline.evaluate.metrics)),
        "environments": spec_digest(run.environments),
        "waivers": spec_digest(waivers),
        "day": _time_that_counts(run, is_waived=bool(waivers)),
        **{
            f"evidence {environment.name}": run.digest("evaluate", f"evidence-{environment.name}")
            for environment in run.environments
        },
    }


def _time_that_counts(run: RunContext, *, is_waived: bool) -> str:
    """The hour if a policy asks for the time, the day if a waiver or binding names one."""
    gates = [*run.pipeline.gates, *(gate for one in run.environments for gate in one.gates)]
    # Policies that judge every model ask for no time; a test holds them to it.
    policies = [run.specs.policies.get(gate.policy) for gate in gates]
    now = run.neighbours.clock.now()
    if any(policy is not None and policy.asks_for_context for policy in policies):
        return now.strftime("%Y-%m-%dT%H")
    if is_waived or any(gate.since for gate in gates):
        return now.date().isoformat()
    return "any"


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Decide for every environment, write its report, and keep the decision."""
    # Here, not at the top: none of it is needed to see that nothing changed.
    from mlgitops.model.curves import Curves
    from mlgitops.reports import html
    from mlgitops.usecases.decisions import record
    from mlgitops.usecases.gate import gate

    outputs: dict[str, Path] = {}
    now, origin = run.neighbours.clock.now(), run.origin
    for environment in run.environments:
        name = environment.name
        evidence = read_evidence(run, name)
        known = context(now, "run", name)
        decision = gate(run.specs, evidence, engine=run.neighbours.engine, context=known)
        curves = Curves.parse(run.json("evaluate", f"curves-{name}"))
        decided, report = folder / f"decision-{name}.json", folder / f"report-{name}.html"
        decided.write_text(json.dumps(decision_document(decision)))
        report.write_text(html.render(evidence, decision, curves))
        outputs |= {decided.stem: decided, report.stem: report}
        record(run.neighbours.decisions, decision, commit=origin.commit, dirty=origin.dirty)
    return outputs


def accept(run: RunContext) -> None:
    """Let the first environment's decision speak; a refusal keeps its report.

    Raises:
        GateFailed: a gate failed, or could not be evaluated.
        Inconclusive: a gate could not decide.
    """
    decision = read_decision(run, run.environments[0].name)
    if decision.verdict is not Verdict.PASS:
        from mlgitops.usecases.refusal import refuse_unless_open

        refuse_unless_open(decision)


def read_evidence(run: RunContext, environment: str) -> Evidence:
    """The evidence of this run for *environment*.

    Raises:
        SpecError: it is about another model or candidate, or for another environment.
    """
    from mlgitops.spec import evidence as evidence_file

    content = run.path("evaluate", f"evidence-{environment}").read_bytes()
    evidence = evidence_file.decode(content)
    subject, model = evidence["subject"], run.pipeline.name
    found = (subject["model"], subject["manifest"], evidence["environment"])
    if found != (model, run.digest("train", "model"), environment):
        raise SpecError(
            f"{model!r} cannot be judged for {environment}: the evidence is about "
            f"{subject['model']!r}, candidate {short(subject['candidate'])}, for "
            f"{evidence['environment']}",
            hint=f"mlgitops run {model} --from evaluate",
        )
    return evidence


def read_decision(run: RunContext, environment: str) -> Decision:
    """The decision of this run for *environment*."""
    return parse_decision(run.json("gate", f"decision-{environment}"))


@dataclass(frozen=True, slots=True)
class Published:
    """Where people open what a run found for an environment: the page, and its evidence."""

    report: Path
    evidence: Path


def publish_reports(run: RunContext) -> dict[str, Published]:
    """Put the reports and their evidence where people open them, by environment.

    A sample of at least all rows makes the same candidate, so its name says it.
    """
    candidate = short(read_decision(run, run.environments[0].name).candidate)
    sample = f"-sample-{run.sample}" if run.sample else ""
    found, publish = {}, run.neighbours.store.publish
    for name in (environment.name for environment in run.environments):
        place = f"reports/{run.pipeline.name}/{candidate}-{name}{sample}"
        report = run.path("gate", f"report-{name}")
        evidence = run.path("evaluate", f"evidence-{name}")
        found[name] = Published(
            publish(f"{place}.html", report.read_bytes()),
            publish(f"{place}.json", evidence.read_bytes()),
        )
    return found
