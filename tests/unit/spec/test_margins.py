import pytest

from mlgitops.model.metrics import DEFAULT_METRICS
from mlgitops.model.policy import NOT_WORSE
from mlgitops.policies.binding import ALWAYS_ON
from mlgitops.spec.load import load
from mlgitops.spec.margins import check

PIPELINE = "mlops/pipelines/churn.yaml"
ENVIRONMENT = "mlops/environments/production.yaml"
COST = "functions: {cost: {entrypoint: 'm:f', direction: minimize}}"


@pytest.fixture
def warned(smallest, builtin):
    """Place, and what is said first, of each warning of the smallest repository with additions."""

    def found(*, task="regression", pipeline="", environment=""):
        files = dict(smallest)
        files[PIPELINE] = files[PIPELINE].replace("binary-classification", task) + pipeline
        files[ENVIRONMENT] += environment
        warnings = list(check(load(files, builtin), files))
        assert {one.level for one in warnings} <= {"warning"}
        assert {one.code for one in warnings} <= {"SPEC352"}
        return [(one.span.file, one.message) for one in warnings]

    return found


def gates(*lines):
    return f"  gates: [{', '.join(lines)}]\n"


def bindings(*lines):
    return f"spec: {{policies: [{', '.join(lines)}]}}\n"


def test_the_gate_that_nobody_binds_is_warned_of_at_the_task(warned):
    [(file, message)] = warned()

    assert file == PIPELINE
    assert message.startswith("spec.task: not-worse-than-champion judges rmse of churn by `margin`")


@pytest.mark.parametrize("task", [one for one in DEFAULT_METRICS if one != "regression"])
def test_shares_have_a_default_that_fits(warned, task):
    every = (
        gates("{policy: robust, with: {perturbation: p}}", "{policy: not-worse-in-slices}")
        + "  evaluate: {perturbations: {p: {noise: 0.1}}, slices: [{by: [a]}]}\n"
    )

    assert warned(task=task, pipeline=every) == []


@pytest.mark.parametrize("chosen", ["margin: 50", "relative_margin: 0.01", "metric: r2"])
def test_a_margin_that_somebody_chose_is_theirs(warned, chosen):
    gate = f"{{policy: not-worse-than-champion, with: {{{chosen}}}}}"

    assert warned(pipeline=gates(gate)) == []
    assert warned(environment=bindings(gate)) == []


def test_a_share_of_nothing_chooses_no_margin(warned):
    gate = "{policy: not-worse-than-champion, with: {relative_margin: 0}}"

    assert len(warned(pipeline=gates(gate))) == 1
    assert warned(pipeline=gates(gate.replace("0}}", "0, margin: 5}}"))) == []


def test_a_limit_of_nothing_fits_all_units(warned):
    chosen = "{policy: not-worse-than-champion, with: {margin: 0}}"

    assert warned(pipeline=gates(chosen, "{policy: better-than-champion}")) == []


@pytest.mark.parametrize("policy", ["robust", "not-worse-in-slices", "training-noise"])
def test_every_gate_and_binding_is_looked_at(warned, policy):
    chosen = "{policy: not-worse-than-champion, with: {margin: 5}}"
    asked = "  evaluate: {seeds: [1, 2], perturbations: {p: {noise: 0.1}}, slices: [{by: [a]}]}\n"
    own = f"{{policy: {policy}, with: {{metric: mae}}}}"

    [(file, message)] = warned(pipeline=gates(chosen, own) + asked)
    assert file == PIPELINE
    assert message.startswith(f"spec.gates[1].policy: {policy} judges mae")
    [(file, message)] = warned(environment=bindings(own, chosen), pipeline=asked)
    assert file == ENVIRONMENT
    assert message.startswith(f"spec.policies[0].policy: {policy} judges mae")


def test_a_function_of_the_user_s_has_a_unit_of_its_own(warned):
    evaluate = f"  evaluate: {{metrics: [roc_auc, cost], {COST}}}\n"
    by_cost = "{policy: not-worse-than-champion, with: {metric: cost}}"

    assert warned(task="binary-classification", pipeline=evaluate) == []
    [(_, message)] = warned(task="binary-classification", pipeline=evaluate + gates(by_cost))
    assert "judges cost of churn" in message


def test_only_one_of_the_policies_that_always_hold_has_a_margin(builtin, smallest):
    policies = load(dict(smallest), builtin).policies
    with_margin = {
        name
        for name in ALWAYS_ON
        for parameter in policies[name].parameters
        if parameter.name.startswith("relative_")
    }

    assert with_margin == {NOT_WORSE}


LEADS = "mlops/pipelines/leads.yaml"


@pytest.fixture
def of_two(smallest, builtin):
    """What is warned of a binding where one model has an rmse and the other an AUC."""

    def found(binding):
        files = dict(smallest)
        files[LEADS] = files[PIPELINE].replace("churn", "leads")
        files[PIPELINE] = files[PIPELINE].replace("binary-classification", "regression")
        files[ENVIRONMENT] += bindings(binding)
        return [
            (one.message, one.hint)
            for one in check(load(files, builtin), files)
            if one.span.file == ENVIRONMENT
        ]

    return found


def test_an_environment_offers_no_margin_that_would_open_the_gate_of_another_model(of_two):
    [(_, hint)] = of_two("{policy: not-worse-than-champion}")

    assert "`relative_margin: 0.01`" in hint
    assert "in the pipelines" in hint
    assert "`margin`" not in hint


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ("margin: 2", 1),
        ("margin: 0", 0),
        ("margin: 2, relative_margin: 0", 1),
        ("margin: 2, relative_margin: 0.01", 0),
        ("relative_margin: 0.01", 0),
    ],
)
def test_one_margin_for_metrics_in_several_units_is_warned_of(of_two, chosen, count):
    found = of_two(f"{{policy: not-worse-than-champion, with: {{{chosen}}}}}")

    assert len(found) == count
    assert all("rmse of churn and roc_auc of leads" in message for message, _ in found)
