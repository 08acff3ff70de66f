import pytest

from mlgitops.model.spec import Kind
from mlgitops.spec.decode import decode
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.yaml_tree import parse


def document(name, file, **more):
    text = f"apiVersion: mlgitops.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nspec: {{policies: [{{policy: p}}, {{policy: q}}]}}\n"
    tree = parse(text, file)
    return Document(tree, Kind.ENVIRONMENT, decode(Kind.ENVIRONMENT, tree.value), **more)


def test_what_is_written_is_found_by_path():
    found = document("dev", "a.yaml")

    assert found.at("spec", "policies", 1, "policy") == "q"
    assert list(found.items("spec", "policies")) == [
        (("spec", "policies", 0), {"policy": "p"}),
        (("spec", "policies", 1), {"policy": "q"}),
    ]


@pytest.mark.parametrize("path", [("spec", "drift", "mode"), ("spec", "policies", 2)])
def test_what_is_not_written_is_none(path):
    assert document("dev", "a.yaml").at(*path) is None


def test_a_list_that_is_not_written_has_no_items():
    assert list(document("dev", "a.yaml").items("spec", "nothing")) == []


def test_the_first_file_of_a_name_stays():
    first, second = document("dev", "a.yaml"), document("dev", "b.yaml")
    documents = Documents([first, second])

    assert documents.named(Kind.ENVIRONMENT) == {"dev": first}
    assert list(documents.of(Kind.ENVIRONMENT)) == list(documents) == [first, second]
    assert not documents.of(Kind.POLICY)


def test_faults_point_at_values_and_keys():
    found = document("dev", "a.yaml")
    path = ("spec", "policies", 1, "policy")

    assert found.fault("SPEC302", path, "wrong").message == "spec.policies[1].policy: wrong"
    assert found.fault("SPEC302", path, "wrong").span == found.tree.spans[path]
    assert found.fault_of_key("SPEC302", path, "wrong", "mend it").span == found.tree.keys[path]
