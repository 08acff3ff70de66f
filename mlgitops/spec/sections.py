"""Gates on sections of the evidence that a pipeline does not ask for.

What a policy reads is told by its text, and only where it is certain: a gate that could
open all the same is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from mlgitops.model.pipeline import Evaluate, Pipeline
from mlgitops.model.policy import Policy
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Kind
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.yaml_tree import Path

# Sections of the evidence that are there only if a pipeline asks for them, and by what.
_ON_REQUEST: Mapping[str, tuple[str, Callable[[Evaluate], object]]] = {
    "noise": ("seeds: [8, 9]", lambda asked: asked.seeds),
    "reproduction": ("repeat: true", lambda asked: asked.repeats),
    "leakage.shuffled": ("shuffle: true", lambda asked: asked.shuffles),
    "latency": ("latencyCalls: 200", lambda asked: asked.latency_calls),
    "fairness": ("groups: [{by: [ … ]}]", lambda asked: asked.groups),
    "slices": ("slices: [{by: [ … ]}]", lambda asked: asked.slices),
    "robustness": ("perturbations: { … }", lambda asked: asked.perturbations),
}
_BRACKETS = re.compile(r"\([^()]*\)")


def faults_of_gate(
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
    needed = ("slices",) if _needs_slices(policy) else ()
    rules = (text for rule in policy.rules for text in (rule.passes, rule.fails or ""))
    variables = (variable.expression for variable in policy.variables)
    text = "\n".join((*rules, *variables, policy.when or ""))
    return needed + tuple(
        section
        for section in _ON_REQUEST
        if section != "slices"
        and re.search(rf"(?<![\w.]){re.escape(section)}[.\[]", text)
        and not re.search(rf"has\(\s*{re.escape(section)}\b", text)
    )


def _needs_slices(policy: Policy) -> bool:
    """Whether a rule passes only if there is a slice: of none, `all` would be true.

    Told where `pass` begins with asking for one.
    """
    source = "slices"
    for variable in policy.variables:
        if re.match(rf"\s*(?:{source})\b", variable.expression):
            source += rf"|variables\.{variable.name}"
    asks = re.compile(
        rf"\s*(?:size\(\s*(?:{source})\b[^&|]*\)\s*(?:>\s*[0-9]|>=\s*[1-9])|(?:{source})\.exists\()"
    )
    return any(asks.match(one.passes) and not _is_either(one.passes) for one in policy.rules)


def _is_either(expression: str) -> bool:
    """Whether it has `||` or `? :` outside of brackets."""
    while (shorter := _BRACKETS.sub("", expression)) != expression:
        expression = shorter
    return "||" in expression or "?" in expression
