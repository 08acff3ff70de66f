from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlgitops.model.errors import SpecError
from mlgitops.model.policy import Gate, Limit, Parameter, Variable
from mlgitops.policies.binding import ALWAYS_ON, bind

STRICTNESS = ("audit", "advisory", "soft", "hard")
FLOOR = {"metric": "roc_auc", "min": 0.58}
TODAY = date(2026, 11, 2)
TOMORROW = date(2026, 11, 3)


def test_every_model_is_judged_by_six_policies(pipeline, environment, policies):
    bound = bind(pipeline(), environment(), policies, TODAY)

    assert {one.policy.name: one.level for one in bound} == {
        "data-validation-passed": "hard",
        "leakage": "hard",
        "metrics-present": "hard",
        "not-sampled": "hard",
        "not-worse-than-champion": "soft",
        "first-model-baseline": "soft",
    }


def test_the_first_metric_of_the_pipeline_is_the_default(pipeline, environment, policies, gate_of):
    bound = bind(pipeline(metrics=("brier", "roc_auc")), environment(), policies, TODAY)

    [champion] = gate_of(bound, "not-worse-than-champion")
    assert champion.parameters == {"metric": "brier", "margin": 0.01}


def test_default_metrics_need_a_pipeline_with_metrics(pipeline, environment, policies):
    given = Gate("metrics-present", {"metrics": ["roc_auc"]})

    with pytest.raises(SpecError, match="'metrics-present' judges all metrics"):
        bind(pipeline(metrics=()), environment(), policies, TODAY)
    with pytest.raises(SpecError, match="judges the first metric"):
        bind(pipeline(given, metrics=()), environment(), policies, TODAY)


def test_a_pipeline_gate_gives_a_default_policy_its_parameters(
    pipeline, environment, policies, gate_of
):
    bound = bind(
        pipeline(Gate("leakage", {"max_feature_auc": 0.99})), environment(), policies, TODAY
    )

    [leakage] = gate_of(bound, "leakage")
    assert leakage.parameters == {"max_feature_auc": 0.99}
    assert leakage.level == "hard"


def test_a_pipeline_cannot_lower_a_level(pipeline, environment, policies, gate_of):
    for level in STRICTNESS:
        bound = bind(pipeline(Gate("leakage", {}, level)), environment(), policies, TODAY)

        assert [one.level for one in gate_of(bound, "leakage")] == ["hard"]


def test_a_pipeline_gate_has_the_level_that_the_environment_binds(
    pipeline, environment, policies, gate_of
):
    gates = (Gate("min-metric", {**FLOOR, "min": 0.6}),)
    bound = bind(pipeline(*gates), environment(Gate("min-metric", FLOOR, "hard")), policies, TODAY)

    assert [(one.parameters["min"], one.level) for one in gate_of(bound, "min-metric")] == [
        (0.6, "hard"),
        (0.58, "hard"),
    ]


def test_a_pipeline_gate_is_soft_where_the_environment_is_silent(
    pipeline, environment, policies, gate_of
):
    bound = bind(pipeline(Gate("min-metric", FLOOR)), environment(), policies, TODAY)

    assert [one.level for one in gate_of(bound, "min-metric")] == ["soft"]


def test_of_two_levels_in_an_environment_the_stricter_counts_for_the_pipeline(
    pipeline, environment, policies, gate_of
):
    bindings = (
        Gate("min-metric", {"metric": "f1", "min": 0.1}, "audit"),
        Gate("min-metric", {"metric": "f1", "min": 0.2}, "hard"),
        Gate("min-metric", {"metric": "f1", "min": 0.3}, "advisory"),
    )
    bound = bind(pipeline(Gate("min-metric", FLOOR)), environment(*bindings), policies, TODAY)

    found = [(one.parameters["min"], one.level) for one in gate_of(bound, "min-metric")]
    assert found == [(0.58, "hard"), (0.1, "audit"), (0.2, "hard"), (0.3, "advisory")]


