import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Kind
from mlgitops.spec import shape
from mlgitops.spec.load import (
    load,
    load_documents,
    load_pack,
    read_builtin,
    read_builtin_tests,
    read_folder,
)
from mlgitops.spec.yaml_tree import parse

GOOD = Path(__file__).parents[2] / "acceptance" / "specs" / "good"
PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: p}\n"


def codes(call):
    with pytest.raises(SpecError) as refused:
        call()
    return [diagnostic.code for diagnostic in refused.value.diagnostics]


def test_everything_is_found_by_name(everything, builtin):
    specs = load(everything, builtin)

    assert specs.project.branch == "release/1.x"
    assert list(specs.datasets) == ["orders", "visits"]
    assert list(specs.pipelines) == ["churn", "demand", "topic"]
    assert {"narrow-interval", "leakage", "min-metric"} <= specs.policies.keys()
    assert [environment.name for environment in specs.chain] == ["staging", "production"]
    assert set(specs.releases) == {("staging", "churn"), ("production", "churn")}
    assert [waiver.name for waiver in specs.waivers] == ["known-shift"]


def test_texts_are_digested_by_path(everything, builtin):
    texts = {**everything, **builtin}

    assert load(everything, builtin).texts == {
        path: digest_of_bytes(text.encode()) for path, text in texts.items()
    }


def test_evidence_is_no_spec(smallest, builtin):
    files = {**smallest, "mlops/evidence/churn/x.yaml": "{{{"}

    assert load(files, builtin) == load(smallest, builtin)


def test_a_phase_begins_only_when_the_last_found_nothing():
    bad_text = {"mlops/a.yaml": "a: [", "mlops/b.yaml": "a: 1\na: 2"}
    bad_shape = {"mlops/c.yaml": "kind: Dataset"}
    bad_meaning = {"mlops/mlgitops.yaml": PROJECT}
    files = {"mlgitops.yaml": PROJECT} | bad_meaning

    assert codes(lambda: load(files, {})) == ["SPEC313"]
    assert codes(lambda: load(files | bad_shape, {})) == ["SPEC203"]
    assert codes(lambda: load(files | bad_shape | bad_text, {})) == ["SPEC101", "SPEC102"]


def test_without_a_project_there_is_one_fault():
    assert codes(lambda: load({}, {})) == ["SPEC325"]
    assert codes(lambda: load({"mlops/mlgitops.yaml": PROJECT}, {})) == ["SPEC325"]


def test_good_specs_need_no_jsonschema(everything, builtin, monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)

    assert load(everything, builtin)


def test_the_policy_pack_is_sound_and_named_apart_from_a_users_files():
    builtin = read_builtin()
    specs = load({"mlgitops.yaml": PROJECT}, builtin)

    assert len(specs.policies) == len(builtin) >= 5
    assert all(path.startswith("builtin/") for path in builtin)


def test_specs_are_read_and_nothing_else(tmp_path):
    for path in ("mlgitops.yaml", "mlops/a/b/c.yaml", "mlops/z.yaml"):
        write(tmp_path / path, "é\r\n")
    for path in ("other.yaml", "mlops/notes.md", "mlops/.#z.yaml", "mlops/.x/y.yaml",
                 "mlops/evidence/m/e.yaml", "mlops/evidence/e.yml", "mlops/yaml"):  # fmt: skip
        write(tmp_path / path, "never read")

    assert read_folder(tmp_path) == dict.fromkeys(
        ["mlgitops.yaml", "mlops/a/b/c.yaml", "mlops/z.yaml"], "é\r\n"
    )


def write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="")


def test_an_empty_folder_has_no_specs(tmp_path):
    assert read_folder(tmp_path) == {}
    assert read_folder(tmp_path / "missing") == {}


@pytest.mark.parametrize("path", ["mlgitops.yaml", "mlops/a.yaml"])
def test_a_link_is_refused_also_one_that_stays_within(tmp_path, path):
    write(tmp_path / "mlops" / "shared.yaml", "a: 1\n")
    (tmp_path / path).symlink_to(tmp_path / "mlops" / "shared.yaml")

    assert codes(lambda: read_folder(tmp_path)) == ["SPEC117"]


def test_a_root_that_is_itself_a_link_is_read(tmp_path):
    write(tmp_path / "real" / "mlgitops.yaml", "a: 1\n")
    (tmp_path / "link").symlink_to("real")

    assert read_folder(tmp_path / "link") == {"mlgitops.yaml": "a: 1\n"}


def test_a_linked_folder_of_specs_is_refused(tmp_path):
    write(tmp_path / "elsewhere" / "a.yaml", "a: 1\n")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "mlops").symlink_to(tmp_path / "elsewhere")

    assert codes(lambda: read_folder(tmp_path / "root")) == ["SPEC117"]


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path):
    (tmp_path / "mlops").mkdir()
    os.mkfifo(tmp_path / "mlops" / "pipe.yaml")

    assert codes(lambda: read_folder(tmp_path)) == ["SPEC117"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_specs_with_lines_lost_repeated_or_mixed_up_load_or_are_refused(builtin, data):
    files = read_folder(GOOD / "everything")
    path = data.draw(st.sampled_from(sorted(files)))
    lines = files[path].splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        index, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        change = data.draw(st.sampled_from(["drop", "repeat", "swap", "indent", "cut"]))
        match change:
            case "drop" if len(lines) > 1:
                del lines[index]
            case "repeat":
                lines.insert(other, lines[index])
            case "swap":
                lines[index], lines[other] = lines[other], lines[index]
            case "indent":
                lines[index] = "  " + lines[index]
            case _:
                lines[index] = lines[index][: data.draw(st.integers(0, len(lines[index])))]

    refused = None
    try:
        load(files | {path: "".join(lines)}, builtin)
    except SpecError as error:
        refused = error
    assert refused is None or refused.diagnostics


def test_documents_keep_their_places_beside_the_pack(everything):
    documents = load_documents(everything, read_builtin())

    [test] = documents.of(Kind.POLICY_TEST)
    assert test.tree.spans["spec", "cases", 0, "name"].file == test.file
    assert not test.is_builtin
    assert documents.named(Kind.POLICY)["leakage"].is_builtin


def test_the_pack_keeps_to_its_schemas_since_nobody_asks_when_it_is_read():
    texts = read_builtin() | read_builtin_tests()

    assert len(texts) > 50
    assert [fault for path, text in texts.items() for fault in shape.check(parse(text, path))] == []


def test_the_pack_has_tests_which_are_no_policies():
    documents = load_pack()

    assert {test.at("spec", "policy") for test in documents.of(Kind.POLICY_TEST)} == {
        policy.name for policy in documents.of(Kind.POLICY)
    }
    assert all(document.is_builtin for document in documents)
    assert not any("tests" in path for path in read_builtin())
