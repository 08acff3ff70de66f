"""register: a candidate and all that is known about it become a model version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlgitops.model.digest import canonical_json, digest_of_bytes, short
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.registry import HOLDOUT_TAG, DatasetInput, ModelVersion, Registration
from mlgitops.model.verdict import Decision, decision_document
from mlgitops.ports import ModelRegistry
from mlgitops.spec import evidence as evidence_file


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate as it was judged: evidence, decisions and HTML reports by environment.

    *parameters* are the training's, as the pipeline gives them; *durations* are
    the seconds that each step's work took.
    """

    evidence: Mapping[str, Evidence]
    decisions: Mapping[str, Decision]
    reports: Mapping[str, bytes]
    parameters: Mapping[str, Any]
    durations: Mapping[str, float]


def register(registry: ModelRegistry, judged: Judged, folder: Path) -> ModelVersion:
    """Make the model in *folder* a version; no alias moves.

    Idempotent: the same candidate is the same version, and gets what is new. Its
    tags name the newest evidence; older evidence, which a Release may pin, stays.

    Raises:
        SpecError: there is no evidence, it is about several candidates, or it
            comes from a sample of the rows; the files are not what was judged.
        Unavailable: the registry did not answer.
    """
    first = _checked(judged)
    contents = {name: evidence_file.encode(found) for name, found in judged.evidence.items()}
    subject = first["subject"]
    registration = Registration(
        model=subject["model"],
        candidate=subject["candidate"],
        manifest=subject["manifest"],
        tags=_tags(judged, first, contents),
        parameters=_parameters(judged, first),
        metrics=_metrics(judged, first),
        datasets=_datasets(first),
        attachments=_attachments(judged, contents),
    )
    return registry.register(registration, folder)


def _checked(judged: Judged) -> Evidence:
    """Any of the evidence documents; what is read from it is the same in all."""
    if not judged.evidence:
        raise SpecError("a candidate without evidence cannot be registered")
    first = next(iter(judged.evidence.values()))
    model, candidate = first["subject"]["model"], first["subject"]["candidate"]
    for environment, evidence in judged.evidence.items():
        if evidence["producer"]["sample"] > 0:
            raise SpecError(
                f"candidate {short(candidate)} was made from a sample of "
                f"{evidence['producer']['sample']:,} rows and cannot be registered",
                hint=f"mlgitops run {model}",
            )
        decision = judged.decisions.get(environment)
        is_about_one = evidence["subject"] == first["subject"] and (
            decision is None or decision.candidate == candidate
        )
        if evidence["environment"] != environment or not is_about_one:
            raise SpecError(
                f"the evidence for {environment} is not about candidate {short(candidate)}",
                hint=f"mlgitops run {model}",
            )
    return first


def _tags(judged: Judged, evidence: Evidence, contents: Mapping[str, bytes]) -> dict[str, str]:
    producer, inputs = evidence["producer"], evidence["inputs"]
    tags = {
        "mlgitops.inputs": inputs["digest"],
        "mlgitops.data": evidence["data"]["digest"],
        HOLDOUT_TAG: evidence["data"]["split"]["holdout"]["digest"],
        "mlgitops.commit": producer["commit"],
        "mlgitops.dirty": "true" if producer["dirty"] else "false",
        "mlgitops.actor": producer["actor"],
        "mlgitops.trigger": producer["trigger"],
        "mlgitops.workflow": producer["workflow"],
        "mlgitops.sandbox": producer["sandbox"],
    }
    for environment, content in contents.items():
        tags[f"mlgitops.evidence.{environment}"] = digest_of_bytes(content)
    for environment, decision in judged.decisions.items():
        tags[f"mlgitops.verdict.{environment}"] = decision.verdict.value
    return {key: value for key, value in tags.items() if value}


def _parameters(judged: Judged, evidence: Evidence) -> dict[str, str]:
    parameters = {name: _text(value) for name, value in judged.parameters.items()}
    return {**parameters, "seed": str(evidence["inputs"]["seed"])}


def _metrics(judged: Judged, evidence: Evidence) -> dict[str, float]:
    metrics = {f"train/{name}": value for name, value in evidence["train_metrics"].items()}
    for name, estimate in evidence["metrics"].items():
        metrics[f"holdout/{name}"] = estimate["value"]
        metrics[f"holdout/{name}_low"] = estimate["low"]
        metrics[f"holdout/{name}_high"] = estimate["high"]
    for name, estimate in evidence["baseline"]["metrics"].items():
        metrics[f"baseline/{name}"] = estimate["value"]
    return metrics | {f"seconds/{step}": spent for step, spent in judged.durations.items()}


def _datasets(evidence: Evidence) -> tuple[DatasetInput, ...]:
    data, split = evidence["data"], evidence["data"]["split"]
    sources = ", ".join(source["name"] for source in data["sources"])
    return tuple(
        DatasetInput(
            name=f"{data['dataset']}-{side}",
            digest=part["digest"],
            source=sources,
            columns=tuple(data["columns"]),
            rows=part["rows"],
            context=context,
        )
        for side, context, part in (
            ("train", "training", split["train"]),
            ("holdout", "evaluation", split["holdout"]),
        )
    )


def _attachments(judged: Judged, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Evidence by its content; decisions and reports, which follow from it, are the newest."""
    evidence = {
        evidence_file.attachment(digest_of_bytes(content), environment): content
        for environment, content in contents.items()
    }
    decisions = {
        f"decision/{environment}.json": canonical_json(decision_document(decision))
        for environment, decision in judged.decisions.items()
    }
    reports = {f"report/{name}.html": content for name, content in judged.reports.items()}
    return evidence | decisions | reports


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()