def test_several_gates_of_one_policy_are_all_kept(pipeline, environment, policies, gate_of):
    gates = [Gate("min-metric", {"metric": name, "min": 0.5}) for name in ("roc_auc", "f1")]
    bound = bind(pipeline(*gates), environment(), policies, TODAY)

    assert [one.parameters["metric"] for one in gate_of(bound, "min-metric")] == ["roc_auc", "f1"]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(STRICTNESS, repeat=2)))
def test_equal_gates_collapse_to_the_stricter_level(
    one, other, pipeline, environment, policies, gate_of
):
    bindings = (Gate("min-metric", FLOOR, one), Gate("min-metric", FLOOR, other))
    bound = bind(pipeline(), environment(*bindings), policies, TODAY)

    expected = max(one, other, key=STRICTNESS.index)
    assert [found.level for found in gate_of(bound, "min-metric")] == [expected]


def test_an_environment_may_lower_a_default_policy_but_not_not_sampled(
    pipeline, environment, policies, gate_of
):
    bindings = (Gate("leakage", {}, "audit"), Gate("not-sampled", {}, "audit"))
    bound = bind(pipeline(), environment(*bindings), policies, TODAY)

    assert [one.level for one in gate_of(bound, "leakage")] == ["audit"]
    assert [one.level for one in gate_of(bound, "not-sampled")] == ["hard"]


def test_a_pipeline_does_not_loosen_what_the_environment_binds(
    pipeline, environment, policies, gate_of
):
    loose = Gate("leakage", {"max_feature_auc": 1.0})
    bound = bind(pipeline(loose), environment(Gate("leakage", {}, "hard")), policies, TODAY)

    found = [one.parameters["max_feature_auc"] for one in gate_of(bound, "leakage")]
    assert found == [1.0, 0.95]


@pytest.mark.parametrize(
    ("gate", "message", "hint"),
    [
        (Gate("min-metrics", FLOOR), "no policy 'min-metrics'", "did you mean 'min-metric'"),
        (Gate("zzz", {}), "no policy 'zzz'", "known: data-validation-passed"),
        (Gate("min-metric", {"metric": "f1"}), "needs the parameter 'min'", "with: {min: "),
        (Gate("min-metric", {**FLOOR, "min": None}), "needs the parameter 'min'", "a number"),
        (Gate("min-metric", {**FLOOR, "min": "0.6"}), "is '0.6', not a number", "with:"),
        (Gate("min-metric", {**FLOOR, "min": True}), "is True, not a number", "with:"),
        (Gate("min-metric", {**FLOOR, "min": float("nan")}), "is nan, not a number", "with:"),
        (Gate("min-metric", {**FLOOR, "metric": 3}), "is 3, not a string", "with:"),
        (Gate("min-metric", {**FLOOR, "mim": 3}), "no parameter 'mim'", "did you mean 'min'"),
        (Gate("not-sampled", {"rows": 3}), "no parameter 'rows'", "it takes none"),
    ],
)
def test_a_gate_that_does_not_fit_its_policy_is_refused(
    gate, message, hint, pipeline, environment, policies
):
    for both in ((pipeline(gate), environment()), (pipeline(), environment(gate))):
        with pytest.raises(SpecError) as caught:
            bind(*both, policies, TODAY)

        assert message in caught.value.message
        assert hint in (caught.value.hint or "")


def test_a_given_value_is_taken_literally(pipeline, environment, policies, gate_of):
    gate = Gate("not-worse-than-champion", {"metric": "$first-metric"})
    [bound] = gate_of(bind(pipeline(gate), environment(), policies, TODAY), gate.policy)

    assert bound.parameters["metric"] == "$first-metric"


def test_booleans_are_a_type(pipeline, environment, policies, policy, gate_of):
    strict = Parameter("strict", "boolean", default=False)
    known = {**policies, "own": policy("own", parameters=(strict,))}

    [bound] = gate_of(bind(pipeline(Gate("own", {})), environment(), known, TODAY), "own")
    assert bound.parameters == {"strict": False}
    with pytest.raises(SpecError, match="is 1, not a boolean"):
        bind(pipeline(Gate("own", {"strict": 1})), environment(), known, TODAY)


