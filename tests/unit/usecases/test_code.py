from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import MetricFunction
from mlgitops.usecases.code import code_of, code_paths, functions_code
from mlgitops.usecases.context import RunContext
from tests.fakes.laboratory import Laboratory


def context(root: Path, code: tuple[str, ...]) -> RunContext:
    made = Laboratory.create(root).context(until="extract")
    made.pipeline = replace(made.pipeline, train=replace(made.pipeline.train, code=code))
    return made


def test_every_file_of_the_code_is_an_input(tmp_path: Path) -> None:
    found = code_of(context(tmp_path, ("shop", "fit")))

    assert list(found) == [
        "code shop/__init__.py", "code shop/features.py", "code shop/train.py", "code fit.py",
    ]  # fmt: skip
    assert found["code shop/__init__.py"] == digest_of_bytes(b"")


def test_without_code_there_is_none(tmp_path: Path) -> None:
    assert code_of(context(tmp_path, ())) == {}


@pytest.mark.parametrize(
    ("name", "path"),
    [("shop", "shop"), ("fit", "fit.py"), ("fit.py", "fit.py"), ("shop/train.py", "shop/train.py")],
)
def test_the_name_of_a_module_becomes_its_file(tmp_path: Path, name: str, path: str) -> None:
    assert code_paths(context(tmp_path, (name,))) == [path]


def test_a_module_comes_before_a_folder_that_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "fit").mkdir()
    (tmp_path / "fit" / "notes.txt").write_text("")

    assert code_paths(context(tmp_path, ("fit",))) == ["fit.py"]


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"entrypoint": "shp.train:train"}, "the entry point 'shp.train:train' names 'shp'"),
        ({"entrypoint": "shop.train:train"}, "`train.code` names 'shp'"),
        ({"entrypoint": None, "command": ("python", "shp")}, "the command names 'shp'"),
    ],
)
def test_code_that_is_not_there_is_said_by_who_names_it(
    tmp_path: Path, train: dict[str, Any], message: str
) -> None:
    run = context(tmp_path, ("shp",))
    run.pipeline = replace(run.pipeline, train=replace(run.pipeline.train, **train))

    with pytest.raises(SpecError, match=re.escape(message)) as caught:
        code_of(run)

    assert caught.value.hint == "did you mean 'shop'?"


def measuring(root: Path, *entrypoints: str) -> RunContext:
    made = Laboratory.create(root).context(until="extract")
    functions = tuple(
        MetricFunction(f"f{place}", entrypoint, "maximize")
        for place, entrypoint in enumerate(entrypoints)
    )
    evaluate = replace(made.pipeline.evaluate, functions=functions)
    made.pipeline = replace(made.pipeline, evaluate=evaluate)
    return made


def test_the_code_of_metric_functions_is_no_code_of_the_training(tmp_path: Path) -> None:
    (tmp_path / "money").mkdir()
    (tmp_path / "money" / "sums.py").write_text("")
    run = measuring(tmp_path, "money.sums:profit", "fit:loss", "money.sums:cost")

    assert list(functions_code(run)) == ["function code money/sums.py", "function code fit.py"]
    assert all(name.startswith("code shop/") for name in code_of(run))


def test_without_metric_functions_there_is_no_code_of_theirs(tmp_path: Path) -> None:
    assert functions_code(measuring(tmp_path)) == {}


def test_a_metric_function_that_is_not_there_is_named(tmp_path: Path) -> None:
    message = "the metric function 'mony:profit' names 'mony', which is not in the repository"
    with pytest.raises(SpecError, match=re.escape(message)):
        functions_code(measuring(tmp_path, "mony:profit"))
