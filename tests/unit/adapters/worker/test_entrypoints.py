from __future__ import annotations

import errno
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlgitops.adapters.worker import entrypoints
from mlgitops.model.errors import SpecError


@pytest.fixture(autouse=True)
def own_interpreter_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        del sys.modules[name]


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")


def test_a_function_is_found_below_the_root(tmp_path: Path):
    write(
        tmp_path, "flights_a/train.py", "import os\nplace = os.getcwd()\ndef train(): return place"
    )

    assert entrypoints.load(tmp_path, "flights_a.train:train")() == str(tmp_path)


@pytest.mark.parametrize(
    ("entrypoint", "message", "hint"),
    [
        ("absent_b:train", "no module 'absent_b' below", "repository's root"),
        ("present_b.absent:train", "no module 'present_b.absent' below", "repository's root"),
        ("presnt_b:train", "no module 'presnt_b' below", "did you mean 'present_b'?"),
        ("package_b.trian:fit", "no module 'package_b.trian'", "mean 'package_b.train'?"),
        ("plan_b.train:fit", "no module 'plan_b", "did you mean 'plain_b'?"),
        ("present_b:trian", "'present_b' has no 'trian'", "did you mean 'train'?"),
        ("present_b:fit_forest", "'present_b' has no 'fit_forest'", "it has train"),
        ("present_b:wakl", "'present_b' has no 'wakl'", "did you mean 'walk'?"),
        ("present_b:seed", "is a int, which cannot be called", None),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, entrypoint: str, message: str, hint: str | None):
    write(
        tmp_path, "present_b.py", "from os import walk\nseed = 1\ndef _own(): ...\ndef train(): ..."
    )
    write(tmp_path, "package_b/__init__.py", "")
    write(tmp_path, "package_b/train.py", "def fit(): ...")
    write(tmp_path, "plain_b/train.py", "def fit(): ...")

    with pytest.raises(SpecError, match=message) as caught:
        entrypoints.load(tmp_path, entrypoint)
    assert (hint or "") in (caught.value.hint or "")
    assert "walk," not in (caught.value.hint or "")


def test_a_package_that_the_users_module_lacks_keeps_its_traceback(tmp_path: Path):
    write(tmp_path, "needs_c.py", "import not_installed_anywhere")

    with pytest.raises(SpecError, match="No module named 'not_installed_anywhere'") as caught:
        entrypoints.load(tmp_path, "needs_c:train")
    assert 'needs_c.py", line 1' in (caught.value.details or "")


def test_a_syntax_error_shows_its_line(tmp_path: Path):
    write(tmp_path, "broken_d.py", "def train(:\n")

    with pytest.raises(SpecError, match="SyntaxError") as caught:
        entrypoints.load(tmp_path, "broken_d:train")
    assert "def train(:" in (caught.value.details or "")


def test_a_traceback_holds_the_users_frames_only(tmp_path: Path):
    write(tmp_path, "inner_e.py", "import json\ndef deep(): json.loads('{')")
    write(
        tmp_path,
        "outer_e.py",
        "import inner_e\n"
        "def train():\n"
        "    try:\n        inner_e.deep()\n"
        "    except ValueError as error:\n        raise KeyError('outer') from error\n",
    )
    function = entrypoints.load(tmp_path, "outer_e:train")

    with (
        pytest.raises(SpecError, match="'outer_e:train' raised: KeyError: 'outer'") as caught,
        entrypoints.user_code("'outer_e:train' raised", tmp_path),
    ):
        function()
    details = caught.value.details or ""
    assert 'inner_e.py", line 2, in deep' in details
    assert 'outer_e.py", line 6, in train' in details
    assert "direct cause" in details
    assert "entrypoints.py" not in details
    assert "json/" not in details


def test_leaving_python_is_an_error_like_others(tmp_path: Path):
    with (
        pytest.raises(SpecError, match=r"it called sys.exit\(3\)"),
        entrypoints.user_code("x", tmp_path),
    ):
        sys.exit(3)


def test_a_long_message_is_cut_to_one_short_line(tmp_path: Path):
    with (
        pytest.raises(SpecError) as caught,
        entrypoints.user_code("x", tmp_path),
    ):
        raise ValueError("a\nb " * 1000)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400


def test_our_own_refusals_pass_unchanged(tmp_path: Path):
    refusal = SpecError("no", hint="yes")
    with pytest.raises(SpecError) as caught, entrypoints.user_code("x", tmp_path):
        raise refusal
    assert caught.value is refusal


def test_a_call_that_the_signature_does_not_allow_is_refused():
    def function(x: int, *, seed: int, depth: int = 3) -> None: ...

    entrypoints.require_arguments(function, "f", 1, seed=2)
    with pytest.raises(SpecError, match="unexpected keyword argument 'dept'"):
        entrypoints.require_arguments(function, "f", 1, seed=2, dept=4)
    with pytest.raises(SpecError, match="missing a required"):
        entrypoints.require_arguments(function, "f", 1)


def test_classes_are_found_by_dotted_path(tmp_path: Path):
    assert entrypoints.load_class(tmp_path, "collections.OrderedDict").__name__ == "OrderedDict"
    with pytest.raises(SpecError, match="has no class 'OrderdDict'") as caught:
        entrypoints.load_class(tmp_path, "collections.OrderdDict")
    assert caught.value.hint == "did you mean 'OrderedDict'?"
    with pytest.raises(SpecError, match="cannot be imported"):
        entrypoints.load_class(tmp_path, "absent_f.Class")


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("collections.abcs.Mapping", "no module 'collections.abcs'", "mean 'collections.abc'?"),
        ("collections.abc.Maping", "no class 'Maping'", "did you mean 'Mapping'?"),
        ("collections.abc.Nothing_h", "has no class", "an estimator is a class"),
        ("absent_h.linear.Model", "no module 'absent_h'", "has to be installed"),
        (
            "os.system",
            "'os.system' is a builtin_function_or_method, not a class",
            "an estimator is",
        ),
        ("os.sep", "'os.sep' is a str, not a class", "for instance sklearn.linear_model.Ridge"),
    ],
)
def test_a_class_that_is_not_there_is_said_without_a_traceback(
    tmp_path: Path, path: str, message: str, hint: str
):
    with pytest.raises(SpecError, match=message) as caught:
        entrypoints.load_class(tmp_path, path)
    assert hint in (caught.value.hint or "")
    assert caught.value.details is None


