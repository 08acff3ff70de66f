"""Damaged evidence and the built-in pack: a policy never passes what it reads in ruins.

What a policy reads is found in its compiled rules, so that a new policy is tried without a
word here. The documents go straight to the engine, past the schema that refuses most of them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from mlgitops.adapters.cel_engine import checked_tree, compilation
from mlgitops.adapters.cel_engine.checked_tree import Node
from mlgitops.adapters.cel_engine.program import Evaluation
from mlgitops.model.digest import canonical_json
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Kind, Policy
from mlgitops.model.verdict import Answer, Verdict
from mlgitops.policies.engine import gate_result
from mlgitops.policies.testing import Trial
from mlgitops.spec.evidence import decode, encode
from mlgitops.spec.expressions import SECTIONS
from mlgitops.spec.load import load_documents, read_builtin
from mlgitops.usecases.policy_cases import prepared

PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: empty}\n"
Place = tuple[str | int, ...]
ABSENT = object()
