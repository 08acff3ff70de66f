"""The references say what schemas and code say, and their examples are specs that pass."""

import json
import re
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.metrics import DEFAULT_METRICS, METRICS, metrics_for
from mlgitops.model.spec import Kind
from mlgitops.model.verdict import Question
from mlgitops.spec.bundled import folder
from mlgitops.spec.load import load, load_documents, read_builtin
from mlgitops.spec.schemas import file_name
from mlgitops.usecases.check import check
from mlgitops.usecases.policy_test import Order, run

REFERENCE = (Path(__file__).parents[2] / "docs" / "spec.md").read_text(encoding="utf-8")
POLICIES = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
EVIDENCE = Path(__file__).parents[2] / "policies" / "tests" / "evidence.json"
PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: p}\n"
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## )", REFERENCE, flags=re.MULTILINE | re.DOTALL))


def names(node):
    """Names of all properties below the schema *node*."""
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for below in node.values():
            yield from names(below)
    elif isinstance(node, list):
        for below in node:
            yield from names(below)


@pytest.mark.parametrize("kind", Kind)
def test_every_key_of_a_schema_is_in_the_reference(kind):
    schema = json.loads((folder("schemas") / file_name(kind)).read_text())
    del schema["$defs"]["metadata"]
    keys = set(names(schema["$defs"]))
    table = "\n".join(line for line in SECTIONS[kind].splitlines() if line.startswith("|"))
    written = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", table))))

    assert keys <= written


def test_the_examples_are_one_good_repository():
    blocks = re.findall(r"```yaml\n# (ml\S+)\n(.*?)```", REFERENCE, flags=re.DOTALL)
    specs = load(dict(blocks), read_builtin())

    assert len(blocks) == len(Kind)
    assert specs.releases
    assert specs.waivers


@pytest.mark.parametrize("task", DEFAULT_METRICS)
def test_the_table_of_metrics_is_the_one_in_the_code(task):
    (row,) = re.findall(rf"^\| `{task}` \| (.*) \|$", REFERENCE, flags=re.MULTILINE)
    listed = [name.strip("*") for name in row.split(", ")]
    bold = re.findall(r"\*\*(\w+)\*\*", row)

    assert set(listed) == set(metrics_for(task)) <= set(METRICS)
    assert tuple(bold) == DEFAULT_METRICS[task]


def policies():
    """The policies that docs/policies.md shows, by path."""
    blocks = re.findall(r"```yaml\n(.*?)```", POLICIES, flags=re.DOTALL)
    named = [(re.search(r"name: (\S+?)}?\n", block), block) for block in blocks]
    return {f"mlops/policies/{n[1]}.yaml": block for n, block in named if "kind: Policy\n" in block}


def test_the_policies_shown_are_right():
    files = {"mlgitops.yaml": PROJECT, **policies()}

    found = check(files, lambda _: None, CelEngine(), lambda _: False, lambda _: ())

    assert found.counts[Kind.POLICY] == 2


def test_the_policy_test_shown_covers_its_policy_and_notices_every_fault():
    [(path, block)] = re.findall(
        r"```yaml\n# (\S+)\n([^`]*kind: PolicyTest\n.*?)```", POLICIES, re.DOTALL
    )
    files = {"mlgitops.yaml": PROJECT, **policies(), path: block}
    documents = load_documents(files, read_builtin())

    [report] = run(documents, Order(is_mutating=True), CelEngine(), lambda _: None)

    assert (report.policy, report.unexpected, report.uncovered) == ("calibrated", (), ())
    assert report.score == 1


def test_every_code_of_lint_and_test_is_told():
    package = Path(__file__).parents[2] / "mlgitops" / "usecases"
    code = re.compile(r"\b(?:POL|TEST)4\d\d\b")
    given = {one for file in package.glob("policy_*.py") for one in code.findall(file.read_text())}

    assert set(re.findall(r"^\| (\w+4\d\d) \|", POLICIES, re.MULTILINE)) == given


def shown_slices():
    [block] = re.findall(r"```json\n(.*?)```", POLICIES, flags=re.DOTALL)
    return json.loads(block)


def test_the_slices_shown_have_the_keys_of_evidence():
    large, small = shown_slices()
    recorded = json.loads(EVIDENCE.read_text())["slices"][0]

    assert large.keys() == small.keys() - {"lacks"} == recorded.keys()
    assert (large["judged"], small["judged"], small["lacks"]) == (True, False, "rows")
    for part in ("metrics", "comparison"):
        assert large[part]["roc_auc"].keys() == recorded[part]["roc_auc"].keys()


@pytest.mark.parametrize(
    ("chosen", "least", "passes", "fails"),
    [
        (slice(None), 0.60, True, False),  # the small one stands in no way
        (slice(None), 0.63, False, False),  # the interval holds the floor
        (slice(None), 0.66, False, True),
        (slice(1, None), 0.60, False, False),  # none is large enough: nothing is known
        (slice(0), 0.60, False, False),
    ],
)
def test_the_policy_on_slices_reads_those_that_have_metrics(chosen, least, passes, fails):
    specs = load({"mlgitops.yaml": PROJECT, **policies()}, read_builtin())
    [rule] = specs.policies["worst-slice"].rules
    parameters = {"metric": "roc_auc", "min": least}
    asked = [Question(expression, parameters) for expression in (rule.passes, rule.fails)]

    answers = CelEngine().evaluate({"slices": shown_slices()[chosen]}, asked)

    assert [answer.value for answer in answers] == [passes, fails]
