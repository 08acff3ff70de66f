"""Hands results to a workflow: step outputs and the job's summary, when one runs us."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlgitops.model.errors import SpecError

_SUMMARY_BYTES = 900_000


def write_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Set the step's outputs; does nothing outside a workflow.

    A random delimiter keeps a value from setting outputs of its own.

    Raises:
        SpecError: a value holds the delimiter, which only an attack can bring about.
    """
    path = environ.get("GITHUB_OUTPUT")
    if not path:
        return
    delimiter = os.urandom(16).hex()
    lines = []
    for name, value in outputs.items():
        if delimiter in value:
            raise SpecError(f"the output {name!r} holds the delimiter of its own frame")
        lines.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write("".join(lines))


def write_summary(environ: Mapping[str, str], markdown: str) -> None:
    """Add to the job's summary, cut at a line's end where GitHub would refuse it."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    content = markdown.encode()
    if len(content) > _SUMMARY_BYTES:
        content = content[:_SUMMARY_BYTES].rpartition(b"\n")[0] + "\n\n… cut\n".encode()
    with Path(path).open("ab") as stream:
        stream.write(content)