@pytest.mark.parametrize("share", [1, 1.5, -0.01])
def test_a_number_keeps_to_its_limits(share, pipeline, environment, policies, policy):
    limits = (Limit("minimum", 0), Limit("exclusiveMaximum", 1))
    own = policy("own", parameters=(Parameter("share", "number", 0.0, limits),))
    known = {**policies, "own": own}

    assert bind(pipeline(Gate("own", {"share": 0.99})), environment(), known, TODAY)
    with pytest.raises(SpecError, match=f"'share' of policy 'own' is {share}"):
        bind(pipeline(Gate("own", {"share": share})), environment(), known, TODAY)


@pytest.mark.parametrize("names", ["a", [1], ["a", None], {"a": "b"}, [["a"]]])
def test_a_list_is_one_of_strings(names, pipeline, environment, policies, policy):
    own = policy("own", parameters=(Parameter("names", "list", default=()),))
    known = {**policies, "own": own}

    with pytest.raises(SpecError, match="not a list of strings"):
        bind(pipeline(Gate("own", {"names": names})), environment(), known, TODAY)


def test_a_list_is_the_same_from_a_default_and_from_a_gate(
    pipeline, environment, policies, policy, gate_of
):
    own = policy("own", parameters=(Parameter("names", "list", default=("a", "b")),))
    gates = (Gate("own", {}), Gate("own", {"names": ["a", "b"]}))
    bound = bind(pipeline(*gates), environment(), {**policies, "own": own}, TODAY)

    [one] = gate_of(bound, "own")
    assert one.parameters == {"names": ["a", "b"]}


def test_a_missing_default_policy_is_an_error(pipeline, environment, policies):
    del policies["leakage"]

    with pytest.raises(SpecError, match="no policy 'leakage'"):
        bind(pipeline(), environment(), policies, TODAY)


gates = st.lists(
    st.builds(
        lambda name, value, level: Gate(
            name, {"min-metric": FLOOR | {"min": value}}.get(name, {}), level
        ),
        st.sampled_from(["min-metric", *ALWAYS_ON]),
        st.sampled_from([0.1, 0.2]),
        st.sampled_from([*STRICTNESS, None]),
    ),
    max_size=5,
)


@given(gates, gates)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_pipeline_weakens_what_judges_without_it(
    pipeline: Any, environment: Any, policies: Any, of_pipeline: list[Gate], bindings: list[Gate]
):
    place = environment(*bindings)
    without = bind(pipeline(), place, policies, TODAY)
    found = bind(pipeline(*of_pipeline), place, policies, TODAY)

    assert len({(one.policy.name, str(one.parameters)) for one in found}) == len(found)
    for before in without:
        after = [one for one in found if one.policy.name == before.policy.name]
        strictest = max(STRICTNESS.index(one.level) for one in after)
        assert strictest >= STRICTNESS.index(before.level)


@pytest.mark.parametrize("level", ["soft", "hard"])
def test_a_binding_reports_until_the_day_that_it_blocks_from(
    level, pipeline, environment, policies, gate_of
):
    binding = Gate("min-metric", FLOOR, level, since=TOMORROW)

    def firmness(today: date) -> tuple[Any, Any]:
        [found] = gate_of(bind(pipeline(), environment(binding), policies, today), "min-metric")
        return found.level, found.blocks_from

    assert firmness(TODAY) == ("audit", TOMORROW)
    assert firmness(TOMORROW) == (level, None)


def test_a_binding_that_would_never_block_does_not_say_from_when(
    pipeline, environment, policies, gate_of
):
    binding = Gate("min-metric", FLOOR, "advisory", since=TOMORROW)
    [found] = gate_of(bind(pipeline(), environment(binding), policies, TODAY), "min-metric")

    assert (found.level, found.blocks_from) == ("audit", None)


