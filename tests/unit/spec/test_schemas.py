import json
import re

import pytest
from jsonschema import Draft202012Validator  # noqa: TID253 - the judge of schemas

from mlgitops.model.metrics import FEWEST_OF_CLASS, METRICS
from mlgitops.model.spec import Kind
from mlgitops.spec.bundled import folder
from mlgitops.spec.schemas import file_name, schema


def published(kind):
    return json.loads((folder("schemas") / file_name(kind)).read_text())


def nodes(node):
    """Every schema below *node*, itself included."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


def properties(kind):
    for node in nodes(published(kind)):
        if isinstance(node.get("properties"), dict):
            yield from node["properties"].items()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sound_self_contained_schema(kind):
    found = published(kind)

    Draft202012Validator.check_schema(found)
    assert found["$id"] == f"https://mlgitops.dev/schemas/{file_name(kind)}"
    assert found["properties"]["kind"]["const"] == kind
    references = {node["$ref"] for node in nodes(found) if isinstance(node.get("$ref"), str)}
    assert references == {f"#/$defs/{name}" for name in found["$defs"]}


@pytest.mark.parametrize("kind", Kind)
def test_every_property_tells_an_editor_its_title_and_description(kind):
    definitions = published(kind)["$defs"]
    for name, node in properties(kind):
        target = definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else {}
        for word in ("title", "description"):
            assert {**target, **node}.get(word), name


@pytest.mark.parametrize("kind", Kind)
def test_every_object_is_closed_or_says_what_its_values_are(kind):
    open_ended = {"kwargs", "params"}  # arguments of others' functions
    for name, node in properties(kind):
        if node.get("type") == "object" and name not in open_ended:
            assert "additionalProperties" in node, name
    for node in nodes(published(kind)):
        if isinstance(node.get("properties"), dict) and "type" in node:
            assert node["additionalProperties"] is False


def test_patterns_end_where_the_text_ends():
    pattern = schema(Kind.PROJECT)["$defs"]["name"]["pattern"]

    assert re.search(pattern, "shop")
    assert not re.search(pattern, "shop\n")


@pytest.mark.parametrize(
    ("name", "is_name"),
    [
        ("a", True),
        ("flights-delay", True),
        ("2013.v1_b", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("", False),
        ("-a", False),
        ("a-", False),
        ("A", False),
        ("a..b", False),
        ("a.lock", False),
        ("a/b", False),
    ],
)
def test_names_are_what_files_branches_and_registries_all_take(name, is_name):
    pattern = schema(Kind.PROJECT)["$defs"]["name"]["pattern"]

    assert bool(re.search(pattern, name)) is is_name


@pytest.mark.parametrize(
    ("path", "is_inside"),
    [
        ("data/a.csv", True),
        ("data/*.csv", True),
        ("a..b/c", True),
        ("/etc/passwd", False),
        ("../a", False),
        ("a/../b", False),
        ("a/..", False),
        ("..", False),
        ("C:/a", False),
        ("a\\b", False),
        ("a\0b", False),
    ],
)
def test_paths_stay_below_the_root(path, is_inside):
    pattern = schema(Kind.DATASET)["$defs"]["path"]["pattern"]

    assert bool(re.search(pattern, path)) is is_inside


def test_a_slice_is_judged_with_as_many_positives_as_its_comparison_needs():
    least = schema(Kind.PIPELINE)["$defs"]["slice"]["properties"]["minPositives"]

    assert least["default"] == FEWEST_OF_CLASS
    assert f"fewer than {FEWEST_OF_CLASS} of either" in least["description"]


def test_the_metrics_that_a_schema_names_are_those_that_there_are():
    evaluate = schema(Kind.PIPELINE)["$defs"]["spec"]["properties"]["evaluate"]

    assert evaluate["properties"]["metrics"]["items"]["examples"] == list(METRICS)
