from __future__ import annotations

from typing import get_args

from mlgitops.model.sample_size import Basis
from tests.fakes.answers import schema


def test_the_schema_has_the_same_words():
    shape = schema("plan")["$defs"]["sample-size"]["properties"]

    assert tuple(shape["basis"]["enum"]) == get_args(Basis)
