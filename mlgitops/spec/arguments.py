"""Whether a policy takes the parameters that a gate, a binding or a test gives it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mlgitops.model.policy import Limit, Parameter, Policy
from mlgitops.model.source import Diagnostic
from mlgitops.spec.documents import Document
from mlgitops.spec.problems import did_you_mean, shown, with_point
from mlgitops.spec.yaml_tree import Path

_TYPES: Mapping[str, tuple[type, ...]] = {
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


def faults_of_declared(document: Document, policy: Policy) -> Iterator[Diagnostic]:
    """What is wrong with the defaults and limits that the *policy* of *document* declares."""
    for parameter in policy.parameters:
        path: Path = ("spec", "params", parameter.name)
        default = parameter.default
        if default is not None and not _has_type(default, parameter.type):
            message = f"{shown(default)} is not {_WORDS[parameter.type]}"
            hint = "correct the default or the type"
            yield document.fault("SPEC321", (*path, "default"), message, hint)
        elif parameter.limits and parameter.type != "number":
            message = f"{_WORDS[parameter.type]} has no {parameter.limits[0].kind}"
            yield document.fault_of_key(
                "SPEC321", (*path, parameter.limits[0].kind), message, "remove it: numbers have one"
            )
        elif default is not None and (limit := parameter.passed(default)):
            message = f"expected a number that is {limit}, found {shown(default)}"
            hint = f"correct the default or `{limit.kind}`"
            yield document.fault("SPEC354", (*path, "default"), message, hint)


def faults_of_given(
    document: Document, path: Path, policy: Policy, given: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    """What is wrong with names and types of the parameters *given* at *path*`.with`."""
    parameters = {parameter.name: parameter for parameter in policy.parameters}
    for name, value in given.items():
        place = (*path, "with", name)
        if name not in parameters:
            message = f"the policy {policy.name} has no parameter {shown(name)}"
            hint = did_you_mean(name, parameters) if parameters else "it takes none: remove it"
            yield document.fault_of_key("SPEC310", place, message, hint)
        elif not _has_type(value, parameters[name].type):
            wanted = parameters[name].type
            message = f"expected {_WORDS[wanted]}, found {shown(value)}"
            hint = (with_point(value) if wanted == "number" else None) or _HINTS[wanted]
            yield document.fault("SPEC312", place, message, hint)


def faults_of_limits(
    document: Document, path: Path, policy: Policy, given: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    """The numbers *given* at *path*`.with` that are beyond what *policy* takes."""
    for parameter in policy.parameters:
        value = given.get(parameter.name)
        if value is None or not _has_type(value, parameter.type):
            continue
        limit = parameter.passed(value)
        if limit is not None:
            place = (*path, "with", parameter.name)
            message = f"expected a number that is {limit}, found {shown(value)}"
            yield document.fault("SPEC354", place, message, _within(parameter, limit))


def missing(policy: Policy, given: Collection[str]) -> tuple[str, ...]:
    """Names of the parameters that *policy* needs and that are not *given*."""
    return tuple(
        one.name for one in policy.parameters if one.default is None and one.name not in given
    )


def fault_of_missing(
    document: Document, place: Path, who: str, names: Collection[str]
) -> Diagnostic:
    """The fault that *who* lacks the parameters *names*, which there are."""
    hint = f"add {' and '.join(f'`{name}: …`' for name in names)} under `with`"
    return document.fault("SPEC311", place, f"{who} needs {' and '.join(names)}", hint)


def _within(parameter: Parameter, limit: Limit) -> str:
    """How to keep to *limit* and to the others of *parameter*."""
    ends = " and ".join(map(str, parameter.limits))
    least = parameter.limits[0].value
    if least == 0 and limit.kind in ("maximum", "exclusiveMaximum") and limit.value == 1:
        return f"it is a share, {ends}: 0.01 is one per cent"
    return f"write a number that is {ends}"


def _has_type(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
