"""Makes the cases of a policy's test ready to be judged; says which of them test nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlgitops.model.errors import SpecError
from mlgitops.model.policy import Policy, PolicyTest
from mlgitops.model.source import Diagnostic
from mlgitops.policies import testing
from mlgitops.policies.testing import Trial
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.documents import Document
from mlgitops.spec.evidence_shape import gap
from mlgitops.spec.problems import nearest, refusal, shown
from mlgitops.spec.yaml_tree import Path

if TYPE_CHECKING:
    from mlgitops.model.spec import EvidenceReader

_EXAMPLE = "example"


def prepared(document: Document, policy: Policy, read: EvidenceReader) -> tuple[Trial, ...]:
    """Every case of the test *document* for *policy*; *read* gives the JSON file it names.

    Raises:
        SpecError: all that is wrong: evidence that cannot be read, a change that changes
            nothing, a key that evidence never has, a case that is there twice.
    """
    test = document.spec
    assert isinstance(test, PolicyTest)  # noqa: S101 - its kind says so
    evidence = _evidence(document, test, read)
    faults: list[Diagnostic] = []
    trials: list[Trial] = []
    for index, case in enumerate(test.cases):
        place: Path = ("spec", "cases", index)
        changed, unmade = testing.changed(evidence, case)
        made = testing.trial(policy, test, case, changed)
        found = [_nothing(document, place, path, why) for path, why in unmade]
        unset = {path for (key, path), _ in unmade if key == "set"}
        added = [path for path in testing.created(evidence, case) if path not in unset]
        found += _unknown_keys(document, place, added)
        # What could not be changed makes cases equal that were meant to differ.
        faults += found or _twins(document, place, made, trials)
        trials.append(made)
    faults += _without_value(document, policy, trials)
    if faults:
        raise refusal(faults)
    return tuple(trials)


def _evidence(document: Document, test: PolicyTest, read: EvidenceReader) -> Mapping[str, Any]:
    if test.evidence == _EXAMPLE:
        return evidence_file.example()
    content = read(test.evidence)
    path = ("spec", "evidence")
    if content is None:
        message = f"there is no file {shown(test.evidence)}"
        hint = f"write `{_EXAMPLE}`, or the path of a JSON file from the repository's root"
        raise refusal([document.fault("TEST401", path, message, hint)])
    try:
        return evidence_file.decode(content)
    except SpecError as error:
        hint = "copy a document of mlops/evidence, and leave the changes to the cases"
        raise refusal([document.fault("TEST401", path, error.message, hint)]) from error


def _nothing(document: Document, place: Path, path: Path, why: str) -> Diagnostic:
    hint = "correct the path or the value, or remove the change"
    return document.fault("TEST402", (*place, *path), why, hint)


def _unknown_keys(document: Document, place: Path, added: Sequence[str]) -> Iterator[Diagnostic]:
    """Keys that the case has *added* and that no evidence has, which no policy will ever read."""
    for path in added:
        steps = testing.steps(path)
        found = gap(steps)
        if found is not None:
            near = nearest(steps[found.at], found.known)
            hint = "docs/policies.md lists the sections; what is your own stands under `ext`"
            hint = f'did you mean "{near}"?' if near else hint
            message = f"evidence has no {path}"
            yield document.fault("TEST403", (*place, "set", path), message, hint)


def _without_value(
    document: Document, policy: Policy, trials: Sequence[Trial]
) -> Iterator[Diagnostic]:
    """Parameters that some case has no value for, each once: at the first such case."""
    for parameter in policy.parameters:
        name = parameter.name
        lacking = [i for i, one in enumerate(trials) if name not in one.bound.parameters]
        if lacking:
            cases = "this case" if len(lacking) == 1 else f"this and {len(lacking) - 1} more cases"
            message = f"the parameter {shown(name)} has no value in {cases}"
            hint = f"add `with: {{{name}: …}}`: a test has no pipeline to take it from"
            yield document.fault("TEST404", ("spec", "cases", lacking[0], "name"), message, hint)


def _twins(
    document: Document, place: Path, made: Trial, before: list[Trial]
) -> Iterator[Diagnostic]:
    for other in before:
        if (other.variables, other.bound) == (made.variables, made.bound):
            message = f"nothing differs from the case {shown(other.case.name)}"
            hint = "change something, or keep one of the two"
            yield document.fault("TEST402", (*place, "name"), message, hint)
            return
