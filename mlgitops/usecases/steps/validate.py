"""validate: the expectations of the dataset, all of them or an error.

What a spec says elsewhere is expected too: keys are unique and present, the
label and the time column have no gaps. So there is never a run without a check.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.dataset import Dataset, Expectation
from mlgitops.model.errors import GateFailed, SpecError
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.model.evidence import ExpectationResult, Validation
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ("validate",)
_SHOWN = 5


def inputs(run: RunContext) -> dict[str, str | None]:
    """The table, and what is expected of it."""
    return {
        "extract table": run.digest("extract", "table"),
        "spec expectations": spec_digest(_expectations(run)),
        "spec keys": spec_digest(run.dataset.keys),
    }


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Have every expectation evaluated and count what came back.

    Raises:
        SpecError: fewer or other expectations were evaluated than asked.
    """
    expectations = _expectations(run)
    answer = run.run_job(
        "validate",
        {
            "table": str(run.path("extract", "table")),
            "keys": list(run.dataset.keys),
            "expectations": [
                {"type": asked.type, "kwargs": asked.kwargs, "severity": asked.severity}
                for asked in expectations
            ],
        },
    )
    results: list[ExpectationResult] = answer["results"]
    if [result["type"] for result in results] != [asked.type for asked in expectations]:
        raise SpecError(
            f"{len(expectations)} expectations were asked and {len(results)} came back",
            hint="a check that is not evaluated must not pass: report this with the dataset's spec",
        )
    validation = folder / "validation.json"
    validation.write_text(json.dumps(count(results)))
    return {"validation": validation}


def accept(run: RunContext) -> None:
    """Stop before training on data that is not what it should be.

    Raises:
        SpecError: an expectation could not be evaluated.
        GateFailed: a critical expectation failed.
    """
    validation: Validation = run.json("validate", "validation")
    broken = [result for result in validation["results"] if result["status"] == "error"]
    if broken:
        raise SpecError(
            f"{len(broken)} of {validation['asked']} expectations could not be evaluated",
            hint=f"correct them in mlops/datasets/{run.dataset.name}.yaml",
            details=_lines(broken),
        )
    if validation["failed_critical"]:
        failed = [
            result
            for result in validation["results"]
            if result["status"] == "failed" and result["severity"] == "critical"
        ]
        raise GateFailed(
            f"the data of {run.dataset.name!r} fails {len(failed)} critical "
            f"expectation{'s' if len(failed) > 1 else ''}:\n{_lines(failed)}",
            hint="mend the data or its expectations; nothing was trained",
        )


def count(results: Sequence[ExpectationResult]) -> Validation:
    """The results with their counts."""
    failed = [result["severity"] for result in results if result["status"] == "failed"]
    return {
        "asked": len(results),
        "evaluated": sum(result["status"] != "error" for result in results),
        "passed": sum(result["status"] == "passed" for result in results),
        "failed_critical": failed.count("critical"),
        "failed_warning": len(failed) - failed.count("critical"),
        "results": list(results),
    }


def _expectations(run: RunContext) -> tuple[Expectation, ...]:
    return (*_implied(run.dataset, run.pipeline.label), *run.dataset.expectations)


def _implied(dataset: Dataset, label: str) -> tuple[Expectation, ...]:
    present = dict.fromkeys((*dataset.keys, *([dataset.time] if dataset.time else ()), label))
    checks = [
        Expectation("expect_column_values_to_not_be_null", {"column": column}, "critical")
        for column in present
    ]
    if len(dataset.keys) == 1:
        kwargs = {"column": dataset.keys[0]}
        checks.append(Expectation("expect_column_values_to_be_unique", kwargs, "critical"))
    elif dataset.keys:
        columns = {"column_list": list(dataset.keys)}
        checks.append(Expectation("expect_compound_columns_to_be_unique", columns, "critical"))
    return tuple(checks)


def _lines(results: Sequence[ExpectationResult]) -> str:
    return "\n".join(f"  {_line(result)}" for result in results)


def _line(result: ExpectationResult) -> str:
    column = f" on {result['column']}" if "column" in result else ""
    line = f"{result['type']}{column}: {result['reason']}"
    if result["rows"]:
        keys = "; ".join(
            ", ".join(f"{name}={value}" for name, value in row.items())
            for row in result["rows"][:_SHOWN]
        )
        line += f" (rows {keys}{' …' if len(result['rows']) > _SHOWN else ''})"
    return line
