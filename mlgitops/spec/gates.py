"""Whether gates and bindings fit the policies that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from mlgitops.model.metrics import metrics_for
from mlgitops.model.pipeline import Evaluate, Pipeline
from mlgitops.model.policy import Parameter, Policy, PolicyTest, Waiver
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Environment, Kind
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.problems import did_you_mean, shown
from mlgitops.spec.references import unknown
from mlgitops.spec.yaml_tree import Path

METRIC_PARAMETER = "metric"
_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "list": (list, tuple),
}
_HINTS = {
    "number": "write a number, without quotes",
    "string": "put it in quotes",
    "boolean": "write true or false; `yes` and `on` are text",
    "list": "put it in brackets: [ … ]",
}
_WORDS = {
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "list": "a list of texts",
}
# Sections of the evidence that are there only if a pipeline asks for them, and by what.
_ON_REQUEST: Mapping[str, tuple[str, Callable[[Evaluate], object]]] = {
    "noise": ("seeds: [8, 9]", lambda asked: asked.seeds),
    "reproduction": ("repeat: true", lambda asked: asked.repeats),
    "leakage.shuffled": ("shuffle: true", lambda asked: asked.shuffles),
    "latency": ("latencyCalls: 200", lambda asked: asked.latency_calls),
    "fairness": ("groups: [{by: [ … ]}]", lambda asked: asked.groups),
    "robustness": ("perturbations: { … }", lambda asked: asked.perturbations),
}
_REPORTING = ("audit", "advisory")


def check(documents: Documents) -> Iterator[Diagnostic]:
    """Faults of policies' defaults, of gates and bindings, and of metrics asked for."""
    pipelines = documents.of(Kind.PIPELINE)
    for document in documents:
        match document.spec:
            case Policy() as policy:
                yield from _defaults(document, policy)
            case Pipeline():
                yield from _metrics(document)
                for path, gate in document.items("spec", "gates"):
                    yield from _gate(document, path, gate, documents)
                    yield from _metric_of_gate(document, path, gate, [document])
                    yield from _section_of_gate(document, path, gate, [document], documents)
            case Environment():
                for path, binding in document.items("spec", "policies"):
                    yield from _gate(document, path, binding, documents)
                    yield from _metric_of_gate(document, path, binding, pipelines)
                    if binding.get("level") not in _REPORTING:
                        yield from _section_of_gate(document, path, binding, pipelines, documents)
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
    yield from _given(document, ("spec",), policy.spec, test.parameters)
    everywhere = set.intersection(*(set(case.parameters) for case in test.cases))
    parameters = {parameter.name: parameter for parameter in policy.spec.parameters}
    given = {**test.parameters, **dict.fromkeys(everywhere)}
    yield from _missing(document, ("spec",), policy.name, parameters, given)
    rules = [rule.id for rule in policy.spec.rules]
    for path, case in document.items("spec", "cases"):
        yield from _given(document, path, policy.spec, case.get("with", {}))
        if isinstance(case["expect"], dict):
            for place, name in document.items(*path, "expect", "rules"):
                if name not in rules:
                    message = f"the policy {policy.name} has no rule {shown(name)}"
                    yield document.fault("SPEC350", place, message, did_you_mean(name, rules))


def _defaults(document: Document, policy: Policy) -> Iterator[Diagnostic]:
    for parameter in policy.parameters:
        if parameter.default is not None and not _has_type(parameter.default, parameter.type):
            path = ("spec", "params", parameter.name, "default")
            message = f"{shown(parameter.default)} is not {_WORDS[parameter.type]}"
            yield document.fault("SPEC321", path, message, "correct the default or the type")


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
    yield from _given(document, path, policy.spec, given)
    parameters = {parameter.name: parameter for parameter in policy.spec.parameters}
    yield from _missing(document, path, policy.name, parameters, given)


def _given(
    document: Document, path: Path, policy: Policy, given: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    """What is wrong with the parameters *given* at *path*`.with`."""
    parameters = {parameter.name: parameter for parameter in policy.parameters}
    for name, value in given.items():
        place = (*path, "with", name)
        if name not in parameters:
            message = f"the policy {policy.name} has no parameter {shown(name)}"
            hint = did_you_mean(name, parameters) if parameters else "it takes none: remove it"
            yield document.fault_of_key("SPEC310", place, message, hint)
        elif not _has_type(value, parameters[name].type):
            message = f"expected {_WORDS[parameters[name].type]}, found {shown(value)}"
            yield document.fault("SPEC312", place, message, _HINTS[parameters[name].type])


def _missing(
    document: Document,
    path: Path,
    policy: str,
    parameters: dict[str, Parameter],
    given: dict[str, Any],
) -> Iterator[Diagnostic]:
    missing = [p.name for p in parameters.values() if p.default is None and p.name not in given]
    if missing:
        message = f"the policy {policy} needs {' and '.join(missing)}"
        hint = f"add {' and '.join(f'`{name}: …`' for name in missing)} under `with`"
        yield document.fault("SPEC311", (*path, "policy"), message, hint)


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
                hint = f"add it to evaluate.metrics of {pipeline.name}"
                own = [function.name for function in spec.evaluate.functions]
                if metric not in (*metrics_for(spec.task), *own):
                    hint = did_you_mean(metric, computed)
                yield document.fault("SPEC309", (*path, "with", METRIC_PARAMETER), message, hint)
                return


def _section_of_gate(
    document: Document,
    path: Path,
    gate: Mapping[str, Any],
    pipelines: Sequence[Document],
    documents: Documents,
) -> Iterator[Diagnostic]:
    """A gate on a section that a pipeline it judges does not ask for can never open."""
    policy = documents.named(Kind.POLICY).get(gate["policy"])
    if policy is None or not isinstance(policy.spec, Policy):
        return
    read = _sections_read(policy.spec)
    for pipeline in pipelines:
        spec = pipeline.spec
        if not isinstance(spec, Pipeline):
            continue
        for section in read:
            key, is_asked = _ON_REQUEST[section]
            if not is_asked(spec.evaluate):
                message = f"{policy.name} reads `{section}`, which {pipeline.name} does not ask for"
                hint = f"add `{key}` to `evaluate` of {pipeline.name}"
                yield document.fault("SPEC351", (*path, "policy"), message, hint)
                return


@cache  # a repository of many pipelines asks this of few policies, many times
def _sections_read(policy: Policy) -> tuple[str, ...]:
    """Sections on request that *policy* cannot do without; one that it asks `has(…)` of is not."""
    rules = (text for rule in policy.rules for text in (rule.passes, rule.fails or ""))
    variables = (variable.expression for variable in policy.variables)
    text = "\n".join((*rules, *variables, policy.when or ""))
    return tuple(
        section
        for section in _ON_REQUEST
        if re.search(rf"(?<![\w.]){re.escape(section)}[.\[]", text)
        and not re.search(rf"has\(\s*{re.escape(section)}\b", text)
    )


def _has_type(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
