"""The words of a release pull request: file, branch, title and machine header.

A pull request is found again by its branch and by the fields of its header,
never by its prose. The header is JSON in an HTML comment on the body's first
line; characters that could end the comment are escaped, whatever the data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from mlgitops.model.digest import short
from mlgitops.model.spec import Pin
from mlgitops.model.state import Target
from mlgitops.model.verdict import Decision, Verdict

Kind = Literal["promotion", "rollback"]

HEADER_VERSION = 1
_VERBS: Mapping[Kind, str] = {"promotion": "promote", "rollback": "rollback"}
_HEADER = re.compile(r"<!-- mlgitops (\{.*\}) -->")


def release_path(environment: str, model: str) -> str:
    """The Release file of one target: what its pull requests edit."""
    return f"mlops/releases/{environment}/{model}.yaml"


def branch_prefix(kind: Kind, environment: str, model: str) -> str:
    """What the branches of all pull requests of one target begin with."""
    return f"mlgitops/{_VERBS[kind]}/{environment}/{model}/"


def branch_name(kind: Kind, environment: str, model: str, candidate: str) -> str:
    """The one branch of a candidate: proposing it twice is one pull request."""
    return branch_prefix(kind, environment, model) + short(candidate)


def promotion_title(
    model: str, environment: str, desired: Pin, replaced: Pin | None, decision: Decision
) -> str:
    """`promote(churn→prod): v17 replaces v14 · 12 pass, 1 warn`."""
    replaces = f" replaces v{replaced.version}" if replaced else ""
    return (
        f"promote({model}→{environment}): v{desired.version}{replaces} · {_gate_counts(decision)}"
    )


def registry_effects(
    target: Target, alias: str, before: Pin | None, after: Pin | None
) -> tuple[str, ...]:
    """What merging changes in the registry, one line each."""
    was, will = (f"v{pin.version}" if pin else "none" for pin in (before, after))
    return (
        f"alias {alias} of {target.model}: {was} → {will}",
        f"tag {target.record_tag} of {target.model}: {was} → {will}",
    )


def header(
    kind: Kind,
    environment: str,
    model: str,
    pins: tuple[Pin, Pin | None],
    base: str,
    *,
    decision: str | None = None,
) -> dict[str, Any]:
    """The machine header of a pull request made from the commit *base*.

    *pins* are the candidate that is to be released or rolled back, and the
    champion: what the environment has without it. *decision* is the id of the line
    that a promotion adds to the decisions of its target.
    """
    desired, champion = pins
    fields = {
        "v": HEADER_VERSION,
        "kind": kind,
        "environment": environment,
        "model": model,
        "candidate": short(desired.candidate),
        "evidence": desired.evidence,
        "champion": short(champion.candidate) if champion else None,
        "base": base,
    }
    return fields if decision is None else {**fields, "decision": decision}


def render_header(fields: Mapping[str, Any]) -> str:
    """The body's first line, without its line end.

    Raises:
        ValueError: the fields hold NaN or an infinity, which JSON has not.
    """
    text = json.dumps(fields, allow_nan=False, separators=(",", ":"))
    # `--` and angle brackets stand inside JSON texts only, so this keeps the value.
    text = text.replace("--", "-\\u002d").replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<!-- mlgitops {text} -->"


def parse_header(body: str) -> dict[str, Any] | None:
    """The fields of the header on the body's first line, or None without one."""
    match = _HEADER.fullmatch(body.partition("\n")[0].removesuffix("\r"))
    if match is None:
        return None
    try:
        fields = json.loads(match[1])
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _gate_counts(decision: Decision) -> str:
    applying = [gate for gate in decision.gates if gate.applies]
    passed = sum(gate.verdict is Verdict.PASS for gate in applying)
    waived = sum(gate.verdict is not Verdict.PASS and bool(gate.waived_by) for gate in applying)
    warned = len(applying) - passed - waived
    counts = [f"{passed} pass"]
    counts += [f"{waived} waived"] if waived else []
    counts += [f"{warned} warn"] if warned else []
    return ", ".join(counts)
