"""What a run did, as lines that line up; no package is imported for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlgitops.model.digest import short
from mlgitops.model.run import InputChange, Ruling, RunRecord, StepRecord

_REASONS = {
    "first": "its first run here",
    "forced": "asked for by --from",
    "not-stored": "same inputs as last time, but its outputs are not in the store",
    "never-cached": "reads a source whose content only a query can tell",
    "unchanged": "every input is as it was",
    "no-inputs": "one of its inputs cannot be read",
}
_DIGEST = "sha256:"
_SHOWN = 3
_NARROWEST = len("candidate")
_WIDEST = 80


def render_run(record: RunRecord) -> str:
    """One line a step: what happened, how long its work takes, and why."""
    return "".join(f"{_step(step)}\n" for step in record.steps)


def _step(step: StepRecord) -> str:
    """One line, or several where 80 columns do not hold it; no name is cut in two."""
    begun = f"  {step.name:<9} {step.status:<7} {_seconds(step):>7}  "
    line = begun + why(step)
    if len(line) <= _WIDEST:
        return line
    import textwrap  # rarely needed: a run with nothing to do has no such line

    return textwrap.fill(
        line,
        _WIDEST,
        subsequent_indent=" " * len(begun),
        break_long_words=False,
        break_on_hyphens=False,
    )


def render_step(step: StepRecord) -> str:
    """Everything that is known of why a step ran or was skipped."""
    lines = [f"{step.name}: {step.status}, {_REASONS.get(step.because, 'an input changed')}"]
    lines += [f"  {line}" for line in map(_change, step.changes)]
    if step.failure:
        from mlgitops.reports.harmless import quoted

        lines += ["failure", quoted(step.failure)]
    lines.append("inputs")
    lines += [f"  {name:<28} {_value(value)}" for name, value in sorted(step.inputs.items())]
    if step.outputs:
        lines.append("outputs")
        lines += [f"  {name:<28} {_value(value)}" for name, value in sorted(step.outputs.items())]
    return "\n".join(lines) + "\n"


def render_outcome(
    model: str, found: Mapping[str, str], rulings: Sequence[Ruling], logs: Iterable[str]
) -> str:
    """Names and values in two columns, what every environment says, and where files lie.

    For each environment that did not pass it has the command that shows why.
    """
    verdicts = {one.environment: _verdict(one) for one in rulings}
    widest = max(map(len, verdicts.values()), default=0)
    rows = [
        *found.items(),
        *((one.environment, f"{verdicts[one.environment]:<{widest}}  {one.report}")
          for one in rulings),
        *(("why", f"mlgitops gate {model} --env {one.environment}")
          for one in rulings if one.verdict != "pass"),
        *(("evidence", one.evidence) for one in rulings),
        *(("log", path) for path in logs),
    ]  # fmt: skip
    width = max([_NARROWEST, *(len(name) for name, _ in rows)])
    return "".join(f"{name:<{width}}  {value}\n" for name, value in rows)


def _verdict(ruling: Ruling) -> str:
    return f"{ruling.verdict}, but held: rolled back there" if ruling.is_held else ruling.verdict


def why(step: StepRecord) -> str:
    """One phrase: the inputs that changed, or why else."""
    if step.because != "input-changed":
        return _REASONS[step.because]
    named = [change.name for change in step.changes]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return f"changed: {', '.join(named[:_SHOWN])}{more}"


def _change(change: InputChange) -> str:
    return f"{change.name}: {_value(change.before)} → {_value(change.after)}"


def _value(value: str | None) -> str:
    if value is None:
        return "(none)"
    return short(value) if value.startswith(_DIGEST) else value


def _seconds(step: StepRecord) -> str:
    return f"{step.seconds:.1f} s" if step.status == "ran" else ""
