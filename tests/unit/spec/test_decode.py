"""Every key of a schema reaches a value, and every default is the one that it names."""

import copy
from datetime import date, timedelta

import pytest

from mlgitops.model import spec as model
from mlgitops.model.dataset import Split, Window
from mlgitops.model.metrics import DEFAULT_METRICS
from mlgitops.model.pipeline import Evaluate
from mlgitops.model.spec import Kind
from mlgitops.spec.decode import decode
from mlgitops.spec.schemas import schema
from mlgitops.spec.yaml_tree import parse

# For people, editors and the checks before: no value of ours holds them.
FOR_PEOPLE = {
    ("apiVersion",),
    ("kind",),
    ("metadata", "description"),
    ("metadata", "owners"),
    ("metadata", "labels"),
    ("spec", "params", "*", "description"),
}


# A release's model can only repeat its name, and there is one kind of forge.
ONE_VALUE = {("spec", "model"), ("spec", "forge", "kind")}


def resolved(kind, node):
    reference = node.get("$ref")
    if reference is None:
        return node
    return {**schema(kind)["$defs"][reference.rpartition("/")[2]], **node}


def properties(kind, node, value, path=()):
    """(abstract path, concrete path, schema) of each property that *value* has a place for."""
    node = resolved(kind, node)
    if isinstance(value, dict):
        for name, below in node.get("properties", {}).items():
            yield (*path, name), resolved(kind, below), name in value
            yield from properties(kind, below, value.get(name), (*path, name))
        if isinstance(node.get("additionalProperties"), dict):
            for key, item in value.items():
                yield from properties(kind, node["additionalProperties"], item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from properties(kind, node.get("items", {}), item, (*path, index))


EVALUATE = ("spec", "evaluate")
# Mappings with keys that users choose.
MAPS = {
    (Kind.DATASET, ("spec", "sources")),
    (Kind.POLICY, ("spec", "params")),
    (Kind.PIPELINE, (*EVALUATE, "functions")),
    (Kind.PIPELINE, (*EVALUATE, "perturbations")),
    (Kind.PIPELINE, (*EVALUATE, "slices", "*", "where")),
}


def abstract(kind, path):
    """*path* with `*` for keys that users choose and for indices."""
    found = ()
    for part in path:
        is_free = isinstance(part, int) or (kind, found) in MAPS
        found = (*found, "*" if is_free else part)
    return found


def without(value, path):
    changed = copy.deepcopy(value)
    parent = changed
    for part in path[:-1]:
        parent = parent[part]
    del parent[path[-1]]
    return changed


def test_every_property_is_used_somewhere_and_makes_a_difference(values):
    declared, seen, matters = set(), set(), set()
    for kind, value in values:
        for path, _, is_present in properties(kind, schema(kind), value):
            name = (kind, abstract(kind, path))
            declared.add(name)
            if not is_present:
                continue
            seen.add(name)
            try:
                if decode(kind, without(value, path)) != decode(kind, value):
                    matters.add(name)
            except (KeyError, RuntimeError):
                matters.add(name)

    idle = {path for kind, path in declared - matters}
    assert seen == declared
    assert idle <= FOR_PEOPLE | ONE_VALUE


def test_a_default_that_a_schema_names_is_the_one_that_decoding_takes(smallest):
    compared = 0
    for file, text in smallest.items():
        value = parse(text, file).value
        kind = Kind(value["kind"])
        value.setdefault("spec", {})
        for block in ("registry", "forge", "split", "features", "evaluate", "drift"):
            if block in schema(kind)["$defs"]["spec"]["properties"]:
                value["spec"].setdefault(block, {})
        for path, node, is_present in list(properties(kind, schema(kind), value)):
            if "default" not in node or is_present:
                continue
            explicit = copy.deepcopy(value)
            parent = explicit
            for part in path[:-1]:
                parent = parent[part]
            parent[path[-1]] = node["default"]
            compared += 1
            assert decode(kind, explicit) == decode(kind, value), path
    assert compared > 15


def spec(kind, body):
    text = f"apiVersion: mlgitops.dev/v1\nkind: {kind}\nmetadata: {{name: n}}\nspec: {body}\n"
    return decode(kind, parse(text, "x.yaml").value)


def dataset(rest=""):
    return spec(Kind.DATASET, "{sources: {a: {csv: a.csv}}" + rest + "}")


def pipeline(train, rest="", task="regression"):
    data = "data: {dataset: d, label: y}"
    return spec(Kind.PIPELINE, f"{{task: {task}, {data}, train: {train}{rest}}}")


def test_a_split_goes_by_time_where_there_is_a_time_column():
    assert dataset().split == Split("stratified", 0.2, None, 7)
    assert dataset(", time: t").split == Split("time", 0.2, "t", 7)
    assert dataset(", time: t, split: {strategy: group, column: g}").split.column == "g"
    assert dataset(", time: t, split: {holdout: 2w}").split.holdout == timedelta(weeks=2)
    assert dataset(", time: t, split: {column: u}").split.column == "u"
    assert dataset(", time: t, split: {strategy: stratified}").split.column is None


def test_windows_are_dates_or_a_length():
    ranged = dataset(", time: t, window: {from: 2026-01-01, to: 2026-02-01}").window
    last = dataset(", time: t, window: {last: 48h}").window

    assert ranged == Window(date(2026, 1, 1), date(2026, 2, 1), None)
    assert last == Window(None, None, timedelta(hours=48))
    assert dataset().window is None


def test_whole_numbers_written_with_a_point_are_whole():
    seed = pipeline("{estimator: a.B, seed: 3.0}").train.seed

    assert seed == 3
    assert isinstance(seed, int)


@pytest.mark.parametrize("task", DEFAULT_METRICS)
def test_metrics_default_to_those_of_the_task(task):
    found = pipeline("{estimator: a.B}", task=task)

    assert found.evaluate == Evaluate(DEFAULT_METRICS[task], (), 0.95)


@pytest.mark.parametrize(
    ("train", "rest", "code"),
    [
        ('{entrypoint: "shop.train:fit"}', "", ("shop",)),
        ('{entrypoint: "shop.train:fit"}', ', features: {entrypoint: "shop.x:f"}', ("shop",)),
        ('{entrypoint: "train:fit"}', ', features: {entrypoint: "feats:f"}', ("train", "feats")),
        ("{estimator: a.B}", "", ()),
        ("{estimator: a.B}", ', features: {entrypoint: "feats:f"}', ("feats",)),
        ("{command: [python, train.py, --out, x]}", "", ("train.py",)),
        ("{command: [python, ../train.py, /a.py]}", "", ()),
        ("{command: [Rscript, train.R], code: [train.R]}", "", ("train.R",)),
        ('{entrypoint: "shop.train:fit", code: [src]}', "", ("src",)),
    ],
)
def test_code_is_where_the_entry_points_live(train, rest, code):
    assert pipeline(train, rest).train.code == code


def test_an_environment_has_its_name_as_alias_and_only_reports_drift():
    assert spec(Kind.ENVIRONMENT, "{}") == model.Environment("n", None, "n", (), "detect")


def test_the_order_of_sources_is_kept():
    body = "{sources: {z: {csv: z.csv}, a: {csv: a.csv}}, join: [{source: a, on: [k]}]}"

    assert [source.name for source in spec(Kind.DATASET, body).sources] == ["z", "a"]


def test_a_null_pin_is_none():
    found = spec(Kind.RELEASE, "{environment: e, desired: null}")

    assert found == model.Release("n", "e", None, None)
