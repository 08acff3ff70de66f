"""Four candidates of one model, and what the gates say of each.

A first one, a retrained one, one that leaks and has every other trouble, and a
regression of which nothing was asked but metrics.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

from mlgitops.model.curves import Curves, ModelCurves
from mlgitops.model.estimates import Comparison, Estimate
from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import (
    ConsideredWaiver,
    Decision,
    Finding,
    GateResult,
    RuleResult,
    Verdict,
)
from tests.fakes.decisions import of_gates

SAMPLE = Path(__file__).parents[2] / "policies" / "tests" / "evidence.json"
CARRIERS = {
    # carrier: rows, late share, roc_auc, delta to the champion, half width of its interval
    "UA": (4_702, 0.24, 0.6321, 0.0101, 0.0132),
    "B6": (4_591, 0.27, 0.6277, 0.0083, 0.0129),
    "EV": (4_203, 0.33, 0.6419, 0.0149, 0.0117),
    "DL": (4_102, 0.19, 0.6356, -0.0034, 0.0161),
    "AA": (2_757, 0.2, 0.6189, 0.0062, 0.0183),
    "MQ": (2_178, 0.3, 0.6488, -0.0214, 0.0172),
    "US": (1_736, 0.18, 0.6102, 0.0041, 0.0264),
    "9E": (1_437, 0.28, 0.6533, 0.0205, 0.0229),
    "WN": (1_028, 0.31, 0.6017, 0.0118, 0.0301),
    "VX": (442, 0.21, None, None, None),
    "FL": (251, 0.36, None, None, None),
    "AS": (62, 0.16, None, None, None),
}
FEATURES = {
    "sched_dep_time": 0.604,
    "hour": 0.603,
    "dest": 0.579,
    "carrier": 0.571,
    "humid": 0.556,
    "visib": 0.538,
    "origin": 0.531,
    "temp": 0.522,
    "wind_speed": 0.519,
    "distance": 0.517,
}


def digest(digit: str) -> str:
    return "sha256:" + (digit * 64)[:64]


def estimate(value: float, half: float, direction: str = "maximize", n: int = 27_489) -> Estimate:
    return {
        "value": value,
        "low": round(value - half, 6),
        "high": round(value + half, 6),
        "n": n,
        "method": "delong" if direction == "maximize" else "bootstrap",
        "direction": direction,
    }


def comparison(delta: float, half: float, n: int = 27_489) -> Comparison:
    return {
        "delta": delta,
        "low": round(delta - half, 6),
        "high": round(delta + half, 6),
        "se": round(half / 1.96, 6),
        "df": 0,
        "n": n,
        "method": "paired-bootstrap",
        "confidence": 0.95,
    }


def metrics(roc_auc: float) -> dict[str, Estimate]:
    return {
        "average_precision": estimate(roc_auc - 0.236, 0.0123),
        "brier": estimate(0.2876 - roc_auc / 6, 0.0021, "minimize"),
        "log_loss": estimate(0.9101 - roc_auc / 1.8, 0.0054, "minimize"),
        "roc_auc": estimate(roc_auc, 0.0079),
    }


def comparisons(delta: float) -> dict[str, Comparison]:
    return {
        "average_precision": comparison(delta * 0.8, 0.0071),
        "brier": comparison(delta / 6, 0.0009),
        "log_loss": comparison(delta / 1.8, 0.0034),
        "roc_auc": comparison(delta, 0.0052),
    }


def slices() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for carrier, (n, late, roc_auc, delta, half) in CARRIERS.items():
        judged = roc_auc is not None
        found.append(
            {
                "name": f"carrier={carrier}",
                "by": ["carrier"],
                "judged": judged,
                "n": n,
                "positives": int(n * late),
                "metrics": {"roc_auc": estimate(roc_auc, 0.02, n=n)} if judged else {},
                "comparison": {"roc_auc": comparison(delta, half, n)} if judged else {},
            }
        )
    return found


def expectation(kind: str, column: str, severity: str = "critical", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "column": column,
        "severity": severity,
        "status": "passed",
        "evaluated_rows": 189_214,
        "unexpected_rows": 0,
        "rows": [],
        "reason": "",
        **more,
    }


def validation() -> dict[str, Any]:
    return {
        "asked": 4,
        "evaluated": 4,
        "passed": 3,
        "failed_critical": 0,
        "failed_warning": 1,
        "results": [
            expectation("expect_column_values_to_be_in_set", "origin"),
            expectation("expect_column_values_to_not_be_null", "carrier"),
            expectation("expect_column_values_to_be_between", "distance"),
            expectation(
                "expect_column_values_to_not_be_null",
                "temp",
                "warning",
                status="failed",
                unexpected_rows=21_344,
                rows=[{"flight_id": f"2013-06-13T{hour:02}-EWR-UA-1{hour}71"} for hour in range(8)],
                reason="11.3% of the values are null, at most 10% are allowed",
            ),
        ],
    }


def calibration() -> dict[str, Any]:
    return {
        "bins": [
            {
                "n": 9_000 - 1_500 * step,
                "mean_score": 0.05 + 0.1 * step,
                "positive_rate": round(0.06 + 0.1 * step - 0.004 * step**2, 4),
            }
            for step in range(6)
        ],
        "ece": estimate(0.0187, 0.0051, "minimize"),
    }


def fairness() -> dict[str, Any]:
    """Two groups that were judged, and one that is too small."""
    names = ("origin=EWR", "origin=JFK")
    rates = {"true_positive_rate": (0.612, 0.541), "selection_rate": (0.31, 0.27)}
    groups = [
        {
            "name": name,
            "n": 9_512 - 618 * place,
            "positives": 2_391 - 539 * place,
            "rates": {
                rate: estimate(values[place], 0.019, n=9_512) for rate, values in rates.items()
            },
        }
        for place, name in enumerate(names)
    ]
    gaps = {
        rate: {
            "largest": names[0],
            "smallest": names[1],
            "difference": estimate(high - low, 0.021, "minimize"),
            "ratio": estimate(low / high, 0.034),
        }
        for rate, (high, low) in rates.items()
    }
    del gaps["selection_rate"]["ratio"]
    small = {"name": "origin=SWF", "n": 41, "positives": 9, "rates": {}}
    return {"origin": {"by": ["origin"], "groups": [*groups, small], "gaps": gaps}}


def robustness() -> dict[str, Any]:
    """One change that costs, one that costs little, and two without numbers."""
    return {
        "sensor-noise": {
            "kind": "noise",
            "rows": 27_489,
            "metrics": metrics(0.6291),
            "comparison": comparisons(-0.0121),
        },
        "one-in-ten-missing": {
            "kind": "missing",
            "rows": 25_112,
            "metrics": metrics(0.6379),
            "comparison": comparisons(-0.0033),
        },
        "new-carriers": {"kind": "unseen", "rows": 27_489, "metrics": {}, "comparison": {}},
        "metres": {"kind": "scale", "rows": 0, "metrics": {}, "comparison": {}},
    }


def examinations() -> dict[str, Any]:
    """Sections of the shared sample, and those that it has empty."""
    sample = json.loads(SAMPLE.read_text())
    kept = ("noise", "reproduction", "latency", "artifact", "compatibility", "dependencies")
    kept += ("reference", "drift", "holdout", "card", "cost")
    return {
        **{name: sample[name] for name in kept},
        "fairness": fairness(),
        "robustness": robustness(),
    }


def troubles(evidence: Evidence) -> None:
    """Everything that examinations can find, in *evidence*."""
    evidence["leakage"].update(
        look_ahead=[{"column": "landed_at", "rows": 812}],
        shared_groups=37,
        early_rows=4_120,
        shuffled={
            "metric": "brier",
            "comparison": comparison(0.031, 0.002),
            "candidate": comparison(0.0356, 0.002),
        },
    )
    evidence["drift"] = [{"column": "dest", "psi": 0.02}, {"column": "dep_delay", "psi": 0.41}]
    evidence["reproduction"].update(
        is_same_manifest=False, repeated_predictions=digest("f00d"), max_difference=0.0172
    )
    evidence["artifact"] = {
        "files": [{"path": "model/model.pkl", "size_bytes": 1_480_507}],
        "formats": ["pickle"],
        "globals": ["posix.system", "sklearn.pipeline.Pipeline"],
        "unreadable": ["model/extra.bin"],
    }
    evidence["compatibility"] = {
        "added": ["dep_delay"],
        "removed": ["visib"],
        "retyped": [{"name": "distance", "before": "int64", "after": "double"}],
        "outputs_changed": True,
    }
    evidence["dependencies"] = [
        {"name": "scikit-learn", "version": "1.9.1", "licence": "BSD-3-Clause"},
        {"name": "flightlib", "version": "", "licence": ""},
    ]


def unexamined(evidence: Evidence) -> None:
    """Take out of *evidence* all that nobody asked for, and what needs a champion."""
    for name in ("noise", "reproduction", "latency", "compatibility", "drift"):
        evidence.pop(name)
    evidence["fairness"], evidence["robustness"] = {}, {}
    evidence["dependencies"], evidence["reference"] = [], []
    evidence["artifact"] = {"files": [], "formats": [], "globals": [], "unreadable": []}
    del evidence["holdout"]["candidates"]
    evidence["card"] = {
        "description": "",
        "owners": [],
        "intended_use": "",
        "limitations": "",
        "licence": "",
    }
    evidence["cost"] = {"seconds": {}, "total_seconds": 0.0}


def retrained_evidence() -> Evidence:
    columns = [{"name": name, "type": "double"} for name in FEATURES]
    return {
        "schema": "mlgitops.dev/evidence/v1",
        "environment": "production",
        "subject": {
            "model": "flights-delay",
            "task": "binary-classification",
            "candidate": digest("4d1c90aa52e1"),
            "manifest": digest("ab12ef08"),
            "size_bytes": 1_482_337,
            "inputs": columns,
        },
        "inputs": {
            "digest": digest("77c1"),
            "spec": digest("0b5e"),
            "code": digest("91fa"),
            "data": digest("d3a7"),
            "params": digest("5c02"),
            "environment": digest("e8b4"),
            "seed": 7,
            "evaluate": digest("3e7a"),
        },
        "data": {
            "dataset": "flights",
            "digest": digest("d3a7"),
            "rows": 189_214,
            "columns": [*columns, {"name": "late", "type": "bool"}],
            "label": "late",
            "window": {"first": "2013-01-01T05:00:00Z", "last": "2013-07-31T23:00:00Z"},
            "sources": [
                {"name": "flights", "kind": "files", "digest": digest("1f3"), "rows": 196_308},
                {"name": "weather", "kind": "csv", "digest": digest("2e4"), "rows": 26_115},
            ],
            "validation": validation(),
            "split": {
                "strategy": "time",
                "column": "time_hour",
                "train": {
                    "rows": 161_725,
                    "positives": 37_358,
                    "digest": digest("aa1"),
                    "window": {"first": "2013-01-01T05:00:00Z", "last": "2013-07-01T22:00:00Z"},
                },
                "holdout": {
                    "rows": 27_489,
                    "positives": 7_120,
                    "digest": digest("bb2"),
                    "window": {"first": "2013-07-01T23:00:00Z", "last": "2013-07-31T23:00:00Z"},
                },
                "shared_rows": 0,
            },
        },
        "metrics": metrics(0.6412),
        "train_metrics": {
            "average_precision": 0.4703,
            "brier": 0.1688,
            "log_loss": 0.5126,
            "roc_auc": 0.7124,
        },
        "champion": {
            "version": 3,
            "candidate": "9b02c7d19b02",
            "manifest": digest("60aa"),
            "metrics": metrics(0.6351),
        },
        "comparison": comparisons(0.0061),
        "baseline": {
            "kind": "prior",
            "metrics": metrics(0.5),
            "comparison": comparisons(0.1412),
        },
        "slices": slices(),
        "calibration": calibration(),
        "leakage": {
            "duplicate_rows": 0,
            "duplicate_share": 0.0,
            "features": [{"column": column, "auc": auc} for column, auc in FEATURES.items()],
            "max_feature_auc": 0.604,
            "after_the_fact": [],
            "look_ahead": [],
            "early_rows": 0,
        },
        **examinations(),
        "scores": digest("5c0e5"),
        "producer": {
            "time": "2026-11-20T08:30:00+00:00",
            "commit": "8e1f2c" + "0a9b" * 8 + "11",
            "dirty": False,
            "actor": "Ada Reyes <ada@example.org>",
            "trigger": "push",
            "workflow": "mlgitops.yml",
            "versions": {"mlgitops": "0.1.0", "python": "3.11.9", "scikit-learn": "1.9.1"},
            "sample": 0,
            "sandbox": "process+no-network+files",
        },
        "ext": {},
    }


def first_evidence() -> Evidence:
    evidence = retrained_evidence()
    evidence["environment"] = "staging"
    evidence["champion"] = None
    evidence["comparison"] = {}
    del evidence["compatibility"], evidence["drift"]
    for record in evidence["slices"]:
        record["comparison"] = {}
    return evidence


def leaking_evidence() -> Evidence:
    evidence = retrained_evidence()
    evidence["metrics"] = metrics(0.8809)
    evidence["comparison"] = comparisons(0.2458)
    evidence["leakage"] = {
        "duplicate_rows": 14,
        "duplicate_share": 0.000509,
        "features": [
            {"column": "dep_delay", "auc": 0.8731},
            *evidence["leakage"]["features"],
        ],
        "max_feature_auc": 0.8731,
        "after_the_fact": ["dep_delay"],
    }
    troubles(evidence)
    evidence["ext"] = {
        "audit": {"dependencies": [{"name": "joblib", "vulns": []}], "tool": "2.1"},
        "scan": {"runs": [{"results": [{"rule": "B101"}, {"rule": "B404"}]}]},
        "licence": {"allowed": True},
        "findings": ["one", ["two"]],
    }
    evidence["producer"]["dirty"] = True
    evidence["producer"]["sandbox"] = "process"
    return evidence


def regression_evidence() -> Evidence:
    """No curves, no calibration, no time column, no slices, money-sized numbers.

    Nothing was asked for but metrics.
    """
    evidence = retrained_evidence()
    unexamined(evidence)
    evidence["environment"], evidence["champion"], evidence["comparison"] = "staging", None, {}
    del evidence["leakage"]["look_ahead"], evidence["leakage"]["early_rows"]
    evidence["subject"]["task"] = "regression"
    evidence["metrics"] = {
        "rmse": estimate(14_325.21, 212.4, "minimize"),
        "r2": estimate(0.7312, 0.0121),
    }
    evidence["train_metrics"] = {"rmse": 13_801.7, "r2": 0.7466}
    evidence["baseline"] = {
        "kind": "mean",
        "metrics": {"rmse": estimate(27_632.2, 301.0, "minimize"), "r2": estimate(0.0, 0.0001)},
        "comparison": {"rmse": comparison(13_306.9, 240.1), "r2": comparison(0.7312, 0.0121)},
    }
    evidence["slices"] = []
    evidence["calibration"] = None
    del evidence["data"]["window"]
    split = evidence["data"]["split"]
    split["strategy"] = "group"
    for part in (split["train"], split["holdout"]):
        del part["window"], part["positives"]
    return evidence


ON_SLICES = ("slices-not-harmed",)


def gate(
    policy: str,
    verdict: Verdict,
    message: str,
    *,
    level: str = "soft",
    remediation: str = "",
    findings: tuple[Finding, ...] = (),
    **parameters: Any,
) -> GateResult:
    rule = RuleResult("rule", verdict, message, remediation, findings)
    asked = () if policy in ON_SLICES else tuple(filter(None, [parameters.get("metric")]))
    return GateResult(policy, parameters, level, True, verdict, (rule,), metrics=asked)


def passing_gates() -> tuple[GateResult, ...]:
    return (
        gate(
            "data-validation-passed",
            Verdict.PASS,
            "4 of 4 expectations evaluated, 0 critical failed",
            level="hard",
        ),
        gate(
            "leakage",
            Verdict.PASS,
            "strongest single column has AUC 0.604 (limit 0.85), 0 duplicate rows",
            level="hard",
            max_feature_auc=0.85,
        ),
        gate(
            "min-metric",
            Verdict.PASS,
            "roc_auc 0.6412 is at least 0.58",
            level="hard",
            metric="roc_auc",
            min=0.58,
        ),
        gate(
            "not-worse-than-champion",
            Verdict.PASS,
            "roc_auc gain is +0.0061, lower bound +0.0009 is above the margin -0.01",
            metric="roc_auc",
            margin=0.01,
        ),
        gate(
            "slices-not-harmed",
            Verdict.FAIL,
            "carrier=MQ lost 0.0214 of roc_auc (interval -0.0386 to -0.0042)",
            level="advisory",
            remediation="look at carrier=MQ before you merge: `mlgitops explain evaluate`",
            findings=(
                Finding(
                    "slices.all(s, s.comparison.roc_auc.high >= 0.0)",
                    source="slices",
                    offenders=("carrier=MQ",),
                    offending=1,
                    items=12,
                ),
            ),
            metric="roc_auc",
        ),
        GateResult("first-model-baseline", {}, "soft", False, Verdict.PASS, ()),
    )


def decision(
    verdict: Verdict, gates: tuple[GateResult, ...], environment: str = "production"
) -> Decision:
    return of_gates(
        verdict,
        *gates,
        environment=environment,
        candidate=digest("4d1c90aa52e1"),
        evidence=digest("c0ffee"),
    )


def leaking_decision() -> Decision:
    leak = GateResult(
        "leakage",
        {"max_feature_auc": 0.85},
        "hard",
        True,
        Verdict.FAIL,
        (
            RuleResult(
                "single-feature",
                Verdict.FAIL,
                "the column dep_delay alone has AUC 0.8731, above 0.85",
                "take dep_delay out of features.columns in mlops/pipelines/flights-delay.yaml",
                (
                    Finding(
                        "leakage.max_feature_auc <= 0.85",
                        "leakage.max_feature_auc",
                        0.8731,
                        "<=",
                        0.85,
                    ),
                ),
            ),
            RuleResult(
                "after-the-fact",
                Verdict.FAIL,
                "dep_delay is known only after the fact",
                "take dep_delay out of features.columns in mlops/pipelines/flights-delay.yaml",
            ),
            RuleResult(
                "duplicates",
                Verdict.PASS,
                "0.05% of holdout rows stand in train, at most 1% may",
                "",
            ),
        ),
    )
    kept = tuple(g for g in passing_gates() if g.policy not in ("leakage", "slices-not-harmed"))
    waivers = (
        ConsideredWaiver("late-data", "leakage", ("after-the-fact",), "2026-11-01", holds=False),
    )
    return replace(decision(Verdict.FAIL, (*kept, leak)), waivers=waivers)


def curve(strength: float) -> ModelCurves:
    normal = NormalDist()
    shares = [i / 120 for i in range(1, 120)]
    roc = [(0.0, 0.0)]
    roc += [(x, normal.cdf(strength + normal.inv_cdf(x))) for x in shares]
    roc += [(1.0, 1.0)]
    recall_precision = [
        (true, 0.26 * true / (0.26 * true + 0.74 * false)) for false, true in roc if false
    ]
    bins = [(0.05 + 0.1 * i, 0.05 + 0.1 * i * (0.9 + strength / 9)) for i in range(6)]
    return ModelCurves(tuple(roc), tuple(recall_precision), tuple(bins))


CASES = {
    "retrained": (
        retrained_evidence(),
        decision(Verdict.PASS, passing_gates()),
        Curves(curve(0.511), curve(0.488)),
    ),
    "first": (
        first_evidence(),
        decision(
            Verdict.PASS,
            (
                *passing_gates()[:3],
                gate("first-model-baseline", Verdict.PASS, "roc_auc beats the prior by 0.1412"),
                GateResult("not-worse-than-champion", {}, "soft", False, Verdict.PASS, ()),
            ),
            "staging",
        ),
        Curves(curve(0.511), None),
    ),
    "leaking": (leaking_evidence(), leaking_decision(), Curves(curve(1.66), curve(0.488))),
    "regression": (
        regression_evidence(),
        decision(
            Verdict.INCONCLUSIVE,
            (
                gate(
                    "min-metric",
                    Verdict.INCONCLUSIVE,
                    "r2 0.7312 has the interval 0.7191 to 0.7433, which holds 0.74",
                    remediation="evaluate on more rows: about 41,000 would decide",
                    metric="r2",
                    min=0.74,
                ),
            ),
            "staging",
        ),
        Curves(None, None),
    ),
}
