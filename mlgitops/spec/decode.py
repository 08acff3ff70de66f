"""Turns a checked tree into the values of `mlgitops.model.spec`, defaults filled in.

Expects what `shape.check` has found right; the defaults are those that the
schemas name, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from mlgitops.model.dataset import Dataset, Expectation, Join, Source, SourceKind, Split, Window
from mlgitops.model.metrics import DEFAULT_METRICS, FEWEST_OF_CLASS
from mlgitops.model.pipeline import (
    Condition,
    Evaluate,
    Features,
    MetricFunction,
    ModelCard,
    Perturbation,
    Pipeline,
    SliceBy,
    Task,
    Train,
)
from mlgitops.model.policy import Gate, Policy, PolicyTest, Waiver
from mlgitops.model.spec import (
    Environment,
    ForgeAddress,
    Kind,
    Pin,
    Project,
    RegistryAddress,
    Release,
    Signing,
    duration,
)
from mlgitops.spec.decode_policies import policy, policy_test

Spec = Project | Dataset | Pipeline | Policy | Environment | Release | Waiver | PolicyTest

_SOURCE_KINDS: tuple[SourceKind, ...] = ("csv", "parquet", "files", "sql")
_SEED = 7


def decode(kind: Kind, document: Mapping[str, Any]) -> Spec:
    """The value that *document*, a whole file of *kind*, describes."""
    name = document["metadata"]["name"]
    spec = document.get("spec", {})
    match kind:
        case Kind.PROJECT:
            return _project(name, spec)
        case Kind.DATASET:
            return _dataset(name, spec)
        case Kind.PIPELINE:
            return _pipeline(name, document["metadata"], spec)
        case Kind.POLICY:
            return policy(name, document["metadata"].get("description", ""), spec)
        case Kind.ENVIRONMENT:
            return _environment(name, spec)
        case Kind.RELEASE:
            return _release(name, spec)
        case Kind.WAIVER:
            return _waiver(name, spec)
        case Kind.POLICY_TEST:
            return policy_test(name, spec)


def _project(name: str, spec: Mapping[str, Any]) -> Project:
    registry = spec.get("registry", {})
    forge = spec.get("forge", {})
    return Project(
        name=name,
        registry=RegistryAddress(
            uri=registry.get("uri", "sqlite:///mlflow.db"),
            artifacts=registry.get("artifacts", "mlartifacts"),
        ),
        forge=ForgeAddress(kind=forge.get("kind", "local"), remote=forge.get("remote")),
        branch=spec.get("branch", "main"),
        signing=Signing(spec.get("signing", {}).get("required", False)),
    )


def _dataset(name: str, spec: Mapping[str, Any]) -> Dataset:
    time = spec.get("time")
    return Dataset(
        name=name,
        sources=tuple(_source(source, below) for source, below in spec["sources"].items()),
        joins=tuple(Join(join["source"], tuple(join["on"])) for join in spec.get("join", ())),
        keys=tuple(spec.get("keys", ())),
        time=time,
        window=_window(spec["window"]) if "window" in spec else None,
        after_the_fact=tuple(spec.get("afterTheFact", ())),
        expectations=tuple(
            Expectation(one["type"], one.get("kwargs", {}), one.get("severity", "critical"))
            for one in spec.get("expectations", ())
        ),
        split=_split(spec.get("split", {}), time),
        licence=spec.get("licence", ""),
    )


def _source(name: str, spec: Mapping[str, Any]) -> Source:
    kind = next(kind for kind in _SOURCE_KINDS if kind in spec)
    return Source(name, kind, location=spec[kind], connection=spec.get("connection"))


def _window(spec: Mapping[str, Any]) -> Window:
    return Window(
        start=date.fromisoformat(spec["from"]) if "from" in spec else None,
        end=date.fromisoformat(spec["to"]) if "to" in spec else None,
        last=duration(spec["last"]) if "last" in spec else None,
    )


def _split(spec: Mapping[str, Any], time: str | None) -> Split:
    strategy = spec.get("strategy", "time" if time else "stratified")
    holdout: float | timedelta | str = spec.get("holdout", 0.2)
    return Split(
        strategy=strategy,
        holdout=duration(holdout) if isinstance(holdout, str) else holdout,
        column=spec.get("column", time if strategy == "time" else None),
        seed=int(spec.get("seed", _SEED)),
    )


def _pipeline(name: str, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> Pipeline:
    data = spec["data"]
    features = spec.get("features", {})
    entrypoint = features.get("entrypoint")
    return Pipeline(
        name=name,
        task=spec["task"],
        dataset=data["dataset"],
        label=data["label"],
        positive=data.get("positive", 1),
        features=Features(columns=tuple(features.get("columns", ())), entrypoint=entrypoint),
        train=_train(spec["train"], entrypoint),
        evaluate=_evaluate(spec["task"], spec.get("evaluate", {})),
        gates=tuple(_gate(gate) for gate in spec.get("gates", ())),
        card=_card(metadata, spec.get("card", {})),
    )


def _evaluate(task: Task, spec: Mapping[str, Any]) -> Evaluate:
    functions = tuple(
        MetricFunction(name, below["entrypoint"], below["direction"])
        for name, below in spec.get("functions", {}).items()
    )
    named = (*DEFAULT_METRICS[task], *(function.name for function in functions))
    return Evaluate(
        metrics=tuple(spec.get("metrics", named)),
        slices=tuple(_slice(one, FEWEST_OF_CLASS) for one in spec.get("slices", ())),
        confidence=spec.get("confidence", 0.95),
        functions=functions,
        cluster=spec.get("cluster"),
        groups=tuple(_slice(one, 0) for one in spec.get("groups", ())),
        perturbations=tuple(
            Perturbation(
                name,
                noise=below.get("noise"),
                missing=below.get("missing"),
                unseen=tuple(below.get("unseen", ())),
                scale=below.get("scale"),
            )
            for name, below in spec.get("perturbations", {}).items()
        ),
        seeds=tuple(int(seed) for seed in spec.get("seeds", ())),
        repeats=spec.get("repeat", False),
        shuffles=spec.get("shuffle", False),
        latency_calls=int(spec.get("latencyCalls", 0)),
        reports=spec.get("reports", {}),
    )


def _slice(spec: Mapping[str, Any], least_positives: int) -> SliceBy:
    return SliceBy(
        columns=tuple(spec.get("by", ())),
        min_rows=int(spec.get("minRows", 200)),
        min_positives=int(spec.get("minPositives", least_positives)),
        name=spec.get("name"),
        where=tuple(_condition(column, below) for column, below in spec.get("where", {}).items()),
    )


def _condition(column: str, spec: Any) -> Condition:
    if isinstance(spec, Mapping):
        return Condition(column, at_least=spec.get("atLeast"), below=spec.get("below"))
    return Condition(column, equals=tuple(spec) if isinstance(spec, list) else (spec,))


def _card(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> ModelCard:
    return ModelCard(
        description=metadata.get("description", ""),
        owners=tuple(metadata.get("owners", ())),
        intended_use=spec.get("intendedUse", ""),
        limitations=spec.get("limitations", ""),
        licence=spec.get("licence", ""),
    )


def _train(spec: Mapping[str, Any], features: str | None) -> Train:
    command = tuple(spec["command"]) if "command" in spec else None
    entrypoints = [entrypoint for entrypoint in (spec.get("entrypoint"), features) if entrypoint]
    return Train(
        entrypoint=spec.get("entrypoint"),
        estimator=spec.get("estimator"),
        command=command,
        params=spec.get("params", {}),
        seed=int(spec.get("seed", _SEED)),
        code=tuple(spec.get("code", _code(entrypoints, command or ()))),
        requirements=tuple(spec.get("requirements", ())),
    )


def _code(entrypoints: list[str], command: tuple[str, ...]) -> tuple[str, ...]:
    """Top-level names of the entry points' modules, and the scripts of a command."""
    modules = [entrypoint.partition(":")[0].partition(".")[0] for entrypoint in entrypoints]
    scripts = [word for word in command if word.endswith(".py") and _is_inside(word)]
    return tuple(dict.fromkeys(modules + scripts))


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")


