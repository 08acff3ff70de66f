"""Whole repositories of specs: good ones pass, broken ones say exactly what is wrong."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.cli.signing import keys_here, trust
from mlgitops.model.errors import SpecError
from mlgitops.reports.diagnostics import render_text
from mlgitops.spec import evidence
from mlgitops.spec.bundled import folder
from mlgitops.spec.load import read_folder
from mlgitops.usecases.check import Checked, check
from tests.fakes.signed_release import CI, RELEASER, private_key, public_key

SPECS = Path(__file__).parent / "specs"
GOOD = sorted((SPECS / "good").iterdir())
BAD = sorted((SPECS / "bad").iterdir())
WARNED = sorted((SPECS / "warned").iterdir())
SOURCES = Path(__file__).parents[2] / "mlgitops" / "spec"
CODE = re.compile(r'"(SPEC[0-9]{3})"')

PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: shop}\n"


def write_characters(root: Path) -> None:
    text = PROJECT + "spec:\n  branch: main\a\n  # \u202eniam\u202c\n  forge: {kind: local\u2028}\n"
    (root / "mlgitops.yaml").write_text(text, newline="")


def write_byte_order_mark(root: Path) -> None:
    (root / "mlgitops.yaml").write_text("\ufeff" + PROJECT)


def write_too_large(root: Path) -> None:
    (root / "mlgitops.yaml").write_text(PROJECT)
    (root / "mlops").mkdir()
    (root / "mlops" / "large.yaml").write_text("#" * (1 << 20) + "\n")


def write_too_many_values(root: Path) -> None:
    (root / "mlgitops.yaml").write_text(PROJECT + f"spec: [{'1, ' * 20_000}]\n")


def write_other_encoding(root: Path) -> None:
    (root / "mlgitops.yaml").write_text(PROJECT)
    (root / "mlops").mkdir()
    (root / "mlops" / "latin.yaml").write_bytes("# a\n# Größe\n".encode("latin-1"))


def write_links(root: Path) -> None:
    outside = root.parent / "outside"
    (outside / "folder").mkdir(parents=True)
    (outside / "secret.yaml").write_text("password: hunter2\n")
    (root / "mlgitops.yaml").write_text(PROJECT)
    mlops = root / "mlops"
    mlops.mkdir()
    (mlops / "out.yaml").symlink_to(outside / "secret.yaml")
    (mlops / "folder").symlink_to(outside / "folder")
    (mlops / "not-a-file.yaml").mkdir()
    (mlops / "circle.yaml").symlink_to(mlops / "circle.yaml")
    (mlops / "nowhere.yaml").symlink_to(mlops / "missing.yaml")
    (mlops / "within.yaml").symlink_to(root / "mlgitops.yaml")


def write_private_keys(root: Path) -> None:
    (root / "mlgitops.yaml").write_text(PROJECT)
    keys = root / "mlops" / "keys"
    keys.mkdir(parents=True)
    (keys / "ci.pub").write_text(public_key("ci", CI).encode())
    (keys / "ci.key").write_bytes(private_key(CI))
    (keys / "notes.md").write_bytes(b"For when CI is down:\n\n" + private_key(RELEASER))


# What git, editors or a package's file list would not keep as it is.
WRITTEN: Mapping[str, Callable[[Path], None]] = {
    "SPEC103-characters": write_characters,
    "SPEC103-byte-order-mark": write_byte_order_mark,
    "SPEC104-too-large": write_too_large,
    "SPEC106-too-many-values": write_too_many_values,
    "SPEC116-not-utf-8": write_other_encoding,
    "SPEC117-links": write_links,
    "SPEC345-private-keys": write_private_keys,
}


@pytest.mark.parametrize("root", GOOD, ids=lambda root: root.name)
def test_a_good_repository_passes(root: Path) -> None:
    assert checked(root).counts


@pytest.mark.parametrize("root", sorted(folder("examples").iterdir()), ids=lambda root: root.name)
def test_an_example_passes(root: Path) -> None:
    assert checked(root).counts


@pytest.mark.parametrize(
    "file",
    sorted(
        [*folder("examples").glob("*/mlgitops.yaml"), *folder("examples").glob("*/mlops/**/*.yaml")]
    ),
    ids=lambda file: file.name,
)
def test_an_editor_finds_the_schema_of_an_example(file: Path) -> None:
    head = file.read_text().partition("\n")[0]
    schema = file.parent / head.removeprefix("# yaml-language-server: $schema=")

    assert f"kind: {json.loads(schema.read_text())['title']}\n" in file.read_text()


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_a_broken_repository_says_what_is_wrong(
    case: Path, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    root = case
    if case.name in WRITTEN:
        root = tmp_path / "repository"
        root.mkdir()
        WRITTEN[case.name](root)

    with pytest.raises(SpecError) as refused:
        checked(root)

    shown = render_text(refused.value.diagnostics, texts(root), color=False)
    golden(case / "expected.txt", shown)
    assert case.name[:7] in {diagnostic.code for diagnostic in refused.value.diagnostics}
    assert all(diagnostic.span for diagnostic in refused.value.diagnostics)


@pytest.mark.parametrize("case", WARNED, ids=lambda case: case.name)
def test_a_repository_that_may_not_be_meant_so_passes_with_warnings(
    case: Path, golden: Callable[[Path, str], None]
) -> None:
    warnings = checked(case).warnings

    golden(case / "expected.txt", render_text(warnings, texts(case), color=False))
    assert {(one.code, one.level) for one in warnings} == {(case.name[:7], "warning")}
    assert all(one.span for one in warnings)


def checked(root: Path) -> Checked:
    return check(
        read_folder(root),
        lambda path: evidence.read(root, path),
        CelEngine(),
        tracks=lambda path: (root / path).exists(),
        tracked_with=lambda wanted: holding(root, wanted),
        trust=trust(lambda: keys_here(root)),
    )


def holding(root: Path, wanted: Sequence[str]) -> dict[str, int]:
    files = [file for file in root.rglob("*") if file.is_file() and not file.is_symlink()]
    return {
        file.relative_to(root).as_posix(): 1
        for file in files
        if all(text.encode() in file.read_bytes() for text in wanted)
    }


def texts(root: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): file.read_bytes().decode(errors="replace")
        for file in root.rglob("*.yaml")
        if file.is_file() and not file.is_symlink() and file.stat().st_size < 1 << 20
    }


def test_every_code_has_a_fixture_and_a_heading() -> None:
    raised = {code for file in SOURCES.glob("*.py") for code in CODE.findall(file.read_text())}
    fixtures = {case.name[:7] for case in (*BAD, *WARNED)}
    reference = (SOURCES.parents[1] / "docs" / "spec.md").read_text()
    headings = set(re.findall(r"^#+ (SPEC[0-9]{3})\b", reference, flags=re.MULTILINE))

    assert fixtures == raised
    assert headings == raised


def test_there_are_enough_broken_repositories() -> None:
    assert len(BAD) >= 40
