"""`mlgitops gate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.errors import MlgitopsError, SpecError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mlgitops.cli.wiring import Wiring
    from mlgitops.model.evidence import Evidence
    from mlgitops.model.spec import Specs
    from mlgitops.model.verdict import Decision

# No page is written: evidence may come from anywhere.
_ALL_REMEDIES = "--format markdown has them all"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help="judge its last run for one environment, without --env the first; "
        "default: the only pipeline",
    )
    judged.add_argument("--evidence", metavar="FILE", help="judge this evidence instead")
    parser.add_argument(
        "--env",
        dest="environment",
        metavar="ENV",
        help="judge the last run for this environment; default: the first of the chain",
    )
    parser.add_argument(
        "--at", metavar="REF", help="by the policies of this commit, not of the work tree"
    )
    parser.add_argument(
        "--now", metavar="TIME", help="as if it were then, e.g. 2026-12-01T08:00:00Z"
    )
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Judge, show every gate, and stop with the verdict's exit code.

    Raises:
        GateFailed: a gate failed, or could not be evaluated.
        Inconclusive: a gate could not decide.
        SpecError: there is no such evidence, or it is none.
    """
    from mlgitops.cli.moments import moment
    from mlgitops.model.verdict import context
    from mlgitops.usecases.gate import gate

    specs = wiring.specs_at(arguments.at) if arguments.at else wiring.specs
    evidence = _evidence(arguments, wiring, specs)
    now = moment(arguments.now) if arguments.now else wiring.clock.now()
    known = context(now, "gate", evidence["environment"])
    decision = gate(specs, evidence, engine=wiring.engine, context=known)
    others = _others(arguments, specs, evidence)
    _show(arguments.format, wiring, evidence, decision, others)
    return 0


def _others(arguments: argparse.Namespace, specs: Specs, evidence: Evidence) -> tuple[str, ...]:
    """The commands for the environments that nobody asked about; empty if one was named."""
    if arguments.evidence is not None or arguments.environment is not None:
        return ()
    import shlex

    given = {"--at": arguments.at, "--now": arguments.now}
    options = shlex.join(word for pair in given.items() if pair[1] for word in pair)
    model, judged = evidence["subject"]["model"], evidence["environment"]
    return tuple(
        f"For {one.name}: mlgitops gate {model} --env {one.name} {options}".rstrip()
        for one in specs.chain
        if one.name != judged
    )


def _show(
    form: str, wiring: Wiring, evidence: Evidence, decision: Decision, others: Sequence[str]
) -> None:
    error = _error(decision)
    if form == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.model.verdict import decision_document

        answer(decision_document(decision), error)
        return
    if form == "markdown":
        from mlgitops.reports import markdown

        sys.stdout.write(markdown.summary(evidence, decision))
    else:
        from mlgitops.reports import gate_table

        gate_table.gates(wiring.console, evidence, decision, rest=_ALL_REMEDIES)
        gate_table.steps(wiring.console, others)
    if error is not None:
        raise error


def _error(decision: Decision) -> MlgitopsError | None:
    from mlgitops.usecases.refusal import refuse_unless_open

    try:
        refuse_unless_open(decision, rest=_ALL_REMEDIES)
    except MlgitopsError as error:
        return error
    return None


def _evidence(arguments: argparse.Namespace, wiring: Wiring, specs: Specs) -> Evidence:
    if arguments.evidence is None:
        from mlgitops.usecases.judged import evidence_of_last_run

        model = wiring.model(arguments.model, specs)
        return evidence_of_last_run(wiring.store, specs, model, arguments.environment)
    if arguments.environment is not None:
        raise SpecError("the evidence says which environment it is for", hint="leave out --env")
    from mlgitops.spec import evidence

    return evidence.decode(_read(wiring.directory / arguments.evidence, evidence.LARGEST_BYTES))


def _read(path: Path, most: int) -> bytes:
    """The bytes of a file, at most one more than *most*."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise SpecError(
            f"the evidence {str(path)!r} cannot be read: {error.strerror or error}",
            hint="released evidence is mlops/evidence/<model>/<candidate>-<digest>.json",
        ) from error