def _gate(spec: Mapping[str, Any]) -> Gate:
    since = date.fromisoformat(spec["since"]) if "since" in spec else None
    return Gate(spec["policy"], spec.get("with", {}), spec.get("level"), since)


def _environment(name: str, spec: Mapping[str, Any]) -> Environment:
    return Environment(
        name=name,
        source=spec.get("from"),
        alias=spec.get("alias", name),
        gates=tuple(_gate(binding) for binding in spec.get("policies", ())),
        drift=spec.get("drift", {}).get("mode", "detect"),
        max_evidence_age=duration(spec["maxEvidenceAge"]) if "maxEvidenceAge" in spec else None,
    )


def _release(name: str, spec: Mapping[str, Any]) -> Release:
    return Release(
        model=spec.get("model", name),
        environment=spec["environment"],
        desired=_pin(spec["desired"]),
        previous=_pin(spec.get("previous")),
    )


def _pin(spec: Mapping[str, Any] | None) -> Pin | None:
    if spec is None:
        return None
    return Pin(int(spec["version"]), spec["candidate"], spec["manifest"], spec["evidence"])


def _waiver(name: str, spec: Mapping[str, Any]) -> Waiver:
    return Waiver(
        name=name,
        policy=spec["policy"],
        model=spec["model"],
        candidate=spec["candidate"],
        reason=spec["reason"],
        expires=date.fromisoformat(spec["expires"]),
        rules=tuple(spec.get("rules", ())),
    )
