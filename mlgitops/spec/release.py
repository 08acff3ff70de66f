"""Writes Release files. They are the bot's: nobody's comments are lost by writing them anew."""

from __future__ import annotations

from mlgitops.model.spec import Kind, Pin, Release
from mlgitops.spec.schemas import API_VERSION, file_name

_HEAD = f"""\
# yaml-language-server: $schema=https://mlgitops.dev/schemas/{file_name(Kind.RELEASE)}
# Written by mlgitops. Merging a change of this file is the release.
"""


def render(release: Release) -> str:
    """The whole file of *release*; equal releases give equal bytes."""
    return (
        f"{_HEAD}apiVersion: {API_VERSION}\n"
        f"kind: {Kind.RELEASE}\n"
        f"metadata:\n  name: {_quoted(release.model)}\n"
        f"spec:\n  environment: {_quoted(release.environment)}\n"
        f"{_pin('desired', release.desired)}{_pin('previous', release.previous)}"
    )


def _pin(key: str, pin: Pin | None) -> str:
    if pin is None:
        return f"  {key}: null\n"
    return (
        f"  {key}:\n"
        f"    version: {pin.version}\n"
        f"    candidate: {_quoted(pin.candidate)}\n"
        f"    manifest: {_quoted(pin.manifest)}\n"
        f"    evidence: {_quoted(pin.evidence)}\n"
    )


def _quoted(text: str) -> str:
    # Names and digests may look like numbers (`123456789012`, `1e10`); none holds a quote.
    return f'"{text}"'
