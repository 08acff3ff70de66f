from __future__ import annotations

from collections.abc import Callable

import pytest

from mlgitops.model.policy import Policy, Rule, Variable
from mlgitops.policies.requirements import metrics_asked
from mlgitops.spec.load import load, read_builtin


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ("metrics[params.metric].low >= params.min", ("mae",)),
        ("comparison[params.metric].low >= 0.0", ("mae",)),
        ("baseline.comparison[params.metric].low > 0.0", ("mae",)),
        ("metrics['rmse'].high < 1.0 && metrics[ \"r2\" ].low > 0.0", ("r2", "rmse")),
        ("metrics.rmse.high < 60.0", ("rmse",)),
        ("slices.all(s, s.metrics[params.metric].high <= params.most)", ()),
        ("slices.all(s, s.comparison.mae.low > 0.0)", ()),
        ("champion.metrics[params.metric].n > 0", ()),
        ("train_metrics[params.metric] < 1.0", ()),
        ("metrics.all(m, metrics[m].n > 0)", ()),
        ("metrics[params.most].low > 0.0 || metrics[params.missing].low > 0.0", ()),
        ("true", ()),
    ],
)
def test_only_metrics_of_all_rows_are_asked_about(
    policy: Callable[..., Policy], expression: str, asked: tuple[str, ...]
) -> None:
    parameters = {"metric": "mae", "most": 60.0}

    assert metrics_asked(policy("p", Rule("r", expression, None, "", "")), parameters) == asked
    failing = Rule("r", "true", expression, "", "")
    assert metrics_asked(policy("p", failing), parameters) == asked


def test_a_message_asks_for_nothing(policy: Callable[..., Policy]) -> None:
    told = Rule("r", "true", None, "{metrics[params.metric].value}", "")

    assert metrics_asked(policy("p", told), {"metric": "mae"}) == ()


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("min-metric", ("mae",)),
        ("max-metric", ("mae",)),
        ("not-worse-than-champion", ("mae",)),
        ("first-model-baseline", ("mae",)),
        ("leakage", ()),
    ],
)
def test_the_policies_on_a_metric_ask_about_it(name: str, asked: tuple[str, ...]) -> None:
    project = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: shop}\n"
    specs = load({"mlgitops.yaml": project}, read_builtin())

    assert metrics_asked(specs.policies[name], {"metric": "mae"}) == asked


def test_metrics_that_variables_look_up_are_asked_about_where_a_condition_reads_them() -> None:
    variables = (
        Variable("all", "metrics"),
        Variable("gain", "comparison[params.metric]"),
        Variable("low", "variables.gain.low"),
        Variable("said", "metrics.rmse"),
    )
    rule = Rule("r", "variables.low > 0.0", "variables.all['r2'].low < 0.0", "{variables.said}", "")
    own = Policy("own", "", (), None, (rule,), variables)

    assert metrics_asked(own, {"metric": "mae"}) == ("mae", "r2")
