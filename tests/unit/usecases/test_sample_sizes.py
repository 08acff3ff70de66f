from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mlgitops.evaluation import power
from mlgitops.evaluation.power import Precision
from mlgitops.model.digest import canonical_json, digest_of_bytes
from mlgitops.model.policy import Gate
from mlgitops.model.spec import Pin, Release
from mlgitops.model.state import Target
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.load import load, read_builtin
from mlgitops.usecases.sample_sizes import MOST_TARGETS, sample_sizes
from tests.fakes import releases

TODAY = date(2026, 11, 23)
PIN = Pin(4, "sha256:" + "4d" * 32, "sha256:" + "ab" * 32, "sha256:" + "c0" * 32)
PRODUCTION = Target("production", releases.MODEL)


@pytest.fixture(scope="module")
def policies():
    project = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: shop}\n"
    return load({"mlgitops.yaml": project}, read_builtin()).policies


@pytest.fixture
def released(policies):
    """Specs with a release in production."""
    found = releases.specs(releases.release("production", PIN))
    return replace(found, policies=policies)


def changed(specs, change):
    """*specs* with another evidence document in production."""
    release = specs.releases["production", releases.MODEL]
    path = evidence_file.path(release.desired.evidence, release.desired.candidate, release.model)
    document = evidence_file.decode(specs.evidence(path))
    change(document)
    content = canonical_json(document)
    pin = replace(release.desired, evidence=digest_of_bytes(content))
    files = {evidence_file.path(pin.evidence, pin.candidate, release.model): content}
    kept = {("production", release.model): replace(release, desired=pin)}
    return replace(specs, releases=kept, evidence=files.get)


def with_gates(specs, *gates, metrics=("roc_auc",)):
    """*specs* whose one pipeline has these gates and metrics."""
    pipeline = specs.pipelines[releases.MODEL]
    pipeline = replace(pipeline, gates=gates, evaluate=replace(pipeline.evaluate, metrics=metrics))
    return replace(specs, pipelines={pipeline.name: pipeline})


def test_the_gate_that_is_always_on_is_told_by_the_released_comparison(released):
    (size,) = sample_sizes(released, TODAY)

    known = Precision(26_412, 0.002143)
    assert (size.target, size.metric, size.margin) == (PRODUCTION, "roc_auc", 0.01)
    assert (size.basis, size.rows, size.power) == ("comparison", 26_412, 0.95)
    assert size.inconclusive == power.inconclusive(known, 0.01, 0.95)
    assert size.rows_needed == power.rows_needed(known, 0.01, 0.95) == 18_000


def test_a_gate_s_own_metric_and_margin_count(released):
    gate = Gate("not-worse-than-champion", {"metric": "brier", "margin": 0.001})

    (size,) = sample_sizes(with_gates(released, gate, metrics=("roc_auc", "brier")), TODAY)

    assert (size.metric, size.margin) == ("brier", 0.001)
    assert size.rows_needed == power.rows_needed(Precision(26_412, 0.000306), 0.001, 0.95)


def test_a_relative_margin_is_one_of_the_released_model_s_value(released):
    gate = Gate("not-worse-than-champion", {"relative_margin": 0.02, "margin": 5})

    (size,) = sample_sizes(with_gates(released, gate), TODAY)

    assert size.margin == pytest.approx(0.02 * 0.6431)
    assert size.rows_needed == power.rows_needed(Precision(26_412, 0.002143), size.margin, 0.95)


def test_a_share_of_a_value_that_nobody_knows_tells_nothing(policies):
    gate = Gate("not-worse-than-champion", {"metric": "accuracy", "relative_margin": 0.02})
    specs = replace(releases.specs(), policies=policies)

    assert sample_sizes(with_gates(specs, gate, metrics=("accuracy",)), TODAY) == ()


def test_other_gates_are_not_told(released):
    gate = Gate("min-metric", {"metric": "roc_auc", "min": 0.6})

    assert len(sample_sizes(with_gates(released, gate), TODAY)) == 1


@pytest.mark.parametrize("se", [None, 0])
def test_without_a_comparison_the_metric_s_own_interval_is_an_upper_bound(released, se):
    def alone(document):
        if se is None:
            document |= {"champion": None, "comparison": {}}
        else:
            document["comparison"]["roc_auc"] |= {"se": 0, "low": 0.0053, "high": 0.0053}

    (size,) = sample_sizes(changed(released, alone), TODAY)

    assert (size.basis, size.rows) == ("metric", 26_412)
    assert size.rows_needed == power.rows_needed(
        power.of_metric(26_412, 0.6352, 0.6509, 0.95), 0.01, 0.95
    )


def test_without_any_evidence_an_accuracy_is_told_by_assumption(policies):
    bare = replace(releases.specs(), policies=policies)

    found = sample_sizes(with_gates(bare, metrics=("accuracy",)), TODAY)

    assert [str(size.target) for size in found] == ["staging/flights", "production/flights"]
    assert {size.basis for size in found} == {"assumption"}
    assert {(size.rows, size.inconclusive) for size in found} == {(None, None)}
    assert {size.rows_needed for size in found} == {15_000}


def test_without_any_evidence_nothing_is_said_of_other_metrics(policies):
    assert sample_sizes(replace(releases.specs(), policies=policies), TODAY) == ()


def test_a_margin_of_nothing_has_no_number_of_rows(released):
    gate = Gate("not-worse-than-champion", {"margin": 0})

    (size,) = sample_sizes(with_gates(released, gate), TODAY)

    assert size.rows_needed is None
    assert size.inconclusive == pytest.approx(0.95)


def test_evidence_that_is_not_what_was_pinned_tells_nothing(released):
    for read in (lambda _: None, lambda _: b"{}", lambda _: b"\xff"):
        assert sample_sizes(replace(released, evidence=read), TODAY) == ()


def test_evidence_that_is_no_evidence_tells_nothing(released):
    content = b"{}"
    pin = replace(PIN, evidence=digest_of_bytes(content))
    release = Release(releases.MODEL, "production", pin, None)
    specs = replace(
        released, releases={("production", releases.MODEL): release}, evidence=lambda _: content
    )

    assert sample_sizes(specs, TODAY) == ()


def test_a_retired_model_has_no_champion_to_compare_with(released):
    retired = {("production", releases.MODEL): Release(releases.MODEL, "production", None, None)}

    assert sample_sizes(replace(released, releases=retired), TODAY) == ()


def test_only_the_first_targets_evidence_is_read(policies):
    models = [f"model-{number:04}" for number in range(500)]
    wanted = releases.specs(
        *(releases.release("staging", PIN, model=model) for model in models), models=models
    )
    read: list[str] = []

    def counted(path):
        read.append(path)
        return wanted.evidence(path)

    found = sample_sizes(replace(wanted, policies=policies, evidence=counted), TODAY)

    assert len(read) == len(found) == MOST_TARGETS
    assert str(found[-1].target) == "staging/model-0019"
