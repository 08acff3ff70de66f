from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops import folders
from mlgitops.adapters.step_store import LocalStepStore
from mlgitops.model.digest import digest, digest_of_bytes
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.run import RunRecord

KEY = digest("key")


class Shop:
    """A store in a repository, and outputs made for it as a step makes them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.base = root / ".mlgitops"
        self.store = LocalStepStore(self.base, root)

    def save(self, *, file: bytes = b"table", folder: bytes = b"weights", key: str = KEY) -> Any:
        with self.store.workspace() as work:
            (work / "table.parquet").write_bytes(file)
            (work / "model" / "code").mkdir(parents=True)
            (work / "model" / "model.pkl").write_bytes(folder)
            (work / "model" / "code" / "a.py").write_bytes(b"A = 1\n")
            outputs = {"table": work / "table.parquet", "model": work / "model"}
            return self.store.save(key, outputs, 1.5)

    @property
    def step_record(self) -> Path:
        return self.base / "store" / "steps" / f"{KEY.removeprefix('sha256:')}.json"

    @property
    def found(self) -> Any:
        return self.store.find(KEY)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_what_was_saved_is_found_by_content(shop: Shop) -> None:
    saved = shop.save()

    assert shop.found == saved
    assert saved.seconds == 1.5
    assert saved.outputs["table"].path.read_bytes() == b"table"
    assert saved.outputs["table"].digest == digest_of_bytes(b"table")
    model = saved.outputs["model"]
    assert (model.path / "code" / "a.py").read_bytes() == b"A = 1\n"
    assert model.digest == folders.manifest(model.path).digest
    assert shop.store.folder(model.digest) == model.path


def test_nothing_is_found_under_another_key(shop: Shop) -> None:
    shop.save()

    assert shop.store.find(digest("another")) is None
    assert shop.store.folder(digest("another")) is None


def test_equal_outputs_of_two_steps_are_kept_once(shop: Shop) -> None:
    one, other = shop.save(), shop.save(key=digest("other"))

    assert one.outputs == other.outputs
    assert len(list((shop.base / "store" / "files").iterdir())) == 1
    assert len(list((shop.base / "store" / "folders").iterdir())) == 1


def flip(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def make_link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [flip, Path.unlink, make_link, make_pipe, make_folder])
def test_a_damaged_file_counts_as_absent(shop: Shop, damage: Callable[[Path], None]) -> None:
    saved = shop.save()
    damage(saved.outputs["table"].path)

    assert shop.found is None

    assert shop.save().outputs == saved.outputs
    assert shop.found == saved
    assert saved.outputs["table"].path.read_bytes() == b"table"


def add_file(model: Path) -> None:
    (model / "more.py").write_bytes(b"")


def add_link(model: Path) -> None:
    (model / "link").symlink_to("model.pkl")


def swap_files(model: Path) -> None:
    (model / "model.pkl").rename(model / "x")
    (model / "code" / "a.py").rename(model / "model.pkl")
    (model / "x").rename(model / "code" / "a.py")


@pytest.mark.parametrize(
    "damage",
    [
        lambda model: flip(model / "model.pkl"),
        lambda model: (model / "model.pkl").unlink(),
        add_file,
        add_link,
        swap_files,
        make_link,
    ],
)
def test_a_damaged_folder_counts_as_absent(shop: Shop, damage: Callable[[Path], None]) -> None:
    saved = shop.save()
    model = saved.outputs["model"]
    damage(model.path)

    assert shop.found is None
    assert shop.store.folder(model.digest) is None

    shop.save()
    assert shop.found == saved


def test_two_files_that_changed_places_count_as_absent(shop: Shop) -> None:
    one, other = shop.save(), shop.save(file=b"other", key=digest("other"))
    a, b = (step.outputs["table"].path for step in (one, other))
    a.write_bytes(b"other")
    b.write_bytes(b"table")

    assert shop.found is None
    assert shop.store.find(digest("other")) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
)
RECORDS = JSON | st.fixed_dictionaries(
    {}, optional={"outputs": JSON | st.dictionaries(st.text(max_size=3), JSON), "seconds": JSON}
)


@given(record=RECORDS)
def test_a_damaged_record_is_no_error(
    tmp_path_factory: pytest.TempPathFactory, record: Any
) -> None:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.save()
    shop.step_record.write_text(json.dumps(record))

    found = shop.found

    assert found is None or found.outputs == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        b'{"outputs": {"table": {"kind": "files", "digest": "0"}}, "seconds": 1%s}' % (b"0" * 400),
        b'{"outputs": {"table": {"kind": "\\u0000", "digest": "\\ud800"}}, "seconds": 1}',
    ],
    ids=["empty", "cut", "no text", "deep", "no outputs", "for ever", "no path"],
)
def test_a_torn_record_is_no_error(shop: Shop, content: bytes) -> None:
    shop.save()
    shop.step_record.write_bytes(content)

    assert shop.found is None


def test_an_output_that_is_a_link_is_refused(shop: Shop) -> None:
    secret = shop.root / "secret"
    secret.mkdir()
    with shop.store.workspace() as work:
        (work / "model").symlink_to(secret)
        with pytest.raises(SpecError, match="'model' is a link"):
            shop.store.save(KEY, {"model": work / "model"}, 1.0)

    assert shop.found is None
    assert secret.is_dir()


def test_a_link_in_an_output_is_refused(shop: Shop) -> None:
    with shop.store.workspace() as work:
        (work / "model").mkdir()
        (work / "model" / "evil").symlink_to("/etc/passwd")
        with pytest.raises(SpecError, match="evil is a link"):
            shop.store.save(KEY, {"model": work / "model"}, 1.0)

    assert shop.found is None


def test_a_workspace_is_new_and_gone_afterwards(shop: Shop) -> None:
    with shop.store.workspace() as one, shop.store.workspace() as other:
        (one / "file").write_text("")

        assert one != other
        assert list(other.iterdir()) == []

    assert not one.exists()
    assert not other.exists()


def test_a_workspace_is_gone_after_a_failure(shop: Shop) -> None:
    with pytest.raises(KeyError), shop.store.workspace() as work:
        raise KeyError

    assert not work.exists()


def test_the_store_is_hidden_from_git(shop: Shop) -> None:
    shop.store.scratch()

    assert (shop.base / ".gitignore").read_text() == "*\n"


def test_many_may_save_the_same_at_once(shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda _: shop.save(), range(40)))

    assert all(step.outputs == saved[0].outputs for step in saved)
    assert shop.found.outputs == saved[0].outputs


def save_empty(shop: Shop) -> None:
    with shop.store.workspace() as work:
        (work / "small").touch()
        shop.store.save(digest("other"), {"small": work / "small"}, 1.0)


def write_in_workspace(shop: Shop) -> None:
    with shop.store.workspace() as work:
        (work / "large").write_bytes(bytes(1 << 20))


def test_only_the_disk_s_own_errors_are_translated(shop: Shop) -> None:
    with pytest.raises(ConnectionRefusedError), shop.store.workspace():
        raise ConnectionRefusedError


def test_a_full_disk_stops_with_everything_else_as_it_was(
    shop: Shop, mount_disk: Callable[[Path, int], None]
) -> None:
    mount_disk(shop.base, 256)
    saved = shop.save()
    shop.store.record_run(RECORD)
    filler = shop.base / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(bytes(1 << 20))
    with pytest.raises(Unavailable, match=r"cannot write .*/runs/churn\.json: No space left"):
        shop.store.record_run(RECORD)
    with pytest.raises(Unavailable, match="No space left"):
        shop.store.publish("reports/a.html", bytes(1 << 20))
    with pytest.raises(Unavailable, match="No space left"):
        save_empty(shop)
    with pytest.raises(Unavailable, match="No space left"):
        write_in_workspace(shop)

    assert shop.found == saved
    assert shop.store.last_run("churn") == RECORD
    assert shop.store.find(digest("other")) is None
    assert not (shop.base / "reports" / "a.html").exists()

    filler.unlink()
    assert shop.save(file=b"new", key=digest("other")) == shop.store.find(digest("other"))


def test_a_store_that_cannot_be_made_is_reported(shop: Shop) -> None:
    shop.base.write_text("a file")

    with pytest.raises(Unavailable, match=r"\.mlgitops"):
        shop.store.scratch()
    with pytest.raises(Unavailable), shop.store.workspace():
        pass


RECORD = RunRecord("churn", "2026-11-22T12:00:00+00:00", "c0ffee", 0, (), {"split": {"a": "b"}})


def test_the_last_run_of_a_model_is_kept(shop: Shop) -> None:
    assert shop.store.last_run("churn") is None

    shop.store.record_run(RECORD)

    assert shop.store.last_run("churn") == RECORD
    assert shop.store.last_run("topic") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"steps": 5}', '{"steps": [5]}', '{"x": []}'])
def test_a_record_of_another_version_is_no_record(shop: Shop, text: str) -> None:
    shop.store.record_run(RECORD)
    (shop.base / "runs" / "churn.json").write_text(text)

    assert shop.store.last_run("churn") is None


@pytest.mark.parametrize("known", [[], {"train": []}, {"train": {"seed": 7}}])
def test_a_record_whose_inputs_are_no_text_is_no_record(shop: Shop, known: Any) -> None:
    shop.store.record_run(RECORD)
    path = shop.base / "runs" / "churn.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "known": known}))

    assert shop.store.last_run("churn") is None


def test_reports_are_published_below_the_store(shop: Shop) -> None:
    path = shop.store.publish("reports/churn/1.html", b"<p>")

    assert path == shop.base / "reports" / "churn" / "1.html"
    assert path.read_bytes() == b"<p>"


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def test_code_is_every_file_beside_it_but_caches(shop: Shop) -> None:
    write(shop.root, "shop/__init__.py", "shop/sub/a.py", "shop/plans.json", "other.py")
    write(shop.root, "shop/__pycache__/a.cpython-311.pyc", "shop/sub/__pycache__/b.pyc", "fit.py")

    found = shop.store.code_digests(["shop", "fit.py", "other"])

    assert list(found) == [
        "shop/__init__.py", "shop/plans.json", "shop/sub/a.py", "fit.py", "other.py"
    ]  # fmt: skip
    assert found["fit.py"] == digest_of_bytes(b"fit.py")


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["churn.py"], ["churn.py"]),
        (["churn/__init__.py", "churn.py"], ["churn/__init__.py"]),
        (["churn/data.csv", "churn.py"], ["churn.py"]),
        (["churn/step.py"], ["churn/step.py"]),
    ],
)
def test_a_name_is_what_python_would_import(
    shop: Shop, names: list[str], wanted: list[str]
) -> None:
    write(shop.root, *names)

    assert list(shop.store.code_digests(["churn"])) == wanted


@pytest.mark.parametrize("name", ["absent", "../outside", "..", "/etc", "link", "link.py"])
def test_code_that_is_not_in_the_repository_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, "outside/a.py", "repository/shop.py")
    root = tmp_path / "repository"
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "link.py").symlink_to(tmp_path / "outside" / "a.py")

    with pytest.raises(SpecError, match="is not in the repository") as caught:
        Shop(root).store.code_digests([name])

    assert name in caught.value.message


@pytest.mark.parametrize(
    ("name", "named_by", "message", "hint"),
    [
        (
            "hauses",
            "the entry point 'hauses.train:fit'",
            "the entry point",
            "did you mean 'hauser'?",
        ),
        ("trian.py", "the command", "the command names 'trian.py'", "did you mean 'train.py'?"),
        ("hauser/fits", None, "`train.code` names", "did you mean 'hauser/fit'?"),
        ("trian", None, "`train.code` names 'trian'", "did you mean 'train'?"),
        ("elsewhere", "the command", "the command", "as seen from the repository's root"),
        ("elsewhere", None, "`train.code`", "`train.code` lists folders"),
        ("../repositor/x", None, "`train.code`", "`train.code` lists folders"),
    ],
)
def test_code_that_is_not_there_is_said_by_who_names_it(
    shop: Shop, name: str, named_by: str | None, message: str, hint: str
) -> None:
    write(shop.root, "hauser/fit.py", "train.py")

    with pytest.raises(SpecError) as caught:
        shop.store.code_digests([name], {name: named_by} if named_by else None)

    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_link_below_the_code_is_refused(shop: Shop) -> None:
    write(shop.root, "shop/a.py")
    (shop.root / "shop" / "b.py").symlink_to("/etc/passwd")

    with pytest.raises(SpecError, match=r"b\.py is a link"):
        shop.store.code_digests(["shop"])


def test_a_record_without_outputs_counts_as_absent(shop: Shop) -> None:
    saved = shop.save()
    shop.step_record.write_text('{"outputs": {}, "seconds": 1}')

    assert shop.found is None

    assert shop.save() == shop.found == saved


def test_an_output_is_held_until_it_is_changed(shop: Shop) -> None:
    saved = shop.save()
    model, table = saved.outputs["model"], saved.outputs["table"]

    assert shop.store.holds(model)
    assert shop.store.holds(table)

    flip(table.path)
    add_file(model.path)

    assert not shop.store.holds(model)
    assert not shop.store.holds(table)


def test_a_log_is_kept_until_a_step_prints_nothing(shop: Shop) -> None:
    path = shop.store.keep_log("churn", "train", b"fitted\n")

    assert path == shop.base / "logs" / "churn" / "train.log"
    assert path.read_bytes() == b"fitted\n"
    for _ in range(2):
        assert shop.store.keep_log("churn", "train", b" \n") is None
        assert not path.exists()


def test_a_log_that_is_in_the_way_cannot_be_written(shop: Shop) -> None:
    (shop.base / "logs" / "churn" / "train.log").mkdir(parents=True)

    for content in (b"fitted", b""):
        with pytest.raises(Unavailable, match=r"cannot write .*train\.log"):
            shop.store.keep_log("churn", "train", content)


ANSWERS, FIRST, SECOND = digest("answers"), digest("first"), digest("second")


def test_each_candidate_that_was_judged_is_noted_once(shop: Shop) -> None:
    assert shop.store.note_judged(ANSWERS, FIRST) == {FIRST}
    assert shop.store.note_judged(ANSWERS, FIRST) == {FIRST}
    assert shop.store.note_judged(ANSWERS, SECOND) == {FIRST, SECOND}
    assert shop.store.note_judged(digest("other answers"), SECOND) == {SECOND}
    assert (shop.base / ".gitignore").read_text() == "*\n"


def test_what_was_judged_at_once_is_all_noted(shop: Shop) -> None:
    candidates = [digest(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: shop.store.note_judged(ANSWERS, one), candidates))

    assert all(one in noted for one, noted in zip(candidates, found, strict=True))
    assert shop.store.note_judged(ANSWERS, FIRST) == {FIRST, *candidates}


@pytest.mark.parametrize("name", ["notes", "0" * 63, "A" * 64, ".0123"])
def test_what_nobody_can_count_is_refused(shop: Shop, name: str) -> None:
    shop.store.note_judged(ANSWERS, FIRST)
    (shop.base / "ledger" / ANSWERS.removeprefix("sha256:") / name).touch()

    with pytest.raises(SpecError, match="is the name of none") as caught:
        shop.store.note_judged(ANSWERS, SECOND)

    assert caught.value.hint == "remove what does not belong there"


@pytest.mark.parametrize("name", ["../../evil", "sha256:", "sha256:" + "g" * 64, ""])
def test_only_digests_name_what_is_noted(shop: Shop, name: str) -> None:
    for answers, candidate in ((name, FIRST), (ANSWERS, name)):
        with pytest.raises(ValueError, match="is no digest"):
            shop.store.note_judged(answers, candidate)


def test_a_ledger_that_is_no_folder_cannot_be_written(shop: Shop) -> None:
    shop.base.mkdir()
    (shop.base / "ledger").write_text("")

    with pytest.raises(Unavailable, match=r"cannot write .*ledger"):
        shop.store.note_judged(ANSWERS, FIRST)
