"""What is wrong with a repository's policies, and what easily goes wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError
from mlgitops.model.expressions import Compiled
from mlgitops.model.policy import Policy
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Kind
from mlgitops.policies import linting, unproven
from mlgitops.policies.linting import SmellKind
from mlgitops.policies.messages import fields
from mlgitops.policies.variables import paths
from mlgitops.spec import evidence_shape, expressions
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.expressions import Written
from mlgitops.spec.problems import did_you_mean, shown
from mlgitops.spec.readings import SECTIONS, VARIABLES

if TYPE_CHECKING:
    from mlgitops.ports import ExpressionEngine

_SMELLS: Mapping[SmellKind, tuple[str, str, str]] = {
    "hidden-error": (
        "POL402",
        "`||` hides it when what one side reads is missing",
        "ask for it first, with `has(…)` or `key in …`, or write two rules",
    ),
    "no-interval": (
        "POL403",
        "a value is judged without its interval",
        "compare `low` in `pass` and `high` in `fail`: a value alone may be luck",
    ),
    "double-negation": ("POL408", "two negations say nothing", "leave both out"),
}


def lint(
    documents: Documents, texts: Mapping[str, str], names: Sequence[str], engine: ExpressionEngine
) -> tuple[Diagnostic, ...]:
    """Findings about the policies of *names*, or all that are no built-ins, by place.

    *texts* are those of the files by path. What does not compile is an error, all
    else a warning.

    Raises:
        SpecError: there is no such policy, or it is built in.
        MissingExtra: there is nothing that compiles expressions.
    """
    policies = _chosen(documents, texts, names)
    by_policy = [list(expressions.of_policy(doc, texts[doc.file], fields)) for doc in policies]
    written = [one for own in by_policy for one in own]
    compiled = engine.compile(SECTIONS, [one.expression for one in written])
    found = list(expressions.faults(written, compiled))
    asked = list(zip(written, compiled, strict=True))
    found += [warning for one, made in asked if not made.flaws for warning in _smells(one)]
    found += _undecided(asked)
    # What is no CEL is no text to draw conclusions from.
    unsound = {one.document.file for one, made in asked if made.flaws}
    tested = {test.at("spec", "policy") for test in documents.of(Kind.POLICY_TEST)}
    for document, own in zip(policies, by_policy, strict=True):
        found += _of_nothing(document, own) if document.file not in unsound else ()
        found += [replace(one, level="warning") for one in _of_policy(document, tested)]
    return tuple(sorted(found, key=_place))


def _chosen(documents: Documents, texts: Mapping[str, str], names: Sequence[str]) -> list[Document]:
    known = {one.name: one for one in documents.of(Kind.POLICY) if one.file in texts}
    built_in = {one.name for one in documents.of(Kind.POLICY)} - known.keys()
    for name in names:
        if name in built_in:
            message = f"{shown(name)} is built in, and only policies of the repository are linted"
            raise SpecError(message, hint=f"mlgitops policy test --builtin {name}")
        if name not in known:
            message = f"no policy here is called {shown(name)}"
            raise SpecError(message, hint=did_you_mean(name, sorted(known)))
    return [one for name, one in known.items() if not names or name in names]


def _smells(one: Written) -> Iterator[Diagnostic]:
    policy = one.document.spec
    assert isinstance(policy, Policy)  # noqa: S101 - its kind says so
    known = paths(policy.variables)
    if one.is_condition or one.is_variable:
        for smell in linting.smells(one.expression, evidence_shape.may_lack, known):
            place = (smell.at, smell.text)
            yield expressions.warning(one, *_SMELLS[smell.kind], place)
    if one.is_condition and one.place[-1] in ("pass", "fail"):
        yield from _wrong_ends(one, known)


def _wrong_ends(one: Written, known: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Ends of intervals by which a lack of rows passes, or fails."""
    for end in unproven.favourable(one.expression, known):
        other = "low" if end.name == "high" else "high"
        message = f"`{end.name}` is the favourable end: what is not proven passes, too"
        hint = f"compare `{other}` in `pass`, and `{end.name}` in `fail`"
        if not one.is_pass:
            message = f"`{end.name}` is the unfavourable end: a lack of rows fails, too"
            hint = f"compare `{other}` in `fail`, and `{end.name}` in `pass`"
        yield expressions.warning(one, "POL411", message, hint, (end.at, end.text))


