from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Kind
from mlgitops.spec import keys
from mlgitops.spec.decode import decode
from mlgitops.spec.yaml_tree import parse
from tests.fakes.signed_release import CI, RELEASER, SignedRelease, private_key, public_key

ONE, TWO = public_key("ci", CI), public_key("releaser", RELEASER)


def files(**contents):
    return {keys.path(name.replace("_", "-")): content for name, content in contents.items()}


def codes(found):
    return [(problem.code, problem.span.file) for problem in found.value.diagnostics]


def test_the_keys_of_a_tree_are_named_by_their_files_and_sorted():
    found = keys.decode(files(releaser=TWO.encode().encode(), ci=ONE.encode().encode()))

    assert found == (ONE, TWO)
    assert keys.decode({}) == ()


def test_every_file_that_is_no_key_is_named_and_none_is_trusted():
    with pytest.raises(SpecError) as found:
        keys.decode(
            files(ci=ONE.encode().encode(), broken=b"x", binary=b"\xff", gone=None, empty=b"")
        )

    assert codes(found) == [
        ("SPEC340", f"mlops/keys/{name}.pub") for name in ("binary", "broken", "empty", "gone")
    ]


def test_one_key_under_two_names_is_refused():
    content = ONE.encode().encode()
    with pytest.raises(SpecError) as found:
        keys.decode(files(a=content, b=content))

    assert codes(found) == [("SPEC340", "mlops/keys/b.pub")]
    assert "the key 'a' once more" in found.value.diagnostics[0].message


@pytest.mark.parametrize("name", ["", "-a", "A", "a b", "a" * 65, "ü", "a\n"])
def test_a_name_that_nobody_could_type_is_refused(name):
    with pytest.raises(SpecError):
        keys.decode({keys.path(name): ONE.encode().encode()})


def test_a_work_trees_keys_are_its_regular_files(tmp_path):
    folder = tmp_path / keys.KEY_FOLDER
    folder.mkdir(parents=True)
    (folder / "ci.pub").write_text(ONE.encode())
    (folder / "README.md").write_text("who is who")
    assert keys.read(tmp_path) == (ONE,)

    (folder / "linked.pub").symlink_to("ci.pub")
    with pytest.raises(SpecError) as found:
        keys.read(tmp_path)
    assert codes(found) == [("SPEC340", "mlops/keys/linked.pub")]


def test_keys_below_a_linked_folder_are_none(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "ci.pub").write_text(ONE.encode())
    (tmp_path / "mlops").mkdir()
    (tmp_path / "mlops" / "keys").symlink_to("../elsewhere")

    with pytest.raises(SpecError):
        keys.read(tmp_path)


def test_no_folder_is_no_key(tmp_path):
    assert keys.read(tmp_path) == ()


TEXT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec:\n  signing: {required: true}\n"


def test_who_demands_signatures_needs_a_key():
    project = decode(Kind.PROJECT, parse(TEXT, "mlgitops.yaml").value)

    assert [found.code for found in keys.check(project, TEXT, ())] == ["SPEC341"]
    assert list(keys.check(project, TEXT, (ONE,))) == []


def test_who_demands_none_needs_none():
    text = TEXT.replace("true", "false")
    project = decode(Kind.PROJECT, parse(text, "mlgitops.yaml").value)

    assert list(keys.check(project, text, ())) == []


def test_a_key_is_found_by_its_id():
    specs = SignedRelease().specs

    assert keys.trusted(specs, TWO.id) == TWO
    assert keys.trusted(specs, TWO.id[:12]) is None


PRIVATE = private_key(CI)


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("ci.key", PRIVATE),
        ("ci.key", b"in DER, or with a password"),
        ("ci.pub", PRIVATE),
        ("README.md", b"Who is who.\n\n" + PRIVATE),
        ("old/ci.pem", PRIVATE.replace(b"PRIVATE", b"ENCRYPTED PRIVATE")),
    ],
)
def test_a_private_key_among_them_refuses_them_all(place, content):
    path = f"{keys.KEY_FOLDER}/{place}"
    with pytest.raises(SpecError) as found:
        keys.decode({keys.path("releaser"): TWO.encode().encode(), path: content})

    [problem] = found.value.diagnostics
    assert (problem.code, problem.span.file) == ("SPEC345", path)
    assert problem.span.line == (3 if place == "README.md" else 1)
    assert "no secret any more" in problem.hint


def test_other_files_may_lie_beside_the_keys():
    path = f"{keys.KEY_FOLDER}/"
    others = {f"{path}README.md": b"who is who", f"{path}old/x.pub": b"x", f"{path}link": None}

    assert keys.decode({keys.path("ci"): ONE.encode().encode(), **others}) == (ONE,)


def test_a_work_trees_private_key_is_found_below_its_folder(tmp_path):
    place = tmp_path / keys.KEY_FOLDER / "old" / "mine"
    place.parent.mkdir(parents=True)
    place.write_bytes(PRIVATE)

    with pytest.raises(SpecError) as found:
        keys.read(tmp_path)
    assert codes(found) == [("SPEC345", "mlops/keys/old/mine")]


def test_a_key_as_we_write_it_holds_the_texts_that_leaks_looks_for():
    asked = []
    assert list(keys.leaks(lambda texts: asked.append(texts) or {})) == []

    assert all(text.encode() in PRIVATE for text in asked[0])
    (found,) = keys.leaks(lambda _: {"a/b.txt": 7})
    assert (found.code, found.span.file, found.span.line) == ("SPEC345", "a/b.txt", 7)


def test_the_module_that_looks_for_keys_is_not_taken_for_one():
    asked = []
    list(keys.leaks(lambda texts: asked.append(texts) or {}))

    assert not all(text in Path(keys.__file__).read_text() for text in asked[0])
