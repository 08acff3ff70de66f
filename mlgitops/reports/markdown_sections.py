"""Gates, data, model and lineage as lines of Markdown.

Every value from data goes through `code` or `prose`; the rest is our own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlgitops.model.digest import short
from mlgitops.model.evidence import Evidence, ExpectationResult, SplitPart
from mlgitops.model.verdict import Decision
from mlgitops.reports.comparison import strength_scale
from mlgitops.reports.data_facts import data_facts
from mlgitops.reports.escaping import code, prose
from mlgitops.reports.gate_numbers import numbers_grid
from mlgitops.reports.markdown_facts import fact_rows, folds
from mlgitops.reports.markdown_tables import ABSENT, ICONS, folded, row
from mlgitops.reports.model_facts import model_facts
from mlgitops.reports.numbers import count, number, percent
from mlgitops.reports.stops import sentences
from mlgitops.reports.verdicts import few, gate_lines

_MOST_ITEMS = 40
_MOST_KEYS = 5


def gates(evidence: Evidence, decision: Decision) -> Iterator[str]:
    """One row per gate, the most urgent first, and folded the numbers that they judged."""
    lines = gate_lines(decision)
    if not lines:
        yield "No policy is bound, so nothing was judged."
        return
    yield "| Verdict | Gate | Level | Why |"
    yield "|:--|:--|:--|:--|"
    for line in lines:
        todo = f" **To do:** {prose(sentences(line.remediation))}" if line.remediation else ""
        parameters = f" ({code(line.parameters)})" if line.parameters else ""
        yield row(
            f"{ICONS[line.tone]} {line.label}",
            f"{code(line.policy)}{parameters}",
            f"{line.level}, {prose(line.onset)}" if line.onset else line.level,
            " ".join(map(prose, (sentences([one]) for one in (*line.why, *few(line.findings)))))
            + todo,
        )
    grid = numbers_grid(evidence, decision)
    if grid.rows:
        yield from folds([grid])


def data(evidence: Evidence) -> Iterator[str]:
    """Dataset, expectations, split and signs of leakage."""
    record, leakage = evidence["data"], evidence["leakage"]
    checks, split = record["validation"], record["split"]
    by = f" by {code(split['column'])}" if "column" in split else ""
    late = ", ".join(map(code, leakage["after_the_fact"])) or "none"
    yield "| | |"
    yield "|:--|:--|"
    yield row("Dataset", f"{code(record['dataset'])} {code(short(record['digest']))}")
    yield row("Rows", f"{count(record['rows'])}, label {code(record['label'])}, {_window(record)}")
    yield row("Split", f"{code(split['strategy'])}{by}; {count(split['shared_rows'])} shared rows")
    yield row("Train", _part(split["train"]))
    yield row("Holdout", _part(split["holdout"]))
    yield row(
        "Expectations",
        f"{checks['evaluated']} of {checks['asked']} evaluated, {checks['passed']} passed, "
        f"{checks['failed_critical']} critical and {checks['failed_warning']} warning failed",
    )
    yield row("Used, but known only afterwards", late)
    yield row(
        "Holdout rows also in train",
        f"{count(leakage['duplicate_rows'])} ({percent(leakage['duplicate_share'])})",
    )
    strongest = [f"{code(f['column'])} {number(f['auc'])}" for f in leakage["features"][:5]]
    scale = strength_scale(evidence["subject"]["task"])
    yield row(f"Strongest single columns ({scale})", ", ".join(strongest) or "not computed")
    told = data_facts(evidence)
    yield from fact_rows(told.facts)
    failed = [result for result in checks["results"] if result["status"] != "passed"]
    if failed:
        yield ""
        yield from folded(f"{count(len(failed), 'expectation')} not passed", _failures(failed))
    yield from folds(told.grids)


def _window(record: Mapping[str, object]) -> str:
    window = record.get("window")
    if not isinstance(window, Mapping):
        return "no time column"
    first, last = (str(window[end])[:16].replace("T", " ") for end in ("first", "last"))
    return f"{code(first)} to {code(last)}"


def _part(part: SplitPart) -> str:
    positives = part.get("positives")
    share = (
        f", {percent(positives / part['rows'])} positive"
        if positives is not None and part["rows"]
        else ""
    )
    return f"{count(part['rows'], 'row')}{share}, {_window(part)}, {code(short(part['digest']))}"


def _failures(results: Sequence[ExpectationResult]) -> Iterator[str]:
    yield "| Result | Expectation | Severity | Rows failing | Reason | Keys of failing rows |"
    yield "|:--|:--|:--|--:|:--|:--|"
    for result in results:
        column = f" {code(result['column'])}" if "column" in result else ""
        failing = result["rows"][:_MOST_KEYS]
        keys = [", ".join(f"{key}={value}" for key, value in keyed.items()) for keyed in failing]
        yield row(
            code(result["status"]),
            f"{code(result['type'])}{column}",
            code(result["severity"]),
            f"{count(result['unexpected_rows'])} of {count(result['evaluated_rows'])}",
            prose(result["reason"]) or ABSENT,
            ", ".join(map(code, keys)) or ABSENT,
        )


def model(evidence: Evidence) -> Iterator[str]:
    """What the model is made of, and what serving it depends on."""
    columns = [f"{column['name']}: {column['type']}" for column in evidence["subject"]["inputs"]]
    told = model_facts(evidence)
    yield "| | |"
    yield "|:--|:--|"
    yield row("Task", code(evidence["subject"]["task"]))
    yield from fact_rows(told.facts)
    yield ""
    yield from folded(count(len(columns), "input column"), [_listed(columns)])
    yield from folds(told.grids)


def lineage(evidence: Evidence, decision: Decision) -> Iterator[str]:
    """Digests and origin of everything."""
    inputs, producer, subject = evidence["inputs"], evidence["producer"], evidence["subject"]
    dirty = ", with uncommitted changes" if producer["dirty"] else ""
    versions = [f"{name} {version}" for name, version in sorted(producer["versions"].items())]
    parts = (
        ("spec", inputs["spec"]),
        ("code", inputs["code"]),
        ("data", inputs["data"]),
        ("parameters", inputs["params"]),
        ("environment", inputs["environment"]),
    )
    yield "| | |"
    yield "|:--|:--|"
    yield row("Commit", f"{code(producer['commit'][:12])}{dirty}")
    yield row("Inputs", f"{code(short(inputs['digest']))}, seed {inputs['seed']}")
    yield row("Made of", ", ".join(f"{name} {code(short(value))}" for name, value in parts))
    yield row("Candidate", code(short(subject["candidate"])))
    yield row("Model files", code(short(subject["manifest"])))
    yield row("Evidence", code(short(decision.evidence)))
    yield row("Scores", code(short(evidence["scores"])))
    yield row("Made by", f"{code(producer['actor'])}, trigger {code(producer['trigger'])}")
    yield row("Workflow", code(producer["workflow"]))
    yield row("Sandbox", code(producer["sandbox"]))
    sample = producer["sample"]
    yield row("Rows used", f"a sample of {count(sample)}" if sample else "all")
    yield row("Versions", _listed(versions))


def _listed(values: Sequence[str]) -> str:
    more = len(values) - _MOST_ITEMS
    shown = ", ".join(map(code, values[:_MOST_ITEMS])) or "none recorded"
    return f"{shown} and {count(more)} more" if more > 0 else shown
