"""Whole walks with the real steps, tables, worker and policies, on a small repository."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.digest import digest_of_bytes, short
from mlgitops.model.errors import GateFailed, SpecError
from mlgitops.model.run import STEPS
from mlgitops.model.spec import Pin, Release, Specs
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.load import load, read_builtin, read_folder
from mlgitops.spec.release import render as render_release
from mlgitops.usecases.explain import explain
from mlgitops.usecases.run import Result
from tests.fakes.laboratory import (
    CUSTOMERS,
    Laboratory,
    after,
    as_csv,
    customers,
    reran,
    statuses,
)

pytestmark = pytest.mark.slow

PIPELINE = "mlops/pipelines/churn.yaml"
DATASET = "mlops/datasets/customers.yaml"


def evidence(result: Result, environment: str = "staging") -> Any:
    return json.loads(result.context.path("evaluate", f"evidence-{environment}").read_bytes())


def release(laboratory: Laboratory, environment: str, version: int) -> Pin:
    """Release a registered version, as a merged promotion does."""
    found = laboratory.registry.versions("churn")[version - 1]
    assert found.candidate
    assert found.manifest
    pin = Pin(version, short(found.candidate), found.manifest, f"sha256:{'0' * 64}")
    text = render_release(Release("churn", environment, pin, None))
    laboratory.write(f"mlops/releases/{environment}/churn.yaml", text)
    return pin


def test_a_second_run_does_nothing(laboratory: Laboratory) -> None:
    result = laboratory.run()

    assert statuses(result) == dict.fromkeys(STEPS, "cached")
    assert laboratory.worker.is_untouched
    assert len(laboratory.registry.versions("churn")) == 1


def change_parameter(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, "C: 1.0", "C: 0.5")


def change_seed(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, "params: {C: 1.0}", "params: {C: 1.0}, seed: 8")


def change_code(laboratory: Laboratory) -> None:
    laboratory.edit("shop/features.py", '["basic", "extra"]', '["extra", "basic"]')


def add_a_file_beside_the_code(laboratory: Laboratory) -> None:
    laboratory.write("shop/plans.json", "[]")


def change_a_row(laboratory: Laboratory, side: str = "train") -> None:
    """Give the first row of a side of the split another plan."""
    tables, table = laboratory.neighbours.tables, laboratory.context().path("split", side)
    visits = float(tables.read(table, ["visits"])["visits"][0])
    row = next(line for line in CUSTOMERS.splitlines() if f",{visits:g}," in line)
    plans = (",extra,", ",basic,") if ",extra," in row else (",basic,", ",extra,")
    laboratory.edit("data/customers.csv", row, row.replace(*plans))


def change_an_expectation(laboratory: Laboratory) -> None:
    laboratory.edit(DATASET, "kwargs: {column: visits}", "kwargs: {column: spent}")


def change_the_split(laboratory: Laboratory) -> None:
    laboratory.edit(DATASET, "holdout: 0.4", "holdout: 0.3")


def change_a_slice(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, "minRows: 40", "minRows: 500")


def change_a_threshold(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, "min: 0.6", "min: 0.5")


def add_a_policy(laboratory: Laboratory) -> None:
    laboratory.write(
        "mlops/policies/enough-rows.yaml",
        "apiVersion: mlgitops.dev/v1\nkind: Policy\nmetadata: {name: enough-rows}\n"
        "spec:\n  rules:\n    - {id: rows, pass: 'data.rows > 1', message: '{data.rows} rows'}\n",
    )


def bind_in_an_environment(laboratory: Laboratory) -> None:
    laboratory.edit(
        "mlops/environments/production.yaml",
        "alias: champion",
        "alias: champion, policies: [{policy: leakage, level: audit}]",
    )


def release_a_champion(laboratory: Laboratory) -> None:
    release(laboratory, "staging", 1)


def upgrade_a_package(laboratory: Laboratory) -> None:
    versions = {**laboratory.origin.versions, "scikit-learn": "1.6.1"}
    laboratory.origin = replace(laboratory.origin, versions=versions)


CHANGES: dict[Callable[[Laboratory], None], tuple[list[str], str, list[str]]] = {
    change_parameter: (after("train"), "train", ["params"]),
    change_seed: (after("train"), "train", ["seed"]),
    change_code: (after("features"), "features", ["code shop/features.py"]),
    add_a_file_beside_the_code: (
        after("features"),
        "features",
        ["code shop/plans.json"],
    ),
    change_a_row: (list(STEPS), "extract", ["source customers"]),
    change_an_expectation: (
        ["validate", "evaluate", "gate", "register"],
        "validate",
        ["spec expectations"],
    ),
    change_the_split: (after("split"), "split", ["spec split"]),
    change_a_slice: (after("evaluate"), "evaluate", ["spec evaluate", "spec examination"]),
    change_a_threshold: (after("gate"), "gate", ["spec gates"]),
    add_a_policy: (["gate"], "gate", ["policies"]),
    bind_in_an_environment: (after("gate"), "gate", ["environments"]),
    release_a_champion: (after("evaluate"), "evaluate", ["champion staging"]),
    upgrade_a_package: (after("train"), "train", ["version scikit-learn"]),
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_one_change_remakes_what_depends_on_it_and_is_named(
    laboratory: Laboratory, change: Callable[[Laboratory], None]
) -> None:
    remade, first, inputs = CHANGES[change]
    change(laboratory)

    result = laboratory.run()

    assert result.error is None
    assert reran(result) == remade
    step = explain(laboratory.store, "churn", first)
    assert step.because == "input-changed"
    assert [found.name for found in step.changes] == inputs


def test_a_row_of_the_holdout_trains_nothing(laboratory: Laboratory) -> None:
    change_a_row(laboratory, "holdout")

    remade = reran(laboratory.run())

    assert "evaluate" in remade
    assert "features" not in remade
    assert "train" not in remade


@pytest.mark.parametrize(
    ("path", "before", "after_"),
    [
        (PIPELINE, "kind: Pipeline", "kind: Pipeline  # for churn"),
        (DATASET, "keys: [customer]", 'keys: ["customer"]'),
        ("mlops/environments/staging.yaml", "name: staging}", "name: staging, owners: [ada]}"),
    ],
)
def test_what_a_spec_does_not_say_changes_nothing(
    laboratory: Laboratory, path: str, before: str, after_: str
) -> None:
    laboratory.edit(path, before, after_)

    assert statuses(laboratory.run()) == dict.fromkeys(STEPS, "cached")


MADE_ANEW = ["evaluate", "gate", "register"]


@pytest.mark.parametrize("is_renamed", [False, True], ids=["copied", "renamed"])
def test_the_same_pipeline_by_another_name_is_judged_by_its_own_gates(
    laboratory: Laboratory, is_renamed: bool
) -> None:
    text = (laboratory.root / PIPELINE).read_text()
    if is_renamed:
        (laboratory.root / PIPELINE).unlink()
    laboratory.write("mlops/pipelines/left.yaml", text.replace("name: churn", "name: left"))

    result = laboratory.run("left")

    assert result.error is None
    assert reran(result) == MADE_ANEW
    (ours,), (theirs,) = map(laboratory.registry.versions, ("left", "churn"))
    assert (ours.candidate, ours.manifest) == (theirs.candidate, theirs.manifest)
    found = evidence(result)
    assert found["subject"]["model"] == "left"
    digest = ours.tags["mlgitops.evidence.staging"]
    path = evidence_file.attachment(digest, "staging")
    assert laboratory.registry.attachment(ours, path) == evidence_file.encode(found)
    assert statuses(laboratory.run("left")) == dict.fromkeys(STEPS, "cached")

    laboratory.edit("mlops/pipelines/left.yaml", "min: 0.6", "min: 0.99")
    assert isinstance(laboratory.run("left").error, GateFailed)


def test_a_renamed_dataset_is_named_by_new_evidence(laboratory: Laboratory) -> None:
    text = (laboratory.root / DATASET).read_text()
    (laboratory.root / DATASET).unlink()
    laboratory.write(
        "mlops/datasets/clients.yaml", text.replace("name: customers", "name: clients")
    )
    for model in ("churn", "topic", "demand"):
        path = f"mlops/pipelines/{model}.yaml"
        laboratory.edit(path, "dataset: customers", "dataset: clients")

    result = laboratory.run()

    assert reran(result) == MADE_ANEW
    assert evidence(result)["data"]["dataset"] == "clients"


def test_released_evidence_stays_when_its_candidate_is_judged_again(
    laboratory: Laboratory,
) -> None:
    (before,) = laboratory.registry.versions("churn")
    released = before.tags["mlgitops.evidence.staging"]
    release(laboratory, "staging", 1)

    assert reran(laboratory.run()) == MADE_ANEW

    (after_,) = laboratory.registry.versions("churn")
    newest = after_.tags["mlgitops.evidence.staging"]
    assert after_.version == 1
    assert newest != released
    for digest in (newest, released):
        path = evidence_file.attachment(digest, "staging")
        content = laboratory.registry.attachment(after_, path)
        assert content is not None
        assert digest_of_bytes(content) == digest


def test_a_failure_keeps_the_earlier_steps_and_the_next_run_goes_on(
    laboratory: Laboratory,
) -> None:
    change_parameter(laboratory)
    release(laboratory, "staging", 1)
    laboratory.registry.is_down = True
    (laboratory.root / ".mlgitops" / "store" / "folders").rename(laboratory.root / "aside")

    failed = laboratory.run()

    assert failed.error is not None
    assert failed.error.exit_code == 6
    assert statuses(failed)["train"] == "ran"
    assert statuses(failed)["evaluate"] == "failed"
    assert "gate" not in statuses(failed)

    laboratory.registry.is_down = False
    resumed = laboratory.run()

    assert resumed.error is None
    assert reran(resumed) == after("evaluate")
    assert "train" not in laboratory.worker.jobs


def test_a_registry_that_does_not_answer_leaves_no_version(laboratory: Laboratory) -> None:
    change_parameter(laboratory)
    laboratory.registry.is_down = True

    failed = laboratory.run()

    assert failed.error is not None
    assert failed.error.exit_code == 6
    assert statuses(failed)["register"] == "failed"

    laboratory.registry.is_down = False
    assert len(laboratory.registry.versions("churn")) == 1
    assert reran(laboratory.run()) == ["register"]
    assert len(laboratory.registry.versions("churn")) == 2


def test_making_a_candidate_again_makes_the_same_version(laboratory: Laboratory) -> None:
    before = laboratory.registry.versions("churn")

    result = laboratory.run(first="extract")

    assert reran(result) == list(STEPS)
    assert result.error is None
    found = laboratory.registry.versions("churn")
    assert [(v.version, v.candidate, v.manifest) for v in found] == [
        (v.version, v.candidate, v.manifest) for v in before
    ]


def test_a_sample_says_so_and_is_never_registered(laboratory: Laboratory) -> None:
    result = laboratory.run(sample=300)

    document = evidence(result)
    assert document["producer"]["sample"] == 300
    assert document["data"]["rows"] == 300
    assert isinstance(result.error, GateFailed)
    assert "not-sampled" in result.error.message
    assert "register" not in statuses(result)
    assert len(laboratory.registry.versions("churn")) == 1

    full = laboratory.run()
    assert statuses(full) == dict.fromkeys(STEPS, "cached")


def test_a_sample_as_large_as_the_data_is_a_sample_too(laboratory: Laboratory) -> None:
    result = laboratory.run(sample=10_000)

    assert isinstance(result.error, GateFailed)
    assert evidence(result)["producer"]["sample"] == 10_000
    assert len(laboratory.registry.versions("churn")) == 1


def test_a_query_is_read_every_time_and_cut_off_if_it_gives_the_same(
    laboratory: Laboratory,
) -> None:
    header, *lines = CUSTOMERS.splitlines()
    with sqlite3.connect(laboratory.root / "shop.db") as database:
        columns = ", ".join(f'"{name}"' for name in header.split(","))
        database.execute(f"create table customers ({columns})")
        marks = ", ".join("?" * len(header.split(",")))
        rows = [[_number(value) for value in line.split(",")] for line in lines]
        database.executemany(f"insert into customers values ({marks})", rows)
    database.close()
    laboratory.edit(
        DATASET,
        "{csv: data/customers.csv}",
        '{sql: "select * from customers order by customer", connection: "sqlite:///shop.db"}',
    )
    assert laboratory.run(last="split").error is None

    result = laboratory.run(last="split")

    assert reran(result) == ["extract"]
    assert explain(laboratory.store, "churn", "extract").because == "never-cached"


def _number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def test_the_champion_is_scored_on_the_same_rows(laboratory: Laboratory) -> None:
    pin = release(laboratory, "staging", 1)
    change_parameter(laboratory)

    result = laboratory.run()

    assert result.error is None
    judged = evidence(result)
    assert judged["champion"]["manifest"] == pin.manifest
    assert judged["champion"]["candidate"] == pin.candidate
    assert set(judged["comparison"]) == {"roc_auc", "log_loss"}
    assert judged["comparison"]["roc_auc"]["n"] == judged["metrics"]["roc_auc"]["n"]
    other = evidence(result, "production")
    assert other["champion"] is None
    assert other["comparison"] == {}
    assert other["scores"] == judged["scores"]
    assert laboratory.worker.jobs.count("predict") == 3


def test_one_champion_in_two_environments_is_scored_once(laboratory: Laboratory) -> None:
    release(laboratory, "staging", 1)
    release(laboratory, "production", 1)
    change_parameter(laboratory)

    result = laboratory.run()

    assert laboratory.worker.jobs.count("predict") == 3
    assert evidence(result)["champion"] == evidence(result, "production")["champion"]


def test_a_champion_whose_files_were_changed_is_refused(laboratory: Laboratory) -> None:
    release(laboratory, "staging", 1)
    change_parameter(laboratory)
    laboratory.registry.overwrite("churn", 1, {"MLmodel": b"something else"})
    (laboratory.root / ".mlgitops" / "store" / "folders").rename(laboratory.root / "aside")

    result = laboratory.run()

    assert isinstance(result.error, SpecError)
    assert "version 1 of 'churn' holds" in result.error.message
    assert statuses(result)["evaluate"] == "failed"


def test_a_leak_is_caught_and_nothing_is_registered(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, "[visits, spent, plan]", "[visits, spent, plan, refund]")

    result = laboratory.run()

    assert isinstance(result.error, GateFailed)
    assert "leakage" in result.error.message
    assert "refund" in result.error.message
    assert evidence(result)["leakage"]["after_the_fact"] == ["refund"]
    assert len(laboratory.registry.versions("churn")) == 1


@pytest.mark.parametrize("model", ["topic", "demand"])
def test_every_task_and_contract_goes_all_the_way(laboratory: Laboratory, model: str) -> None:
    result = laboratory.run(model)

    assert result.error is None
    assert list(statuses(result)) == list(STEPS)
    (version,) = laboratory.registry.versions(model)
    judged = evidence(result)
    assert version.candidate == judged["subject"]["candidate"]
    assert version.manifest == judged["subject"]["manifest"]
    metrics = {"topic": ["accuracy", "log_loss", "f1_macro"], "demand": ["rmse", "mae", "r2"]}
    assert set(judged["metrics"]) == set(metrics[model])
    assert set(judged["train_metrics"]) == set(metrics[model])
    assert judged["calibration"] is None
    assert "positives" not in judged["data"]["split"]["train"]
    assert judged["subject"]["inputs"] == [
        {"name": "visits", "type": "double"},
        {"name": "spent", "type": "double"},
    ]
    assert statuses(laboratory.run(model)) == dict.fromkeys(STEPS, "cached")


@pytest.mark.parametrize(
    ("model", "positive", "values"),
    [
        ("churn", "true", ("false", "true")),
        ("churn", '"yes"', ("no", "yes")),
        ("topic", None, ("false", "true")),
        ("topic", None, ("1", "2")),
    ],
)
def test_labels_of_every_type_are_understood(
    laboratory: Laboratory, model: str, positive: str | None, values: tuple[str, str]
) -> None:
    rows = [{**row, "answer": values[int(row["left"])]} for row in customers()]
    laboratory.write("data/customers.csv", as_csv(rows))
    label = f"label: answer, positive: {positive}" if positive else "label: answer"
    laboratory.edit(
        f"mlops/pipelines/{model}.yaml",
        {"churn": "label: left", "topic": "label: topic"}[model],
        label,
    )

    result = laboratory.run(model)

    assert result.error is None
    metric = {"churn": "roc_auc", "topic": "accuracy"}[model]
    assert evidence(result)["metrics"][metric]["value"] > 0.7


@pytest.mark.parametrize("model", ["topic", "demand"])
def test_champions_of_every_task_are_compared(laboratory: Laboratory, model: str) -> None:
    laboratory.run(model)
    version = laboratory.registry.versions(model)[0]
    assert version.candidate
    assert version.manifest
    pin = Pin(1, short(version.candidate), version.manifest, f"sha256:{'0' * 64}")
    releases = {("staging", model): Release(model, "staging", pin, None)}
    edit = {"topic": ("C: 1.0", "C: 0.01"), "demand": ("alpha: 0.1", "alpha: 5.0")}
    laboratory.edit(f"mlops/pipelines/{model}.yaml", *edit[model])

    result = laboratory.run(model, change=lambda specs: replace(specs, releases=releases))

    judged = evidence(result)
    assert judged["champion"]["version"] == 1
    assert set(judged["comparison"]) == set(judged["metrics"])


@pytest.mark.parametrize(
    ("split", "record"),
    [
        (
            "time: day\n  split: {strategy: time, holdout: 30d}",
            {"strategy": "time", "column": "day"},
        ),
        (
            "split: {strategy: group, column: shop, holdout: 0.3}",
            {"strategy": "group", "column": "shop"},
        ),
    ],
)
def test_other_splits_go_all_the_way(
    laboratory: Laboratory, split: str, record: dict[str, str]
) -> None:
    laboratory.edit(DATASET, "split: {strategy: stratified, holdout: 0.4}", split)

    result = laboratory.run()

    assert result.error is None
    found = evidence(result)["data"]["split"]
    assert found["shared_rows"] == 0
    assert {key: found[key] for key in record} == record


def test_a_module_at_the_top_may_be_the_entry_point(laboratory: Laboratory) -> None:
    laboratory.write("fitting.py", (laboratory.root / "shop" / "train.py").read_text())
    laboratory.edit(PIPELINE, "shop.train:train", "fitting:train")

    result = laboratory.run()

    assert result.error is None
    step = result.record.step("train")
    assert step is not None
    assert "code fitting.py" in step.inputs
    packed = result.context.path("train", "model") / "code"
    assert (packed / "fitting.py").is_file()
    assert (packed / "shop" / "features.py").is_file()


def test_code_that_is_not_covered_is_refused(laboratory: Laboratory) -> None:
    laboratory.write("tools/maths.py", "C = 1\n")
    laboratory.edit("shop/train.py", "from sklearn", "import tools.maths\nfrom sklearn")

    result = laboratory.run()

    assert isinstance(result.error, SpecError)
    assert "imports tools/maths.py, which train.code does not cover" in result.error.message
    assert result.error.hint is not None
    assert "`code: [shop, tools]`" in result.error.hint
    laboratory.edit(PIPELINE, "params:", "code: [shop, tools], params:")
    assert laboratory.run().error is None


def test_a_waiver_opens_its_gate_and_counts_from_day_to_day(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, "min: 0.6", "min: 0.99")
    failed = laboratory.run()
    assert isinstance(failed.error, GateFailed)
    candidate = short(evidence(failed)["subject"]["candidate"])
    laboratory.write(
        "mlops/waivers/small-month.yaml",
        "apiVersion: mlgitops.dev/v1\nkind: Waiver\nmetadata: {name: small-month}\n"
        f'spec:\n  policy: min-metric\n  model: churn\n  candidate: "{candidate}"\n'
        "  reason: The holdout is small.\n  expires: 2026-11-22\n",
    )

    waived = laboratory.run()
    assert waived.error is None
    assert reran(waived) == ["gate", "register"]

    laboratory.clock.moment = laboratory.clock.moment.replace(day=23)
    expired = laboratory.run()
    assert isinstance(expired.error, GateFailed)
    assert [c.name for c in explain(laboratory.store, "churn", "gate").changes] == ["day"]


def test_specs_of_a_copy_elsewhere_give_the_same_candidate(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    elsewhere = Laboratory.create(tmp_path / "elsewhere", laboratory.worker.behind)

    result = elsewhere.run()

    assert specs(elsewhere) == specs(laboratory)
    made, here = evidence(result), evidence(laboratory.run())
    assert made.pop("cost").keys() == here.pop("cost").keys()  # what the clock said differs
    assert made == here


def specs(laboratory: Laboratory) -> Specs:
    return load(read_folder(laboratory.root), read_builtin())
