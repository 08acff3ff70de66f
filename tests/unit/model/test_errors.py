from __future__ import annotations

import re

import pytest

from mlgitops.model import errors
from mlgitops.model.errors import MissingExtra, MlgitopsError, SpecError
from mlgitops.model.source import Diagnostic

KINDS = MlgitopsError.__subclasses__()


def test_every_kind_has_an_exit_code_of_its_own():
    codes = [kind.exit_code for kind in KINDS]

    assert len(set(codes)) == len(codes)
    assert not {0, 1, 130} & set(codes)


def test_the_tree_in_the_docstring_is_that_of_the_code():
    drawn = dict(re.findall(r"^[├└]─ (\w+)\s+(\d+)", errors.__doc__, flags=re.MULTILINE))

    assert drawn == {kind.__name__: str(kind.exit_code) for kind in KINDS}


def test_the_tree_is_one_level_deep():
    assert [kind for kind in KINDS if kind.__subclasses__()] == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not MissingExtra])
def test_an_error_says_what_is_wrong_and_what_to_do(kind):
    error = kind("the sky fell", hint="look up")

    assert (error.message, error.hint, str(error)) == ("the sky fell", "look up", "the sky fell")
    assert kind("no hint").hint is None


def test_a_missing_extra_says_how_to_install_it():
    error = MissingExtra("mlflow", extra="train")

    assert "'mlflow'" in error.message
    assert error.hint == "pip install 'mlgitops[train]'"


def test_a_missing_extra_may_speak_of_what_no_extra_brings():
    error = MissingExtra.saying("no boto3", hint="pip install boto3")

    assert (str(error), error.message, error.hint) == ("no boto3", "no boto3", "pip install boto3")
    assert error.exit_code == 7


def test_a_spec_error_keeps_its_diagnostics():
    problem = Diagnostic("SPEC101", "no such key")

    error = SpecError("two problems", diagnostics=[problem, problem], details="Traceback …")

    assert error.diagnostics == (problem, problem)
    assert error.details == "Traceback …"
    assert SpecError("none").diagnostics == ()