@pytest.mark.parametrize(
    ("level", "before", "told"),
    [("hard", "soft", TOMORROW), ("soft", "soft", None), ("advisory", "soft", None),
     ("hard", "hard", None), ("hard", "advisory", TOMORROW), ("soft", "audit", TOMORROW)],
)  # fmt: skip
def test_a_level_that_rises_later_is_told_beside_one_that_holds_today(
    level, before, told, environment, policies, request
):
    pipeline, gate_of = request.getfixturevalue("pipeline"), request.getfixturevalue("gate_of")
    bindings = [Gate("min-metric", FLOOR, level, since=TOMORROW), Gate("min-metric", FLOOR, before)]

    for one in (bindings, bindings[::-1]):
        [found] = gate_of(bind(pipeline(), environment(*one), policies, TODAY), "min-metric")
        assert (found.level, found.blocks_from) == (before, told)


@pytest.mark.parametrize("parameters", [FLOOR, {"metric": "f1", "min": 0.1}])
def test_a_pipelines_gate_tells_from_when_a_binding_makes_it_harder(
    parameters, pipeline, environment, policies, gate_of
):
    place = environment(Gate("min-metric", parameters, "hard", since=TOMORROW))

    found, *_ = gate_of(
        bind(pipeline(Gate("min-metric", FLOOR)), place, policies, TODAY), "min-metric"
    )

    assert (found.level, found.blocks_from) == ("soft", TOMORROW)
    found, *_ = gate_of(
        bind(pipeline(Gate("min-metric", FLOOR)), place, policies, TOMORROW), "min-metric"
    )
    assert (found.level, found.blocks_from) == ("hard", None)


def test_of_several_days_the_first_that_makes_it_stricter_is_told(
    pipeline, environment, policies, gate_of
):
    later = TOMORROW + timedelta(days=30)
    soft = Gate("min-metric", FLOOR, "soft", since=TOMORROW)
    hard = Gate("min-metric", FLOOR, "hard", since=later)

    def told(*bindings: Gate) -> Any:
        bound = bind(pipeline(), environment(*bindings), policies, TODAY)
        [found] = gate_of(bound, "min-metric")
        return found.blocks_from

    assert told(soft, hard) == told(hard, soft) == TOMORROW
    assert told(soft, hard, Gate("min-metric", FLOOR, "soft")) == later


def test_until_its_day_a_binding_takes_the_place_of_no_default(
    pipeline, environment, policies, gate_of
):
    binding = Gate("leakage", {"max_feature_auc": 0.6}, "hard", since=TOMORROW)

    def levels(today: date) -> list[tuple[Any, str]]:
        bound = bind(pipeline(), environment(binding), policies, today)
        found = gate_of(bound, "leakage")
        return [(one.parameters["max_feature_auc"], one.level) for one in found]

    assert levels(TODAY) == [(0.6, "audit"), (0.95, "hard")]
    assert levels(TOMORROW) == [(0.6, "hard")]


def test_until_its_day_a_binding_lowers_no_gate_of_a_pipeline(
    pipeline, environment, policies, gate_of
):
    binding = Gate("min-metric", {"metric": "f1", "min": 0.1}, "hard", since=TOMORROW)

    def levels(today: date) -> list[str]:
        gates = pipeline(Gate("min-metric", FLOOR))
        found = gate_of(bind(gates, environment(binding), policies, today), "min-metric")
        return [one.level for one in found]

    assert levels(TODAY) == ["soft", "audit"]
    assert levels(TOMORROW) == ["hard", "hard"]


def test_a_digest_names_rules_and_parameters(pipeline, environment, policies, policy, gate_of):
    def digest(known: Any, *gates: Gate) -> str:
        bound = bind(pipeline(*gates), environment(), known, TODAY)
        return str(gate_of(bound, "leakage")[0].digest)

    own = digest(policies)
    changed = {**policies, "leakage": policy("leakage", parameters=policies["leakage"].parameters)}

    assert own == digest(dict(policies), Gate("leakage", {"max_feature_auc": 0.95}))
    assert own != digest(policies, Gate("leakage", {"max_feature_auc": 0.9}))
    assert own != digest(changed)
    named = {**policies, "leakage": replace(policies["leakage"], variables=(Variable("a", "1"),))}
    assert own != digest(named)
