"""The one way in which a number cannot be computed."""

from __future__ import annotations


class Undefined(ValueError):
    """The rows do not determine the number: no rows, one class only, or the like.

    The caller leaves the number out of the evidence; a stand-in could pass a gate.
    """