def test_a_package_that_a_class_s_module_lacks_keeps_its_traceback(tmp_path: Path):
    write(tmp_path, "needs_i.py", "import not_installed_anywhere")

    with pytest.raises(SpecError, match="No module named 'not_installed_anywhere'") as caught:
        entrypoints.load_class(tmp_path, "needs_i.Model")
    assert 'needs_i.py", line 1' in (caught.value.details or "")


def test_a_full_disk_is_not_the_code_s_fault(tmp_path: Path):
    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        pytest.raises(OSError, match="No space left") as caught,
        entrypoints.user_code("x", tmp_path),
    ):
        raise full
    assert caught.value is full

    with pytest.raises(SpecError, match="FileNotFoundError"), entrypoints.user_code("x", tmp_path):
        raise FileNotFoundError(errno.ENOENT, "no such file")


def test_what_is_installed_below_the_root_is_nobody_s_own(tmp_path: Path):
    installed = Path(sysconfig.get_path("purelib"))
    root = installed.parents[2]

    assert entrypoints.is_users(f"{root}/shop/train.py", root)
    assert not entrypoints.is_users(f"{installed}/pandas/core.py", root)
    assert not entrypoints.is_users(entrypoints.__file__, Path(entrypoints.__file__).parents[3])
    assert not entrypoints.is_users("/elsewhere/train.py", root)
    assert not entrypoints.is_users(f"{root}2/train.py", root)


def test_the_user_s_imports_are_listed_relative_to_the_root(tmp_path: Path):
    write(tmp_path, "shop_g/__init__.py", "")
    write(tmp_path, "shop_g/train.py", "import helper_g\nimport json\ndef train(): pass")
    write(tmp_path, "helper_g.py", "")
    write(tmp_path, "unused_g.py", "")
    entrypoints.load(tmp_path, "shop_g.train:train")

    assert entrypoints.imported_files(tmp_path) == [
        "helper_g.py",
        "shop_g/__init__.py",
        "shop_g/train.py",
    ]


def test_a_traceback_leaves_out_what_is_installed_below_the_root(tmp_path: Path):
    # As if the environment, with us in it, lay in the user's repository.
    root = Path(entrypoints.__file__).parents[3]
    with pytest.raises(SpecError) as caught, entrypoints.user_code("x", root):
        entrypoints.load_class(root, "nothing")

    assert "entrypoints.py" not in (caught.value.details or "")
