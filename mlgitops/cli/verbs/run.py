"""`mlgitops run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlgitops.cli.github import write_outputs, write_summary
from mlgitops.model.digest import short
from mlgitops.model.run import STEPS

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring
    from mlgitops.usecases.run import Result


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", nargs="?", metavar="MODEL", help="default: the only pipeline")
    parser.add_argument(
        "--from",
        dest="first",
        choices=STEPS,
        metavar="STEP",
        help="make STEP and all after it anew, whatever is stored",
    )
    parser.add_argument(
        "--until", dest="last", choices=STEPS, metavar="STEP", help="stop after STEP"
    )
    parser.add_argument(
        "--sample",
        type=int,
        default=0,
        metavar="N",
        help="use N rows only, for a quick look; such a model can never be released",
    )
    parser.add_argument(
        "--no-worker",
        action="store_true",
        help="fail rather than start the user's code: for jobs that hold credentials",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Walk the pipeline and show what was done; a missed gate is the exit code."""
    from mlgitops.cli.wiring import load_step
    from mlgitops.reports.walk import render_run
    from mlgitops.usecases.run import Order, run

    if arguments.no_worker:
        wiring.forbid_worker()
    order = Order(
        model=wiring.model(arguments.model, wiring.specs),
        first=arguments.first,
        last=arguments.last or STEPS[-1],
        sample=arguments.sample,
    )
    result = run(order, wiring.specs, wiring, wiring, load_step)
    if arguments.format == "json":
        return _answer(wiring, result)
    sys.stdout.write(f"{order.model}\n{render_run(result.record)}")
    sys.stdout.flush()
    _publish_gates(wiring, result, is_shown=True)
    outcome = outcome_of(result)
    sys.stdout.write("".join(f"{name:<13}{value}\n" for name, value in outcome.items()))
    if "gate" in result.context.made and result.context.origin.dirty:
        sys.stdout.write("made with uncommitted changes: cannot be promoted\n")
    write_outputs(wiring.environ, "run", outcome)
    if result.error:
        raise result.error
    return 0


def _answer(wiring: Wiring, result: Result) -> int:
    from mlgitops.cli.answers import answer
    from mlgitops.reports import documents

    _publish_gates(wiring, result, is_shown=False)
    outcome = outcome_of(result)
    write_outputs(wiring.environ, "run", outcome)
    answer(documents.run(result.record, outcome), result.error)
    return 0


def outcome_of(result: Result) -> dict[str, str]:
    """What came of a run, as far as it went; the verdict is the first environment's."""
    context, found = result.context, {}
    if "gate" in context.made:
        from mlgitops.usecases.steps import gate

        environment = context.environments[0].name
        decision = gate.read_decision(context, environment)
        found["candidate"] = short(decision.candidate)
        found["environment"] = environment
        found["verdict"] = str(decision.verdict)
        found["report"] = str(gate.publish_reports(context)[environment])
    if "register" in context.made:
        from mlgitops.usecases.steps import register

        found["version"] = str(register.version(context))
    return found


def _publish_gates(wiring: Wiring, result: Result, *, is_shown: bool) -> None:
    """Put a new decision in the job's summary and annotate it, and draw it if *is_shown*."""
    judged = result.record.step("gate")
    if judged is None or judged.status != "ran":
        return
    from mlgitops.cli.output import commands
    from mlgitops.reports import annotations, markdown, terminal
    from mlgitops.usecases.steps import gate

    environment = result.context.environments[0].name
    evidence = gate.read_evidence(result.context, environment)
    decision = gate.read_decision(result.context, environment)
    if is_shown:
        terminal.gates(wiring.console, evidence, decision)
    write_summary(wiring.environ, markdown.summary(evidence, decision))
    if "GITHUB_ACTIONS" in wiring.environ:
        place = f"mlops/pipelines/{result.record.model}.yaml"
        # The runner reads commands on both; on standard output JSON stands alone.
        stream = sys.stdout if is_shown else sys.stderr
        commands(stream, annotations.gates(decision, file=place))
