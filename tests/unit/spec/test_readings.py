from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.expressions import Reading
from mlgitops.model.spec import Kind
from mlgitops.policies.messages import fields
from mlgitops.spec import expressions, readings
from mlgitops.spec.load import load_documents, read_builtin

ROOT = Path(__file__).parents[3]
PROJECT = {"mlgitops.yaml": "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: p}\n"}
VARIABLES = {
    "it": ("metrics", "*"),
    "made": ("slices", "[]", "metrics", "[…]"),
    "twice": ("slices", "[…]", "[…]"),
    "sum": None,
}


def told(path: str) -> list[str]:
    """What is wrong with reading *path*."""
    reads = [Reading(tuple(path.split(".")), 0)]
    return [message for _, message, hint in readings.unknown(reads, VARIABLES) if hint]


def test_the_names_are_the_sections_of_the_schema_and_the_context() -> None:
    sections = json.loads((ROOT / "schemas" / "evidence.schema.json").read_text())["properties"]

    assert set(readings.SECTIONS) == {*sections, "context"}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("metrics.f1.lower", "no evidence has metrics.f1.lower"),
        ("variables.it.lower", "no evidence has metrics[].lower"),
        ("variables.made.[].f1.lower", "no evidence has slices[].metrics.f1.lower"),
        ("variables.made.f1", 'slices[].metrics is a list, which has no "f1"'),
        ("variables.twice.*.*.*.nmae", "no evidence has slices[].nmae"),
        ("fairness.a,b.gap", 'no evidence has fairness["a,b"].gap'),
        ("metrics.[].low", 'of metrics the keys are gone through, which have no "low"'),
        ("metrics.f1.low.end", 'metrics.f1.low is a single value, which has no "end"'),
        ("context.time", "no context has context.time"),
    ],
)
def test_what_leads_nowhere(path: str, message: str) -> None:
    assert told(path) == [message]


@pytest.mark.parametrize(
    "path",
    ["metrics.f1.low", "context.soak_hours", "context.*", "params.anything.at.all", "variables.sum.x",
     "variables.none.x", "variables", "ext.own.x", "x.y", "calibration.ecee.low"],
)  # fmt: skip
def test_what_leads_somewhere_is_open_or_is_told_where_it_begins(path: str) -> None:
    assert told(path) == []


def test_a_path_is_told_once() -> None:
    reads = [Reading(("data", "rwos"), at) for at in (3, 9)]

    assert [one.at for one, *_ in readings.unknown(reads, {})] == [3]


def test_every_expression_of_the_built_in_policies_reads_what_evidence_has() -> None:
    """They are not looked at by `check`, as they are the same for everybody."""
    texts = read_builtin()
    policies = load_documents(PROJECT, texts).of(Kind.POLICY)
    asked = [
        one
        for policy in policies
        for one in expressions.of_policy(policy, texts[policy.file], fields)
    ]
    engine = CelEngine(timeout_s=60.0)

    compiled = engine.compile(readings.SECTIONS, [one.expression for one in asked])

    assert len(asked) > 300
    assert list(expressions.faults(asked, compiled)) == []
