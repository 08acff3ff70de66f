"""The training rows' distributions, and against those that a champion was released with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.spec import Pin
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.sections import reference as module
from mlgitops.usecases.sections.reference import drift, reference
from tests.fakes.laboratory import Laboratory, as_csv, customers

pytestmark = pytest.mark.slow


def released(laboratory: Laboratory, context: RunContext, content: bytes | None = None) -> Pin:
    """A pin to the run's evidence, which lies where releases have it."""
    made = context.path("evaluate", "evidence-staging").read_bytes()
    pin = Pin(1, "0123456789ab", "sha256:m", digest_of_bytes(made))
    path = evidence_file.path(pin.evidence, pin.candidate, "churn")
    files = {path: made if content is None else content}
    context.specs = replace(context.specs, evidence=files.get)
    return pin


def test_every_column_of_the_model_has_its_distribution(laboratory: Laboratory) -> None:
    found = reference(laboratory.context(until="split"))

    assert [one["column"] for one in found] == ["visits", "spent", "plan"]
    assert all(sum(one["shares"]) + one["nulls"] == pytest.approx(1) for one in found)


def test_columns_beyond_the_limit_are_left_out(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_COLUMNS", 2)

    found = reference(laboratory.context(until="split"))

    assert [one["column"] for one in found] == ["visits", "spent"]


def test_the_same_rows_have_not_drifted(laboratory: Laboratory) -> None:
    context = laboratory.context()

    found = drift(context, released(laboratory, context))

    assert found == [
        {"column": column, "psi": 0.0} for column in sorted(("visits", "spent", "plan"))
    ]


def test_the_column_that_moved_comes_first(laboratory: Laboratory) -> None:
    before = laboratory.context()
    rows = [{**row, "spent": str(float(row["spent"] or 0) * 3 + 50)} for row in customers()]
    laboratory.write("data/customers.csv", as_csv(rows))
    after = laboratory.context(until="split")
    pin = released(laboratory, before)
    after.specs = before.specs

    found = drift(after, pin)

    assert found is not None
    assert found[0]["column"] == "spent"
    assert found[0]["psi"] > 1 > found[1]["psi"]


@pytest.mark.parametrize(
    ("column", "change", "is_comparable"),
    [
        ("spent", lambda _: "much", False),
        ("spent", lambda _: "", True),  # nulls are of any kind
        ("plan", lambda _: "7", False),
        ("member", lambda value: "" if value == "true" else value, True),
        ("member", lambda value: {"true": "1", "false": "0"}[value], False),
    ],
)
def test_a_column_of_another_kind_comes_first_and_has_no_index(
    laboratory: Laboratory, column: str, change: Callable[[str], str], is_comparable: bool
) -> None:
    rows = [{**row, "member": ("true", "false")[n % 2]} for n, row in enumerate(customers())]
    laboratory.write("data/customers.csv", as_csv(rows))
    pipeline = "mlops/pipelines/churn.yaml"
    laboratory.edit(pipeline, "[visits, spent, plan]", "[visits, spent, plan, member]")
    before = laboratory.context()
    rows = [{**row, column: change(row[column])} for row in rows]
    laboratory.write("data/customers.csv", as_csv(rows))
    after = laboratory.context(until="split")
    pin = released(laboratory, before)
    after.specs = before.specs

    found = drift(after, pin)

    assert found is not None
    assert len(found) == 4
    assert found[0]["column"] == column
    assert ("psi" in found[0]) == is_comparable
    assert all("psi" in one for one in found[1:])
    assert found[0].get("psi", 1.0) > 0.2


@pytest.mark.parametrize("content", [b"{}", b"not evidence"])
def test_other_bytes_than_were_released_tell_nothing(
    laboratory: Laboratory, content: bytes, tmp_path: Path
) -> None:
    context = laboratory.context()

    assert drift(context, released(laboratory, context, content)) is None


def test_evidence_that_is_not_there_tells_nothing(laboratory: Laboratory) -> None:
    context = laboratory.context(until="split")

    assert drift(context, Pin(1, "0123456789ab", "sha256:m", "sha256:e")) is None
