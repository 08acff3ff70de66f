from pathlib import Path

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Kind
from mlgitops.spec.load import read_folder
from mlgitops.usecases.check import check

GOOD = Path(__file__).parents[2] / "acceptance" / "specs" / "good"


def test_files_are_counted_by_kind_without_the_policy_pack():
    checked = check(read_folder(GOOD / "everything"))

    assert checked.counts == {
        Kind.PROJECT: 1,
        Kind.DATASET: 2,
        Kind.PIPELINE: 3,
        Kind.POLICY: 1,
        Kind.ENVIRONMENT: 2,
        Kind.RELEASE: 2,
        Kind.WAIVER: 1,
    }
    assert "leakage" in checked.specs.policies


def test_kinds_that_there_are_none_of_are_left_out():
    assert Kind.WAIVER not in check(read_folder(GOOD / "smallest")).counts


def test_nothing_is_written(tmp_path):
    (tmp_path / "mlgitops.yaml").write_text(
        "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: p}\n"
    )

    check(read_folder(tmp_path))

    assert [path.name for path in tmp_path.rglob("*")] == ["mlgitops.yaml"]


def test_a_folder_without_specs_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(SpecError) as refused:
        check(read_folder(tmp_path))

    assert refused.value.diagnostics[0].code == "SPEC325"
    assert refused.value.diagnostics[0].hint
