"""Faults are in tests/acceptance/specs/bad/SPEC30*; here is what the fixtures do not show."""

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.spec.load import load

PROJECT = {"mlgitops.yaml": "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: p}\n"}


def environment(name, body="{}"):
    text = f"apiVersion: mlgitops.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nspec: {body}\n"
    return {f"mlops/environments/{name}.yaml": text}


def codes(files):
    with pytest.raises(SpecError) as refused:
        load(files, {})
    return [diagnostic.code for diagnostic in refused.value.diagnostics]


def test_a_chain_may_branch():
    files = (
        PROJECT | environment("a") | environment("b", "{from: a}") | environment("c", "{from: a}")
    )

    assert [one.name for one in load(files, {}).chain] == ["a", "b", "c"]


def test_each_circle_is_reported_once_however_many_lead_into_it():
    files = dict(PROJECT)
    for name, source in [("a", "b"), ("b", "a"), ("c", "a"), ("d", "c"), ("e", "e")]:
        files |= environment(name, f"{{from: {source}}}")

    assert codes(files) == ["SPEC306", "SPEC306"]


def test_a_long_chain_is_walked_once():
    files = dict(PROJECT) | environment("e0")
    for index in range(1, 1000):
        files |= environment(f"e{index}", f"{{from: e{index - 1}}}")

    assert len(load(files, {}).environments) == 1000


def test_an_alias_is_taken_by_a_name_too():
    files = PROJECT | environment("a", "{alias: b}") | environment("b")

    assert codes(files) == ["SPEC307"]


@pytest.mark.parametrize("is_retired", [False, True])
def test_a_release_that_outlives_its_pipeline_says_how_to_take_a_model_away(is_retired):
    pin = "".join(f"    {key}: 'sha256:{'0' * 64}'\n" for key in ("manifest", "evidence"))
    desired = "null\n" if is_retired else f"\n    version: 1\n    candidate: '{'0' * 12}'\n{pin}"
    text = (
        "apiVersion: mlgitops.dev/v1\nkind: Release\nmetadata: {name: churn}\n"
        f"spec:\n  environment: a\n  desired: {desired}"
    )
    with pytest.raises(SpecError) as refused:
        load(PROJECT | environment("a") | {"mlops/releases/a/churn.yaml": text}, {})
    (found,) = refused.value.diagnostics

    assert found.code == "SPEC304"
    assert ("until `desired: null` is reconciled" in str(found.hint)) is not is_retired
