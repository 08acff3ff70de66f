from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.cli.signing import keys_here, trust
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Kind
from mlgitops.spec import evidence, keys
from mlgitops.spec.load import read_folder
from mlgitops.usecases.check import check
from tests.fakes.signed_release import CI, public_key

GOOD = Path(__file__).parents[2] / "acceptance" / "specs" / "good"


PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: p}\n"
POLICY = """\
apiVersion: mlgitops.dev/v1
kind: Policy
metadata: {name: own}
spec:
  rules:
    - id: one
      pass: metrics.mae.high < 60.0
      message: "at most 60, not {metrics.mae.value:.1f}"
"""
NO_CHILD = CelEngine(interpreter="/nonexistent/python")


def checked(root, engine=None, tracked=(), leaked=()):
    return check(
        read_folder(root),
        lambda path: evidence.read(root, path),
        engine or CelEngine(),
        tracks=lambda path: path in tracked,
        tracked_with=lambda _: dict.fromkeys(leaked, 1),
        trust=trust(lambda: keys_here(root)),
    )


def with_policy(root, text=POLICY):
    (root / "mlgitops.yaml").write_text(PROJECT)
    (root / "mlops" / "policies").mkdir(parents=True)
    (root / "mlops" / "policies" / "own.yaml").write_text(text)
    return root


def test_files_are_counted_by_kind_without_the_policy_pack():
    found = checked(GOOD / "everything")

    assert found.counts == {
        Kind.PROJECT: 1,
        Kind.DATASET: 2,
        Kind.PIPELINE: 3,
        Kind.POLICY: 1,
        Kind.ENVIRONMENT: 2,
        Kind.RELEASE: 2,
        Kind.WAIVER: 1,
        Kind.POLICY_TEST: 1,
    }
    assert "leakage" in found.specs.policies


def test_kinds_that_there_are_none_of_are_left_out():
    assert Kind.WAIVER not in checked(GOOD / "smallest").counts


def test_nothing_is_written(tmp_path):
    (tmp_path / "mlgitops.yaml").write_text(
        "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: p}\n"
    )

    checked(tmp_path)

    assert [path.name for path in tmp_path.rglob("*")] == ["mlgitops.yaml"]


def test_a_folder_without_specs_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(SpecError) as refused:
        checked(tmp_path)

    assert refused.value.diagnostics[0].code == "SPEC325"
    assert refused.value.diagnostics[0].hint


def test_without_policies_of_its_own_a_repository_needs_no_compiler():
    assert checked(GOOD / "smallest", NO_CHILD).counts


def test_expressions_that_compile_are_right(tmp_path):
    assert checked(with_policy(tmp_path)).counts[Kind.POLICY] == 1


def test_a_wrong_expression_is_refused_at_its_place(tmp_path):
    root = with_policy(tmp_path, POLICY.replace("metrics.mae.high", "metric.mae.high"))

    with pytest.raises(SpecError) as refused:
        checked(root)

    [problem] = refused.value.diagnostics
    assert (problem.code, problem.span.file) == ("SPEC333", "mlops/policies/own.yaml")
    assert (problem.span.line, problem.span.column) == (7, 13)
    assert problem.hint == 'did you mean "metrics"?'


def test_a_compiler_that_dies_leaves_nothing_right(tmp_path):
    with pytest.raises(SpecError) as refused:
        checked(with_policy(tmp_path), NO_CHILD)

    [problem] = refused.value.diagnostics
    assert problem.code == "SPEC336"
    assert "did not start" in problem.message


def test_a_registry_in_git_is_refused(tmp_path):
    (tmp_path / "mlgitops.yaml").write_text(PROJECT)

    assert checked(tmp_path).counts
    with pytest.raises(SpecError) as refused:
        checked(tmp_path, tracked=["mlflow.db"])

    assert [found.code for found in refused.value.diagnostics] == ["SPEC337"]


def test_a_private_key_in_git_is_refused_where_keys_count(tmp_path):
    (tmp_path / "mlgitops.yaml").write_text(PROJECT)
    assert checked(tmp_path, leaked=["deploy/tls.txt"]).counts  # it signs nothing here

    (tmp_path / keys.KEY_FOLDER).mkdir(parents=True)
    (tmp_path / keys.path("ci")).write_text(public_key("ci", CI).encode())
    assert checked(tmp_path).counts
    with pytest.raises(SpecError) as refused:
        checked(tmp_path, leaked=["deploy/ci.txt", "a.key"])

    found = [(one.code, one.span.file) for one in refused.value.diagnostics]
    assert found == [("SPEC345", "a.key"), ("SPEC345", "deploy/ci.txt")]
