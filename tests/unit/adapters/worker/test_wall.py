from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

import mlgitops
from mlgitops.adapters.worker import wall
from mlgitops.adapters.worker.landlock import EVERYTHING, LIST, READ

TREE = {
    "/": ["home", "usr", "opt"],
    "/home": ["ada"],
    "/home/ada": [".aws", "shop"],
    "/home/ada/shop": [".git", ".mlgitops", "data", "shop", "fit.py"],
    "/home/ada/shop/.mlgitops": ["store", "work"],
    "/home/ada/shop/data": ["orders.csv", "cities.csv"],
    "/opt": ["venv", "tools"],
}
SHOP = Path("/home/ada/shop")
ANSWERS = (SHOP / ".git", SHOP / ".mlgitops", SHOP / "data/orders.csv")


def children(folder: Path) -> list[Path]:
    return [folder / name for name in TREE.get(str(folder), [])]


def readable(paths: Iterable[str | Path], withheld: Iterable[str | Path]) -> dict[str, str]:
    names = {READ: "read", LIST: "list", READ | LIST: "read"}
    found = wall.readable([*map(Path, paths)], frozenset(map(Path, withheld)), children)
    return {str(path): names[right] for path, right in found}


def test_a_folder_without_anything_withheld_is_granted_whole():
    assert readable(["/usr", "/opt"], ANSWERS) == {"/usr": "read", "/opt": "read"}


def test_of_a_folder_with_something_withheld_the_other_parts_are_granted():
    assert readable([SHOP], ANSWERS) == {
        "/home/ada/shop": "list",
        "/home/ada/shop/data/cities.csv": "read",
        "/home/ada/shop/shop": "read",
        "/home/ada/shop/fit.py": "read",
    }


def test_what_is_itself_withheld_is_not_granted():
    assert readable([SHOP], [SHOP]) == {}


def test_a_path_below_a_withheld_one_is_granted_if_it_is_named():
    table = SHOP / ".mlgitops/store/files/0a"

    assert readable([table], [SHOP, *ANSWERS]) == {str(table): "read"}


def test_a_withheld_file_within_a_named_path_stays_withheld():
    assert readable([SHOP / "data"], [SHOP, *ANSWERS]) == {
        "/home/ada/shop/data": "list",
        "/home/ada/shop/data/cities.csv": "read",
    }


def test_a_withheld_path_that_is_not_there_changes_nothing_else():
    found = readable(["/opt"], ["/opt/absent"])

    assert found == {"/opt": "list", "/opt/venv": "read", "/opt/tools": "read"}


def test_links_are_not_followed_when_a_folder_is_taken_apart(tmp_path: Path):
    for name in ("secret", "shop/.git"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "shop/code.py").touch()
    (tmp_path / "shop/link").symlink_to(tmp_path / "secret")
    access = {
        "readable": [f"{tmp_path}/shop"], "writable": [], "private": [],
        "withheld": [f"{tmp_path}/shop/.git"],
    }  # fmt: skip

    found = wall.rules(access, [])

    mine = {str(path.relative_to(tmp_path)) for path in found if path.is_relative_to(tmp_path)}
    assert mine == {"shop", "shop/code.py"}
    assert found[tmp_path / "shop"] == LIST


def test_a_source_behind_a_link_is_withheld_where_it_lies(tmp_path: Path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs/1").touch()
    (tmp_path / "blobs/2").touch()
    (tmp_path / "orders.csv").symlink_to("blobs/1")
    access = {
        "readable": [str(tmp_path)], "writable": [], "private": [],
        "withheld": [f"{tmp_path}/orders.csv"],
    }  # fmt: skip

    found = wall.rules(access, [])

    assert [p.name for p in found if p.parent == tmp_path / "blobs"] == ["2"]


@pytest.mark.parametrize("way", ["{}/shop", "{}/shop/", "{}/link", "{}/shop/x/..", "{}/./shop/."])
def test_a_path_is_the_same_however_it_is_written(tmp_path: Path, way: str):
    (tmp_path / "shop/x").mkdir(parents=True)
    (tmp_path / "shop/.git").mkdir()
    (tmp_path / "link").symlink_to("shop")
    shop = way.format(tmp_path)
    access = {"readable": [shop], "writable": [], "private": [], "withheld": [f"{shop}/.git"]}

    found = wall.rules(access, [])

    mine = {path.relative_to(tmp_path) for path in found if path.is_relative_to(tmp_path)}
    assert mine == {Path("shop"), Path("shop/x")}


def test_what_may_be_written_may_be_read_and_devices_are_few():
    access = {"readable": [], "writable": ["/w"], "private": [], "withheld": []}
    found = wall.rules(access, [])

    assert found[Path("/w")] == EVERYTHING
    assert found[Path("/dev/null")] == EVERYTHING
    assert not {"/dev", "/dev/tty", "/dev/mem", "/dev/sda"} & {str(path) for path in found}


def test_a_device_may_be_withheld():
    access = {"readable": [], "writable": [], "private": [], "withheld": []}

    assert Path("/dev/null") in wall.rules(access, [])
    assert Path("/dev/null") not in wall.rules({**access, "withheld": ["/dev/null"]}, [])


def test_python_may_not_read_what_is_private_even_if_it_is_on_its_path(tmp_path: Path):
    (tmp_path / "home/venv").mkdir(parents=True)
    (tmp_path / "home/.aws").mkdir()
    home = str(tmp_path / "home")
    access = {"readable": [], "writable": [], "withheld": [], "private": [home]}

    found = wall.rules(access, [tmp_path / "home", tmp_path / "home/venv"])

    assert {path.name for path in found if path.is_relative_to(tmp_path)} == {"venv"}


def test_the_repository_may_be_the_home():
    access = {"readable": ["/app"], "writable": [], "withheld": [], "private": ["/app"]}

    assert Path("/app") in wall.rules(access, [])


def test_python_is_found_wherever_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    hook = ModuleType("__editable___shop_1_0_finder")
    hook.MAPPING = {"shop": str(tmp_path / "src/shop")}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, hook.__name__, hook)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "libs"), ""])
    monkeypatch.chdir(tmp_path)
    environment = {"PATH": f"{tmp_path}/bin::tools", "LD_LIBRARY_PATH": f"{tmp_path}/cuda"}

    found = wall.python_paths(environment)

    assert {tmp_path / name for name in ("src/shop", "libs", "bin", "cuda")} <= {*found}
    assert {Path(sys.prefix).resolve(), Path(os.__file__).resolve().parent} <= {*found}
    assert Path(mlgitops.__path__[0]).resolve() in found
    assert not {tmp_path, tmp_path / "tools", Path("/")} & {*found}
