"""`mlgitops run`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from mlgitops.cli.github import is_workflow, write_outputs, write_summary
from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError
from mlgitops.model.run import STEPS, Ruling

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring
    from mlgitops.usecases.run import Result

# Of the outputs for a workflow; the others are in the lines of the environments.
_FOR_PEOPLE = ("candidate", "version")


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
    from mlgitops.reports.walk import render_outcome, render_run
    from mlgitops.usecases.run import Order, run

    if arguments.no_worker:
        wiring.forbid_worker()
    order = Order(
        model=wiring.model(arguments.model, wiring.specs),
        first=arguments.first,
        last=arguments.last or STEPS[-1],
        sample=_rows(arguments.sample),
    )
    # Before any job: one could change what git says, and whom git runs.
    held = _held(wiring, order.model)
    result = run(order, wiring.specs, wiring, wiring, load_step)
    is_text = arguments.format == "text"
    if is_text:
        sys.stdout.write(f"{order.model}\n{render_run(result.record)}")
        sys.stdout.flush()
    rulings = _rulings(result, held)
    _publish_gates(wiring, result, rulings, is_shown=is_text)
    outcome = outcome_of(result, rulings)
    write_outputs(wiring.environ, "run", outcome)
    logs = {name: str(path) for name, path in result.context.logs.items()}
    if not is_text:
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        answer(documents.run(result.record, outcome, rulings, logs), result.error)
        return 0
    named = {name: value for name, value in outcome.items() if name in _FOR_PEOPLE}
    sys.stdout.write(render_outcome(order.model, named, rulings, logs.values()))
    if rulings and result.context.origin.dirty:
        sys.stdout.write("made with uncommitted changes: cannot be promoted\n")
    if result.error:
        raise result.error
    return 0


def outcome_of(result: Result, rulings: Sequence[Ruling]) -> dict[str, str]:
    """What came of a run, as far as it went; the verdict is the first environment's."""
    context, found = result.context, {}
    if rulings:
        from mlgitops.usecases.steps import gate

        first = rulings[0]
        found["candidate"] = short(gate.read_decision(context, first.environment).candidate)
        found["environment"] = first.environment
        found["verdict"] = first.verdict
        found["report"] = first.report
    if "register" in context.made:
        from mlgitops.usecases.steps import register

        found["version"] = str(register.version(context))
    return found


def _rows(asked: int | None) -> int:
    """How many rows to use, 0 for all.

    Raises:
        SpecError: no rows are asked for.
    """
    if asked is not None and asked < 1:
        raise SpecError(f"--sample {asked}: a model is made of at least one row")
    return asked or 0


def _held(wiring: Wiring, model: str) -> dict[str, Collection[str]]:
    """By environment, the candidates that `promote` refuses since they were rolled back.

    What this clone cannot tell is left out: a branch or history that is not here.
    """
    specs = wiring.specs
    released = [name for name in specs.environments if (name, model) in specs.releases]
    commit = wiring.repository.tip(specs.project.branch) if released else None
    if commit is None:
        return {}
    from mlgitops.model.state import Target
    from mlgitops.usecases.holds import held_candidates

    found: dict[str, Collection[str]] = {}
    for name in released:
        with suppress(SpecError):
            found[name] = held_candidates(wiring.repository, Target(name, model), commit)
    return found


def _rulings(result: Result, held: Mapping[str, Collection[str]]) -> tuple[Ruling, ...]:
    """What every environment's gates say, their reports published; empty before the gate."""
    context = result.context
    if "gate" not in context.made:
        return ()
    from mlgitops.usecases.steps import gate

    published, found = gate.publish_reports(context), []
    for environment in context.environments:
        name, places = environment.name, published[environment.name]
        decision = gate.read_decision(context, name)
        is_held = short(decision.candidate) in held.get(name, ())
        paths = (str(places.report), str(places.evidence))
        found.append(Ruling(name, str(decision.verdict), *paths, is_held))
    return tuple(found)


def _publish_gates(
    wiring: Wiring, result: Result, rulings: Sequence[Ruling], *, is_shown: bool
) -> None:
    """Put a new decision in the job's summary and annotate it, and draw it if *is_shown*."""
    judged = result.record.step("gate")
    if judged is None or not judged.is_new:
        return
    from mlgitops.cli.output import commands
    from mlgitops.reports import annotations, gate_table, markdown
    from mlgitops.usecases.steps import gate

    environment, is_held = rulings[0].environment, rulings[0].is_held
    evidence = gate.read_evidence(result.context, environment)
    decision = gate.read_decision(result.context, environment)
    if is_shown:
        gate_table.gates(wiring.console, evidence, decision, is_held=is_held)
    write_summary(wiring.environ, markdown.summary(evidence, decision, is_held=is_held))
    if is_workflow(wiring.environ):
        place = f"mlops/pipelines/{result.record.model}.yaml"
        # The runner reads commands on both; on standard output JSON stands alone.
        stream = sys.stdout if is_shown else sys.stderr
        commands(stream, annotations.gates(decision, file=place))
