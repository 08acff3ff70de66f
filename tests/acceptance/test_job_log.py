"""Nothing from outside is a command to the runner, or moves a cursor, on either stream.

Every command line runs as a process of its own; its streams are read as bytes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.job_log import PAYLOADS, commands, unseen
from tests.fakes.laboratory import Laboratory

TRAIN = "return LogisticRegression(random_state=seed, **params).fit(X, y)"
ALL = "\n" + "\n".join(PAYLOADS)
IN_ACTIONS = {"GITHUB_ACTIONS": "true"}
FORGED = """\
import json, pathlib
    for place in pathlib.Path("/proc/self/fd").iterdir():
        if place.resolve().name == "log":
            answer = place.resolve().with_name("answer.json")
    answer.write_text(json.dumps({{"bug": {text!r}}}))
    import os
    os._exit(0)"""


@dataclass
class Ended:
    """How a command ended, and the bytes that it printed."""

    code: int
    out: bytes
    err: bytes

    def check(self) -> None:
        """Both streams are harmless, but for our own annotation of an error."""
        given = [line for log in (self.out, self.err) for line in commands(log)]
        assert all(line.startswith("::error title=mlgitops::") for line in given), given
        assert len(given) <= 1
        assert not unseen(self.out), self.out
        assert not unseen(self.err), self.err


def do(root: Path, *words: str, environ: dict[str, str] | None = None) -> Ended:
    command = [sys.executable, "-m", "mlgitops", *words]
    given = {**os.environ, "OMP_NUM_THREADS": "1", **(environ or {})}  # noqa: TID251 - a shell's
    ended = subprocess.run(command, cwd=root, env=given, capture_output=True, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def commit(root: Path) -> None:
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--allow-empty", "--message", "Change"),
    ):
        subprocess.run(["git", "-C", str(root), *words], check=True)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """A repository whose data are validated already."""
    shop = Laboratory.create(tmp_path_factory.mktemp("log") / "shop")
    shop.write(".gitignore", ".mlgitops/\n")
    commit(shop.root)
    assert do(shop.root, "run", "churn", "--until", "features").code == 0
    return shop


@pytest.mark.parametrize("payload", [p for p in PAYLOADS if "\0" not in p])
def test_words_of_the_command_line_are_harmless(tmp_path: Path, payload: str) -> None:
    for words in (["-C", payload, "plan"], ["check", "--format", payload]):
        ended = do(tmp_path, *words, environ=IN_ACTIONS)

        assert ended.code == 2
        ended.check()


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "raise type({text!r}[:9], (Exception,), {{}})({text!r}) from RuntimeError({text!r})",
        "print({text!r}); import sys; print({text!r}, file=sys.stderr); raise ValueError(7)",
        "print({text!r}, flush=True); import os; os._exit(3)",
        "import os; os.write(2, {text!r}.encode()); os.abort()",
        "import sys; sys.exit({text!r})",
    ],
    ids=["exception", "log", "exit", "abort", "sys-exit"],
)
def test_whatever_training_raises_or_prints_is_harmless(made: Laboratory, code: str) -> None:
    path = made.root / "shop" / "train.py"
    whole = path.read_text()
    try:
        made.edit("shop/train.py", TRAIN, code.format(text=ALL))
        ended = do(made.root, "run", "churn", environ=IN_ACTIONS)
    finally:
        path.write_text(whole)

    assert ended.code == 2, ended.err
    assert b"::error title=mlgitops::" in ended.err
    ended.check()
    lines = ended.err.decode().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("error: "))
    for line in lines[first + 1 :]:
        assert line.startswith(("| ", "hint: ", "::error title=mlgitops::")), line


@pytest.mark.slow
def test_a_traceback_of_ours_is_harmless_whatever_it_quotes(made: Laboratory) -> None:
    path = made.root / "shop" / "train.py"
    whole = path.read_text()
    try:
        made.edit("shop/train.py", TRAIN, FORGED.format(text=ALL))
        ended = do(made.root, "run", "churn", environ=IN_ACTIONS)
    finally:
        path.write_text(whole)

    assert b"\n| ::set-output name=version::7\n" in ended.err
    assert ended.code == 1
    ended.check()


@pytest.mark.parametrize("verb", [("check",), ("check", "--format", "json"), ("run", "churn")])
@pytest.mark.parametrize(
    "name", ["a\n::error::x.yaml", "##[error]x.yaml", "\x1b[31m\u202e.yaml", "\udcff::.yaml"]
)
def test_file_names_are_harmless(
    made: Laboratory, tmp_path: Path, verb: tuple[str, ...], name: str
) -> None:
    shop = Laboratory.create(tmp_path / "shop")
    bad = shop.root / "mlops" / "pipelines" / name
    bad.write_text("kind: Pipeline\nname: \x1b[31m ::error::x ##[error]y\n")
    commit(shop.root)

    ended = do(shop.root, *verb)

    assert ended.code == 2
    ended.check()
