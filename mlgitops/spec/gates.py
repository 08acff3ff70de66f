"""Whether gates and bindings fit the policies that they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlgitops.model.metrics import metrics_for
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.policy import Policy, PolicyTest, Waiver
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Environment, Kind
from mlgitops.spec import arguments, sections
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.problems import did_you_mean, shown
from mlgitops.spec.references import unknown
from mlgitops.spec.yaml_tree import Path

METRIC_PARAMETER = "metric"
_REPORTING = ("audit", "advisory")


def check(documents: Documents) -> Iterator[Diagnostic]:
    """Faults of policies' defaults, of gates and bindings, and of metrics asked for."""
    pipelines = documents.of(Kind.PIPELINE)
    for document in documents:
        match document.spec:
            case Policy() as policy:
                yield from arguments.faults_of_declared(document, policy)
            case Pipeline():
                yield from _metrics(document)
                for path, gate in document.items("spec", "gates"):
                    yield from _gate(document, path, gate, documents)
                    yield from _metric_of_gate(document, path, gate, [document])
                    yield from sections.faults_of_gate(document, path, gate, [document], documents)
            case Environment():
                for path, binding in document.items("spec", "policies"):
                    yield from _gate(document, path, binding, documents)
                    yield from _metric_of_gate(document, path, binding, pipelines)
                    if binding.get("level") not in _REPORTING:
                        yield from sections.faults_of_gate(
                            document, path, binding, pipelines, documents
                        )
            case Waiver() as waiver:
                yield from _rules_of_waiver(document, waiver, documents)
            case PolicyTest() as test:
                yield from _test(document, test, documents)
            case _:
                pass


def _rules_of_waiver(
    document: Document, waiver: Waiver, documents: Documents
) -> Iterator[Diagnostic]:
    """Rules that the waived policy has not; that it exists is seen elsewhere."""
    policy = documents.named(Kind.POLICY).get(waiver.policy)
    if policy is None or not isinstance(policy.spec, Policy):
        return
    rules = [rule.id for rule in policy.spec.rules]
    for path, name in document.items("spec", "rules"):
        if name not in rules:
            message = f"the policy {policy.name} has no rule {shown(name)}"
            yield document.fault("SPEC350", path, message, did_you_mean(name, rules))


def _test(document: Document, test: PolicyTest, documents: Documents) -> Iterator[Diagnostic]:
    """Parameters and rules that the tested policy has not; that it exists is seen elsewhere."""
    policy = documents.named(Kind.POLICY).get(test.policy)
    if policy is None or not isinstance(policy.spec, Policy):
        return
    yield from arguments.faults_of_given(document, ("spec",), policy.spec, test.parameters)
    yield from _missing_in_test(document, test, policy.spec)
    rules = [rule.id for rule in policy.spec.rules]
    for path, case in document.items("spec", "cases"):
        given = case.get("with", {})
        yield from arguments.faults_of_given(document, path, policy.spec, given)
        if isinstance(case["expect"], dict):
            for place, name in document.items(*path, "expect", "rules"):
                if name not in rules:
                    message = f"the policy {policy.name} has no rule {shown(name)}"
                    yield document.fault("SPEC350", place, message, did_you_mean(name, rules))


def _missing_in_test(document: Document, test: PolicyTest, policy: Policy) -> Iterator[Diagnostic]:
    """Parameters that no case has, told once, and those that only some cases lack."""
    lacking = arguments.missing(policy, test.parameters)
    nowhere = [name for name in lacking if all(name not in one.parameters for one in test.cases)]
    if nowhere:
        who = f"the policy {policy.name}"
        yield arguments.fault_of_missing(document, ("spec", "policy"), who, nowhere)
    for index, case in enumerate(test.cases):
        missing = [one for one in lacking if one not in nowhere and one not in case.parameters]
        if missing:
            place = ("spec", "cases", index, "name")
            who = f"the case {shown(case.name)}"
            yield arguments.fault_of_missing(document, place, who, missing)


def _metrics(pipeline: Document) -> Iterator[Diagnostic]:
    task = pipeline.at("spec", "task")
    functions = pipeline.at("spec", "evaluate", "functions") or {}
    fitting = (*metrics_for(task), *functions)
    for path, name in pipeline.items("spec", "evaluate", "metrics"):
        if name not in fitting:
            message = f"{shown(name)} is not defined for {task}"
            yield pipeline.fault("SPEC308", path, message, did_you_mean(name, fitting))


def _gate(
    document: Document, path: Path, gate: dict[str, Any], documents: Documents
) -> Iterator[Diagnostic]:
    policies = documents.named(Kind.POLICY)
    policy = policies.get(gate["policy"])
    if policy is None or not isinstance(policy.spec, Policy):
        yield unknown(document, (*path, "policy"), Kind.POLICY, policies)
        return
    given = gate.get("with", {})
    yield from arguments.faults_of_given(document, path, policy.spec, given)
    yield from arguments.faults_of_limits(document, path, policy.spec, given)
    if missing := arguments.missing(policy.spec, given):
        who = f"the policy {policy.name}"
        yield arguments.fault_of_missing(document, (*path, "policy"), who, missing)


def _metric_of_gate(
    document: Document, path: Path, gate: dict[str, Any], pipelines: Sequence[Document]
) -> Iterator[Diagnostic]:
    """A gate on a metric that a pipeline it judges does not compute can never open."""
    metric = gate.get("with", {}).get(METRIC_PARAMETER)
    for pipeline in pipelines:
        spec = pipeline.spec
        if isinstance(spec, Pipeline) and isinstance(metric, str):
            computed = spec.evaluate.metrics
            if metric not in computed:
                message = f"the pipeline {pipeline.name} does not compute {shown(metric)}"
                own = [function.name for function in spec.evaluate.functions]
                hint = f"add it to evaluate.metrics of {pipeline.name}"
                if metric not in (*metrics_for(spec.task), *own):
                    hint = did_you_mean(metric, computed)
                    if _is_computed(metric, pipelines):
                        hint = "a binding is for every model: bind it in the pipelines that have it"
                yield document.fault("SPEC309", (*path, "with", METRIC_PARAMETER), message, hint)
                return


def _is_computed(metric: str, pipelines: Sequence[Document]) -> bool:
    """Whether one of *pipelines* computes *metric*."""
    specs = (pipeline.spec for pipeline in pipelines)
    return any(isinstance(one, Pipeline) and metric in one.evaluate.metrics for one in specs)
