"""Reads every spec of a repository and says what is wrong, with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlgitops.model.attestation import NOBODY, Trust
from mlgitops.model.spec import EvidenceReader, Kind, Specs
from mlgitops.policies.messages import fields
from mlgitops.spec import expressions, keys, margins, proof, registry_files
from mlgitops.spec.load import load, read_builtin
from mlgitops.spec.placement import PROJECT_FILE
from mlgitops.spec.problems import refusal
from mlgitops.spec.readings import SECTIONS

if TYPE_CHECKING:
    from mlgitops.model.source import Diagnostic
    from mlgitops.ports import ExpressionEngine


@dataclass(frozen=True, slots=True)
class Checked:
    """The specs, none of them at fault, and the number of files of each kind there is.

    Built-in policies are among the specs, not among the files. *warnings* are of what is
    right and may not be meant.
    """

    counts: Mapping[Kind, int]
    specs: Specs
    warnings: tuple[Diagnostic, ...] = ()


def check(
    files: Mapping[str, str],
    evidence: EvidenceReader,
    engine: ExpressionEngine,
    tracks: Callable[[str], bool],
    tracked_with: Callable[[Sequence[str]], Mapping[str, int]],
    trust: Trust = NOBODY,
) -> Checked:
    """Check *files*, texts by path in the repository; nothing is written.

    *engine* compiles the expressions of the repository's own policies. *evidence*
    reads what Releases pin; that a Release is proven is part of the check. Whether
    its gates were open is not: policies are not run here. *tracks* says whether git
    has something at a path, where the registry should not be, and *tracked_with* in which
    files it has each of some texts, as private keys do, and at which line. Signatures count
    by the keys of *trust*, which are of the tree that is checked.

    Raises:
        SpecError: all that the first phase with a fault found wrong.
        MissingExtra: there are such policies, and nothing that compiles them, or there are
            signatures, and nothing that verifies them.
    """
    builtin = read_builtin()
    specs = load(files, builtin, evidence=evidence, trust=trust)
    _refuse(_expressions(specs, files, engine))
    trusted = trust.keys()
    _refuse(keys.check(specs.project, files[PROJECT_FILE], trusted))
    if trusted:  # else a key signs nothing here
        _refuse(keys.leaks(tracked_with))
    _refuse(proof.check(specs, files))
    _refuse(registry_files.check(specs.project, files[PROJECT_FILE], tracks))
    sizes = {
        Kind.PROJECT: 1,
        Kind.DATASET: len(specs.datasets),
        Kind.PIPELINE: len(specs.pipelines),
        Kind.POLICY: len(specs.policies) - len(builtin),
        Kind.ENVIRONMENT: len(specs.environments),
        Kind.RELEASE: len(specs.releases),
        Kind.WAIVER: len(specs.waivers),
        Kind.POLICY_TEST: len(specs.policy_tests),
    }
    counts = {kind: size for kind, size in sizes.items() if size}
    return Checked(counts, specs, tuple(margins.check(specs, files)))


def _expressions(
    specs: Specs, files: Mapping[str, str], engine: ExpressionEngine
) -> Iterator[Diagnostic]:
    written = list(expressions.written(specs, files, fields))
    compiled = engine.compile(SECTIONS, [one.expression for one in written])
    return expressions.faults(written, compiled)


def _refuse(problems: Iterable[Diagnostic]) -> None:
    found = list(problems)
    if found:
        raise refusal(found)