def _undecided(found: Iterable[tuple[Written, Compiled]]) -> Iterator[Diagnostic]:
    """Each `pass` that nothing makes false, and `when` that nothing makes true."""
    for _, of_file in groupby(found, key=lambda pair: pair[0].document.file):
        certain: set[str] = set()
        for one, compiled in of_file:
            if compiled.flaws:
                continue
            is_certain = compiled.always or unproven.holds_always(one.expression, certain)
            if is_certain and one.is_variable:
                certain.add(f"{VARIABLES}.{one.place[-1]}")
            elif is_certain and one.is_pass:
                message = f"nothing makes {shown(one.expression)} false, so the rule cannot fail"
                hint = "hold what was found against what is asked: `metrics.f1.low >= params.min`"
                yield expressions.warning(one, "POL409", message, hint)
            elif compiled.always is False and one.place == ("spec", "when"):
                message = f"nothing makes {shown(one.expression)} true, so it judges nothing"
                hint = "leave `when` out, or ask what tells where the policy applies"
                yield expressions.warning(one, "POL409", message, hint)


def _of_nothing(document: Document, written: Iterable[Written]) -> Iterator[Diagnostic]:
    """What is asked of each item of a list that may have none; *written* are its expressions."""
    policy = document.spec
    assert isinstance(policy, Policy)  # noqa: S101 - its kind says so
    by_place = {one.place: one for one in written}
    for index, items in unproven.of_nothing(policy):
        one = by_place["spec", "rules", index, "pass"]
        message = f"true of nothing: where {shown(items.text)} is empty, this passes"
        hint = f"ask that there is one: `size({items.text}) > 0 && …`"
        yield expressions.warning(one, "POL410", message, hint, (items.at, items.text))


def _of_policy(document: Document, tested: set[str]) -> Iterator[Diagnostic]:
    policy = document.spec
    assert isinstance(policy, Policy)  # noqa: S101 - its kind says so
    for name in linting.unused_parameters(policy):
        path = ("spec", "params", name)
        message = f"no expression reads {shown(name)}"
        yield document.fault_of_key("POL401", path, message, f"remove it, or read params.{name}")
    for name in linting.unused_variables(policy):
        path = ("spec", "variables", name)
        message = f"no expression reads {shown(name)}"
        yield document.fault_of_key("POL401", path, message, f"remove it, or read variables.{name}")
    for index, rule in enumerate(policy.rules):
        place = ("spec", "rules", index)
        if rule.fails is None and linting.judges_interval(rule):
            hint = "add `fail:` with the other end: without it a lack of rows reads as a failure"
            message = "an interval is judged, and nothing says when it fails"
            yield document.fault("POL404", (*place, "pass"), message, hint)
        if not fields(rule.message):
            hint = "fill in what was found, `{metrics.roc_auc.low:.4f}`, and what is asked"
            yield document.fault("POL405", (*place, "message"), "it names no value", hint)
        if not rule.remediation:
            hint = "add `remediation:`, and what whoever is refused should do"
            message = f"the rule {rule.id} does not say what to do"
            yield document.fault("POL406", (*place, "id"), message, hint)
    if policy.name not in tested:
        hint = f"write one to mlops/policy-tests/{policy.name}.yaml: docs/policies.md shows how"
        message = "the policy has no PolicyTest"
        yield document.fault("POL407", ("metadata", "name"), message, hint)


def _place(diagnostic: Diagnostic) -> tuple[str, int, str]:
    span = diagnostic.span
    return (span.file, span.start, diagnostic.code) if span else ("", 0, diagnostic.code)
