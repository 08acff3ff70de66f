import sys

import pytest

from mlgitops.model.spec import Kind
from mlgitops.spec import shape
from mlgitops.spec.problems import MOST_PER_FILE
from mlgitops.spec.yaml_tree import parse

HEAD = "apiVersion: mlgitops.dev/v1\nkind: Environment\nmetadata: {name: staging}\n"


def check(text):
    return [(one.code, one.message) for one in shape.check(parse(text, "x.yaml"))]


def test_a_right_file_has_no_faults_and_needs_no_jsonschema(monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)

    assert check(HEAD) == []


def test_version_and_kind_come_first():
    text = "apiVersion: mlgitops.dev/v9\nkind: Envirnment\nnonsense: 1\n"

    assert [code for code, _ in check(text)] == ["SPEC208", "SPEC209"]


@pytest.mark.parametrize("kind", ["7", "[a]", "{a: b}", "null", "environment", "''"])
def test_only_the_name_of_a_kind_is_a_kind(kind):
    text = HEAD.replace("Environment", kind)

    assert shape.kind_of(parse(text, "x.yaml")) is None
    assert check(text)


def test_the_kind_is_read():
    assert shape.kind_of(parse(HEAD, "x.yaml")) is Kind.ENVIRONMENT


def test_one_place_has_one_fault_and_a_wrong_type_comes_first():
    text = (
        HEAD.replace("Environment", "Pipeline")
        + "spec:\n  task: 1\n  data: 2\n  train: entrypoint\n"
    )

    assert check(text) == [
        ("SPEC201", "spec.task: expected text, found 1"),
        ("SPEC201", "spec.data: expected a mapping, found 2"),
        ("SPEC201", 'spec.train: expected a mapping, found "entrypoint"'),
    ]


@pytest.mark.parametrize(("count", "found"), [(32, []), (33, ["SPEC207"])])
def test_a_policy_has_so_many_variables_and_no_more(count, found):
    names = "".join(f"    v{number}: metrics\n" for number in range(count))
    text = HEAD.replace("Environment", "Policy") + f"spec:\n  variables:\n{names}"
    text += "  rules: [{id: a, pass: variables.v0 != null, message: m}]\n"

    assert [code for code, _ in check(text)] == found


def test_several_missing_keys_are_each_listed_once():
    text = HEAD.replace("Environment", "Waiver") + "spec: {policy: leakage, model: a}\n"

    assert [message for _, message in check(text)] == [
        "spec.candidate is missing",
        "spec.reason is missing",
        "spec.expires is missing",
    ]


def test_the_number_of_faults_is_limited():
    many = "".join(f"  k{i}: 1\n" for i in range(2000))

    assert len(check(HEAD + "spec:\n" + many)) == MOST_PER_FILE


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec", "gates", 0, "with"), "spec.gates[0].with"),
        (("spec", "a b", "c"), 'spec["a b"].c'),
        ((0, 1), "[0][1]"),
        (("x" * 500,), '["' + "x" * 60 + '…"]'),
    ],
)
def test_paths_read_as_people_write_them(path, text):
    assert shape.located(path) == text


def test_the_place_of_a_key_falls_back_to_the_item_and_the_files_start():
    tree = parse("a:\n  - {b: 1}\n", "x.yaml")

    assert shape.place_of_key(tree, ("a",)).end == 1
    assert shape.place_of_key(tree, ("a", 0)) == tree.spans["a", 0]
    assert (shape.place_of_key(tree, ()).start, shape.place_of_key(tree, ()).end) == (0, 0)


POLICY = HEAD.replace("Environment", "Policy")
PIPELINE = HEAD.replace("Environment", "Pipeline") + (
    "spec:\n  task: regression\n  data: {dataset: d, label: y}\n"
    "  train: {entrypoint: 'a:b'}\n  gates: [{policy: leakage, %s: x}]\n"
)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (POLICY + "spec: {rules: [{id: a, pass: true, message: m}]}", "write a condition"),
        (POLICY + "spec: {when: 1, rules: [{id: a, pass: p, message: m}]}", "write a condition"),
        (POLICY + "spec: {rules: [{id: a, pass: p, message: 1}]}", "put it in quotes"),
        (POLICY + "spec: {params: {a: {type: number, minimum: '0,5'}}, rules: []}", "write 0.5"),
        (PIPELINE % "level", "levels belong to an environment's policies"),
        (PIPELINE % "since", "belongs to an environment's policies"),
        (PIPELINE % "levels", "known keys: policy, with"),
        (HEAD + "spec: {policies: [{policy: a, since: 2026-02-30}]}", "the calendar"),
        (HEAD + "spec: {policies: [{policy: a, since: 1.3.2026}]}", "as `YYYY-MM-DD`"),
    ],
)
def test_a_hint_says_what_to_write(text, hint):
    found = shape.check(parse(text, "x.yaml"))[0]

    assert hint in found.hint
