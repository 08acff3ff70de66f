"""Reads every spec of a repository and says what is wrong, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlgitops.model.spec import Kind, Specs
from mlgitops.spec.load import load, read_builtin


@dataclass(frozen=True, slots=True)
class Checked:
    """The specs, none of them at fault, and the number of files of each kind there is.

    Built-in policies are among the specs, not among the files.
    """

    counts: Mapping[Kind, int]
    specs: Specs


def check(files: Mapping[str, str]) -> Checked:
    """Check *files*, texts by path in the repository; nothing is written.

    Raises:
        SpecError: all that the first phase with a fault found wrong.
    """
    builtin = read_builtin()
    specs = load(files, builtin)
    sizes = {
        Kind.PROJECT: 1,
        Kind.DATASET: len(specs.datasets),
        Kind.PIPELINE: len(specs.pipelines),
        Kind.POLICY: len(specs.policies) - len(builtin),
        Kind.ENVIRONMENT: len(specs.environments),
        Kind.RELEASE: len(specs.releases),
        Kind.WAIVER: len(specs.waivers),
    }
    return Checked({kind: size for kind, size in sizes.items() if size}, specs)
