"""`GitRepository` against real repositories made with the git program."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlgitops.adapters.git_repository import GitRepository, discover
from mlgitops.model.errors import PlanIsStale, SpecError, Unavailable
from tests.fakes.git_workspace import GitWorkspace


@pytest.fixture
def workspace(tmp_path: Path) -> GitWorkspace:
    return GitWorkspace.create(tmp_path / "work")


@pytest.fixture
def repository(workspace: GitWorkspace) -> GitRepository:
    return GitRepository(workspace.root, workspace.env)


def clone(workspace: GitWorkspace, to: Path, *options: str) -> GitWorkspace:
    workspace.git("clone", "--quiet", *options, workspace.root.as_uri(), str(to))
    return GitWorkspace(to)


def state(workspace: GitWorkspace) -> tuple[bytes, str, str]:
    """What must not change: the index's bytes, HEAD, and what status says."""
    index = workspace.root / ".git" / "index"
    head = workspace.git("symbolic-ref", "HEAD")
    return index.read_bytes(), head, workspace.git("--no-optional-locks", "status", "-s")


def test_the_top_is_found_from_a_folder_below(workspace: GitWorkspace) -> None:
    (workspace.root / "a" / "b").mkdir(parents=True)

    assert discover(workspace.root / "a" / "b", workspace.env) == workspace.root


def test_the_top_of_a_linked_work_tree_is_its_own(workspace: GitWorkspace, tmp_path: Path) -> None:
    workspace.git("worktree", "add", "--quiet", str(tmp_path / "other"))

    assert discover(tmp_path / "other", workspace.env) == tmp_path / "other"


def test_head_is_its_commit_and_what_lies_at_the_top(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.commit({"b/c.txt": "", "a\nb": "", "größe": ""}, "Names")
    listed = workspace.git("ls-tree", "-z", "--name-only", "HEAD").split("\0")[:-1]

    commit, names = repository.head()

    assert commit == workspace.head
    assert list(names) == listed == ["README.md", "a\nb", "b", "größe"]


def test_before_the_first_commit_there_is_no_head(tmp_path: Path) -> None:
    workspace = GitWorkspace(tmp_path / "new")
    workspace.git("init", "--quiet")

    assert GitRepository(workspace.root, workspace.env).head() == ("", ())


def test_the_branch_that_is_checked_out_has_a_name_before_its_first_commit(
    workspace: GitWorkspace, repository: GitRepository, tmp_path: Path
) -> None:
    new = GitWorkspace(tmp_path / "new")
    new.git("init", "--quiet", "--initial-branch=trunk")

    assert GitRepository(new.root, new.env).checked_out() == "trunk"
    assert repository.checked_out() == "main"

    workspace.git("switch", "--quiet", "--detach")
    assert repository.checked_out() == ""


def test_names_are_read_where_objects_have_longer_names(tmp_path: Path) -> None:
    workspace = GitWorkspace(tmp_path / "new")
    workspace.git("init", "--quiet", "--object-format=sha256")
    workspace.commit({"one": "", "two": ""}, "Begin")

    _, names = GitRepository(workspace.root, workspace.env).head()

    assert names == ("one", "two")


def test_outside_a_repository_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="not a git repository") as caught:
        discover(tmp_path, {})

    assert "git init" in str(caught.value.hint)


def test_a_bare_repository_has_no_work_tree(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path], check=True)

    with pytest.raises(SpecError, match="work tree"):
        discover(tmp_path)


def test_without_git_the_error_says_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="git could not be started") as caught:
        discover(tmp_path, {"PATH": str(tmp_path)})

    assert "install git" in str(caught.value.hint)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no folder"):
        discover(tmp_path / "nowhere")


def test_variables_that_git_sets_for_its_hooks_do_not_lead_elsewhere(
    workspace: GitWorkspace, tmp_path: Path
) -> None:
    other = GitWorkspace.create(tmp_path / "other")
    env = workspace.env | {"GIT_DIR": str(other.root / ".git"), "GIT_INDEX_FILE": "elsewhere"}

    assert discover(workspace.root, env) == workspace.root


def test_a_name_resolves_to_its_commit_or_to_nothing(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    head = workspace.head
    workspace.git("tag", "--annotate", "--message", "one", "v1")

    assert [repository.resolve(ref) for ref in ("main", "HEAD", "v1", head)] == [head] * 4
    assert [repository.resolve(ref) for ref in ("nope", "", "--all", "main:README.md", "a\nb")] == (
        [None] * 5
    )


def test_a_branch_is_known_whatever_else_has_its_name(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    first = workspace.head
    tip = workspace.commit({"a": "1"}, "Go on")
    workspace.git("branch", "topic/one")
    for name in ("main", "heads/main", "refs/heads/main", "refs/heads/gone", "v1"):
        workspace.git("update-ref", f"refs/tags/{name}", first)
    workspace.git("update-ref", "refs/remotes/origin/main", first)
    workspace.git("update-ref", "refs/remotes/main/HEAD", first)

    assert repository.tip("main") == tip
    assert repository.tip("topic/one") == tip
    assert repository.tip("origin/main") == first
    none = ("gone", "topic", "origin", "v1", "HEAD", tip, "ma*", "main~1", "refs/heads/main", "")
    assert [repository.tip(name) for name in none] == [None] * len(none)


def test_a_damaged_commit_is_named(workspace: GitWorkspace, repository: GitRepository) -> None:
    tree = workspace.git("rev-parse", "HEAD^{tree}")
    (workspace.root / "commit").write_text(f"tree {tree}\n\nNobody made it\n")
    broken = workspace.git("hash-object", "-t", "commit", "--literally", "-w", "commit")

    with pytest.raises(SpecError, match=f"{broken} is damaged"):
        repository.commit(broken)


def test_a_repository_without_commits_resolves_nothing(tmp_path: Path) -> None:
    workspace = GitWorkspace(tmp_path / "new")
    workspace.git("init", "--quiet", "--initial-branch=main")

    assert GitRepository(workspace.root, workspace.env).resolve("HEAD") is None


def test_a_commit_has_its_time_and_whole_message(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    message = "Subject\n\n# not a comment\n  body → with trailing  \n"
    workspace.git("commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", message)
    found = repository.commit("HEAD")

    assert found.sha == workspace.head
    assert found.message == message
    assert found.when == datetime.fromtimestamp(
        int(workspace.git("log", "-1", "--format=%ct")), UTC
    )


def test_a_file_is_read_as_it_is_at_a_commit(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    first = workspace.commit({"a/é.txt": "one\r\n"}, "One")
    second = workspace.commit({"a/é.txt": "two"}, "Two")
    workspace.write({"a/é.txt": "uncommitted"})

    assert repository.read_at("a/é.txt", [second, first, "main"]) == ("two", "one\r\n", "two")
    assert repository.read("a", "main") is None
    assert repository.read("a/none", "main") is None
    assert repository.read("a\nb", "main") is None


def test_bytes_are_those_of_a_commit_whatever_they_are(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    (workspace.root / "x.bin").write_bytes(b"\xff\x00\r\n")
    first = workspace.commit({"a/b": ""}, "One")
    workspace.commit({"x.bin": "two"}, "Two")

    assert repository.read_bytes("x.bin", first) == b"\xff\x00\r\n"
    assert repository.read_bytes("x.bin", "main") == b"two"
    assert repository.read_bytes("a", "main") is None
    assert repository.read_bytes("a/none", "main") is None
    found = repository.read_blobs(["a", "x.bin", "a\nb", "x.bin", "a/b"], first)
    assert found == (None, b"\xff\x00\r\n", None, b"\xff\x00\r\n", b"")
    assert repository.read_blobs([], "main") == ()


@pytest.mark.parametrize("ref", ["nope", "--all", "", "x\ny"])
def test_an_unknown_ref_is_an_error_and_not_an_absent_file(
    repository: GitRepository, ref: str
) -> None:
    calls: list[Callable[[], object]] = [
        lambda: repository.commit(ref),
        lambda: repository.read("README.md", ref),
        lambda: repository.read_bytes("README.md", ref),
        lambda: repository.read_blobs([], ref),
        lambda: repository.read_all("README.md", ref),
        lambda: repository.history("README.md", ref),
        lambda: repository.parent(ref),
        lambda: repository.is_ancestor("main", ref),
        lambda: repository.is_merged(ref, "main"),
        lambda: repository.write_branch("b", ref, {}, "m"),
    ]
    for call in calls:
        with pytest.raises(SpecError) as caught:
            call()

        assert "git branch --all" in str(caught.value.hint)


def test_many_files_are_read_at_once(workspace: GitWorkspace, repository: GitRepository) -> None:
    files = {"mlgitops.yaml": "p", "mlops/b/x y.yaml": "b", "mlops/a/ü.yaml": "", "other/z": "z"}
    workspace.commit({**files, "mlops*": "a glob is only a name"}, "Specs")

    assert repository.read_all(("mlgitops.yaml", "mlops"), "HEAD") == {
        "mlgitops.yaml": "p",
        "mlops/a/ü.yaml": "",
        "mlops/b/x y.yaml": "b",
    }
    assert repository.read_all("mlops/a/", "HEAD") == {"mlops/a/ü.yaml": ""}
    assert repository.read_all("nowhere", "HEAD") == {}
    assert repository.read_all((), "HEAD") == {}
    assert len(repository.read_all("", "HEAD")) == 6


def test_contents_have_names_that_tell_whether_they_are_equal(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    (workspace.root / "money").mkdir()
    (workspace.root / "money" / "rates.bin").write_bytes(b"\xff")
    first = workspace.commit({"money/sums.py": "1", "other.py": "1"}, "Begin")
    places = ("money", "money.py", "other.py")
    second = workspace.commit({"money/sums.py": "2"}, "Change")
    then, now = (repository.digests(places, ref) for ref in (first, second))

    assert list(then) == list(now) == ["money/rates.bin", "money/sums.py", "other.py"]
    assert [path for path in now if now[path] != then[path]] == ["money/sums.py"]
    assert then["money/sums.py"] == then["other.py"]


def counting(workspace: GitWorkspace, folder: Path) -> tuple[GitRepository, Path]:
    """The repository, and the file that names a git command for each process."""
    git, log = shutil.which("git"), folder / "log"
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$5" >> {log}\nexec {git} "$@"\n')
    program.chmod(0o755)
    env = workspace.env | {"PATH": f"{program.parent}:{workspace.env['PATH']}"}
    return GitRepository(workspace.root, env), log


def test_reading_many_files_takes_two_processes(workspace: GitWorkspace, tmp_path: Path) -> None:
    workspace.commit({f"mlops/{n}.yaml": str(n) for n in range(50)}, "Fifty")
    repository, log = counting(workspace, tmp_path)

    assert len(repository.read_all("mlops", "HEAD")) == 50
    assert log.read_text().split() == ["ls-tree", "cat-file"]


def test_a_link_is_not_read_as_a_file(workspace: GitWorkspace, repository: GitRepository) -> None:
    (workspace.root / "link").symlink_to("/etc/passwd")
    workspace.commit({}, "Link")

    assert repository.read_all("", "HEAD") == {"README.md": "hello\n"}


def test_a_file_that_is_not_text_is_named(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    (workspace.root / "x.bin").write_bytes(b"\xff\xfe")
    workspace.commit({}, "Binary")

    with pytest.raises(SpecError, match=r"x\.bin is not UTF-8"):
        repository.read("x.bin", "HEAD")


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_history_has_one_entry_for_each_branch_however_it_came_in(
    workspace: GitWorkspace, repository: GitRepository, how: str
) -> None:
    first = workspace.commit({"r": "1"}, "First")
    if how != "fast-forward":
        workspace.git("branch", "topic")
        workspace.commit({"other": "x"}, "Unrelated")
        workspace.git("switch", "--quiet", "topic")
    else:
        workspace.git("switch", "--quiet", "--create", "topic")
    topic = workspace.commit({"r": "2"}, "Second")
    workspace.git("switch", "--quiet", "main")
    merged = workspace.merge("topic", how)
    workspace.commit({"other": "y"}, "Unrelated again")
    back = workspace.revert(merged)

    second = merged if how == "squash" else topic
    assert [c.sha for c in repository.history("r", "main")] == [first, second, back]
    assert repository.history("none", "main") == ()
    assert repository.read_at("r", [first, second, back]) == ("1", "2", "1")


@pytest.mark.parametrize("is_pulled", [True, False], ids=["pulled", "merged"])
def test_what_came_and_went_on_the_other_side_of_a_merge_is_history(
    workspace: GitWorkspace, repository: GitRepository, is_pulled: bool
) -> None:
    """Git does not say which side was `main`: a pull and a merge leave the same commits."""
    first = workspace.commit({"r": "1"}, "First")
    workspace.git("switch", "--quiet", "--create", "topic")
    second = workspace.commit({"r": "2"}, "Second")
    third = workspace.commit({"r": "1"}, "Back")
    workspace.git("switch", "--quiet", "main")
    workspace.commit({"other": "x"}, "Unrelated")
    if is_pulled:
        workspace.git("pull", "--quiet", "--no-rebase", "--no-edit", ".", "topic")
    else:
        workspace.merge("topic")

    assert [c.sha for c in repository.history("r", "main")] == [first, second, third]


@pytest.mark.parametrize("kept", ["ours", "theirs"])
def test_of_two_sides_that_changed_a_path_the_one_that_was_kept_is_last(
    workspace: GitWorkspace, repository: GitRepository, kept: str
) -> None:
    first = workspace.commit({"r": "1"}, "First")
    workspace.git("switch", "--quiet", "--create", "topic")
    theirs = [workspace.commit({"r": text}, text) for text in ("2", "3")]
    workspace.git("switch", "--quiet", "main")
    ours = [workspace.commit({"r": text}, text) for text in ("4", "5")]
    workspace.git("merge", "--quiet", "--no-edit", f"--strategy-option={kept}", "topic")

    sides = [*theirs, *ours] if kept == "ours" else [*ours, *theirs]
    assert [c.sha for c in repository.history("r", "main")] == [first, *sides, workspace.head]


def test_histories_without_a_common_root_are_joined(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.git("switch", "--quiet", "--orphan", "other")
    theirs = workspace.commit({"r": "1"}, "Elsewhere")
    workspace.git("switch", "--quiet", "main")
    workspace.git("merge", "--quiet", "--no-edit", "--allow-unrelated-histories", "other")
    last = workspace.commit({"r": "2"}, "Here")

    assert [c.sha for c in repository.history("r", "main")] == [theirs, last]


def test_what_a_commit_contains_is_it_and_all_before_it(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    root = workspace.head
    workspace.git("switch", "--quiet", "--create", "topic")
    topic = workspace.commit({"t": "t"}, "Topic")
    workspace.git("switch", "--quiet", "main")
    main = workspace.commit({"m": "m"}, "Main")
    merged = workspace.merge("topic")
    every = {root, topic, main, merged}

    assert repository.contained(every, "main") == every
    assert repository.contained(every, main) == {root, main}
    assert repository.contained([topic, topic], topic) == {topic}
    assert repository.contained([], "main") == frozenset()


def test_only_a_commits_full_name_is_contained(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    head, tree = workspace.head, workspace.git("rev-parse", "HEAD^{tree}")
    asked = [head[:12], "main", "HEAD", "--all", "", f"^{head}", f"{head}\n", tree, "0" * 40]

    assert repository.contained(asked, "main") == frozenset()
    with pytest.raises(SpecError, match="no branch"):
        repository.contained([head], "none")


def test_a_shallow_clone_says_nothing_of_what_it_lacks(
    workspace: GitWorkspace, tmp_path: Path
) -> None:
    before = workspace.commit({"r": "1"}, "First")
    head = workspace.commit({"r": "2"}, "Second")
    shallow = clone(workspace, tmp_path / "shallow", "--depth=1")
    repository = GitRepository(shallow.root, shallow.env)

    assert repository.contained([head], "HEAD") == {head}
    with pytest.raises(SpecError, match="shallow"):
        repository.contained([before, head], "HEAD")


def test_a_deletion_is_history(workspace: GitWorkspace, repository: GitRepository) -> None:
    first = workspace.commit({"r": "1"}, "First")
    gone = workspace.commit({"r": None}, "Gone")

    assert [c.sha for c in repository.history("r", "main")] == [first, gone]
    assert repository.read_at("r", [first, gone]) == ("1", None)


def test_a_path_is_never_a_pattern(workspace: GitWorkspace, repository: GitRepository) -> None:
    workspace.commit({"r": "1"}, "First")

    assert repository.history("*", "main") == ()


def test_a_shallow_clone_has_no_history(workspace: GitWorkspace, tmp_path: Path) -> None:
    workspace.commit({"r": "1"}, "First")
    shallow = clone(workspace, tmp_path / "shallow", "--depth=1")

    with pytest.raises(SpecError, match="shallow") as caught:
        GitRepository(shallow.root, shallow.env).history("r", "HEAD")

    assert "fetch-depth: 0" in str(caught.value.hint)


def test_parents_follow_the_first_line(workspace: GitWorkspace, repository: GitRepository) -> None:
    root = workspace.head
    workspace.git("switch", "--quiet", "--create", "topic")
    topic = workspace.commit({"t": "t"}, "Topic")
    workspace.git("switch", "--quiet", "main")
    merged = workspace.merge("topic")

    assert (repository.parent(merged), repository.parent(root)) == (root, None)
    assert repository.is_ancestor(topic, "main")
    assert not repository.is_ancestor("main", topic)


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_a_branch_is_merged_however_it_was_merged(
    workspace: GitWorkspace, repository: GitRepository, how: str
) -> None:
    repository.write_branch("topic", "main", {"a": "1"}, "Topic")
    if how != "fast-forward":
        workspace.commit({"other": "x"}, "Unrelated")

    assert not repository.is_merged("topic", "main")

    workspace.merge("topic", how)
    workspace.commit({"a": "2"}, "Go on")

    assert repository.is_merged("topic", "main")


def test_dirty_means_that_tracked_files_differ(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.write({"untracked": "x"})
    os.utime(workspace.root / "README.md", (1, 1))
    before = state(workspace)

    assert not repository.is_dirty()
    assert state(workspace) == before

    workspace.write({"README.md": "changed"})

    assert repository.is_dirty()


def test_what_is_staged_is_tracked(workspace: GitWorkspace, repository: GitRepository) -> None:
    workspace.write({"mlflow.db": "x", "models/a/b": "x"})
    assert not repository.tracks("mlflow.db")

    workspace.git("add", "mlflow.db", "models")
    assert repository.tracks("mlflow.db")
    assert repository.tracks("models")
    assert not repository.tracks("model")
    assert not repository.tracks("*")


def test_files_are_found_by_what_they_hold(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    both, name = "one\nand *two*\n", "größe/a\nb"
    workspace.commit({name: both, "c": "one", "d": "*two*", "gone": both, "e": "x"}, "Begin")
    workspace.write({"untracked": both, "e": both, "gone": None})

    assert repository.tracked_with(["one", "*two*"]) == {"e": 1, name: 1}
    assert repository.tracked_with(["nowhere"]) == {}


def test_what_git_takes_for_binary_is_searched_too(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    attributes = "*.key binary\n*.pem -text -diff\n"
    files = {".gitattributes": attributes, "a.key": "\none\ntwo", "b.pem": "one two"}
    workspace.git("config", "grep.column", "true")
    workspace.git("config", "color.grep", "always")
    workspace.commit({**files, "nul": "\0x\n\none\0\r\ntwo\n\0", "c.key": "one"}, "Begin")

    assert repository.tracked_with(["one", "two"]) == {"a.key": 2, "b.pem": 1, "nul": 3}


def test_untracked_files_among_the_code_are_dirty_too(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.commit({".gitignore": "*.log\n", "pkg/a.py": "1"}, "Begin")
    workspace.write({"notes": "x", "pkg/x.log": "x", "pkg/__pycache__/a.pyc": "x"})
    before = state(workspace)

    assert not repository.is_dirty(["pkg", "module", "*"])
    assert state(workspace) == before

    workspace.write({"module.py": "x"})
    assert not repository.is_dirty(["pkg"])
    assert repository.is_dirty(["pkg", "module"])

    workspace.write({"module.py": None, "pkg/b.py": "x"})
    assert repository.is_dirty(["pkg", "module"])


def test_ignored_files_are_dirty_where_python_can_import_them(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.commit({".gitignore": "generated/\nlocal.py\n*.bin\n*.pyc\n*.so\n"}, "Begin")
    workspace.write({"generated/data.npy": "x", "pkg/weights.bin": "x", "top.bin": "x"})
    workspace.write({"pkg/__pycache__/a.pyc": "x", "generated/__pycache__/b.py": "x"})
    code = ["pkg", "generated", "top.bin", "local"]
    assert not repository.is_dirty(code)

    for module in ("pkg/local.py", "generated/one.py", "local.py", "pkg/old.pyc", "pkg/fast.so"):
        workspace.write({module: "x"})
        assert repository.is_dirty(code), module
        workspace.write({module: None})
    assert not repository.is_dirty(code)


def test_a_repository_among_the_code_is_dirty_even_if_it_is_ignored(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.commit({".gitignore": "vendored/\n", "pkg/a.py": "1"}, "Begin")
    GitWorkspace.create(workspace.root / "pkg" / "vendored")

    assert repository.is_dirty(["pkg"])


def test_looking_for_what_is_dirty_takes_two_processes(
    workspace: GitWorkspace, tmp_path: Path
) -> None:
    workspace.commit({".gitignore": "*.bin\n", "pkg/a.py": "1"}, "Begin")
    workspace.write({"pkg/weights.bin": "x"})
    repository, log = counting(workspace, tmp_path)

    assert not repository.is_dirty(["pkg"])
    assert log.read_text().split() == ["status", "status"]


def test_a_tip_needs_no_process_to_be_known_again(workspace: GitWorkspace, tmp_path: Path) -> None:
    workspace.commit({"a": "1"}, "First")
    repository, log = counting(workspace, tmp_path)

    for _ in range(2):
        assert len(repository.history("a", repository.tip("main") or "")) == 1

    first, again = ["for-each-ref", "rev-parse", "rev-list", "cat-file"], ["for-each-ref"]
    assert log.read_text().split() == [*first, *again, "rev-list", "cat-file"]


def test_the_identity_is_the_users(workspace: GitWorkspace, repository: GitRepository) -> None:
    assert repository.identity() == "Ada <ada@example.org>"


def test_without_an_identity_nothing_is_committed(workspace: GitWorkspace) -> None:
    workspace.git("config", "user.useConfigOnly", "true")
    env = {k: v for k, v in workspace.env.items() if "COMMITTER" not in k and "AUTHOR" not in k}
    nobody = GitRepository(workspace.root, env)

    for call in (nobody.identity, lambda: nobody.write_branch("b", "main", {"a": "1"}, "m")):
        with pytest.raises(SpecError) as caught:
            call()

        assert "git config user.name" in str(caught.value.hint)
    assert nobody.resolve("b") is None


def test_a_branch_is_written_beside_index_and_work_tree(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.commit({"keep": "k", "gone": "g", "r/x.yaml": "1"}, "Start")
    workspace.write({"README.md": "edited", "staged": "s"})
    workspace.git("add", "staged")
    before = state(workspace)
    changes = {"r/x.yaml": "2\r\n", "new/é": "ü", "gone": None, "never-there": None}
    commit = repository.write_branch("topic/one", "main", changes, "Title\n\nBody")

    assert state(workspace) == before
    assert repository.resolve("topic/one") == commit
    assert repository.parent(commit) == workspace.head
    assert repository.read_all("", commit) == {
        "README.md": "hello\n",
        "keep": "k",
        "new/é": "ü",
        "r/x.yaml": "2\r\n",
    }


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_a_message_is_kept_byte_for_byte(workspace: GitWorkspace, message: str) -> None:
    repository = GitRepository(workspace.root, workspace.env)
    commit = repository.write_branch("topic", "main", {"a": "1"}, message)

    assert repository.commit(commit).message == message


def test_equal_arguments_leave_the_commit_alone(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    first = repository.write_branch("topic", "main", {"a": "1"}, "m")
    later = GitRepository(
        workspace.root, workspace.env | {"GIT_COMMITTER_DATE": "1800000000 +0000"}
    )

    assert later.write_branch("topic", "main", {"a": "1"}, "m") == first
    assert later.write_branch("topic", "main", {"a": "1"}, "n") != first
    assert later.write_branch("topic", "main", {"a": "2"}, "m") != first
    workspace.commit({"other": "x"}, "Main goes on")
    rebased = later.write_branch("topic", "main", {"a": "1"}, "m")

    assert later.parent(rebased) == workspace.head


def test_a_commit_that_only_the_remote_has_is_taken_over(
    workspace: GitWorkspace, repository: GitRepository, tmp_path: Path
) -> None:
    first = repository.write_branch("topic", "main", {"a": "1"}, "m")
    cloned = clone(workspace, tmp_path / "clone")
    env = cloned.env | {"GIT_COMMITTER_DATE": "1800000000 +0000"}
    there = GitRepository(cloned.root, env)

    assert there.branches("topic") == ("origin/topic",)
    assert there.write_branch("topic", "main", {"a": "1"}, "m") == first
    assert there.branches("topic") == ("topic",)


def test_a_branch_that_is_checked_out_is_not_moved(
    workspace: GitWorkspace, repository: GitRepository, tmp_path: Path
) -> None:
    first = repository.write_branch("topic", "main", {"a": "1"}, "m")
    workspace.git("worktree", "add", "--quiet", str(tmp_path / "review"), "topic")

    assert repository.write_branch("topic", "main", {"a": "1"}, "m") == first
    with pytest.raises(SpecError, match="checked out in"):
        repository.write_branch("topic", "main", {"a": "2"}, "m")
    with pytest.raises(SpecError, match="checked out in"):
        repository.delete_branch("topic")
    assert repository.resolve("topic") == first


def test_a_path_that_leaves_the_repository_is_refused(repository: GitRepository) -> None:
    for path in ("../x", "/x", ".git/config", "a//b"):
        with pytest.raises(SpecError, match="Invalid path"):
            repository.write_branch("topic", "main", {path: "1"}, "m")

    assert repository.resolve("topic") is None


def test_a_branch_below_another_branchs_name_is_refused(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.git("branch", "mlgitops/promote")

    with pytest.raises(SpecError) as caught:
        repository.write_branch("mlgitops/promote/x", "main", {"a": "1"}, "m")

    assert "git branch -m" in str(caught.value.hint)
    assert repository.branches("mlgitops/promote/x") == ()


def test_another_git_process_at_work_means_try_again(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    (workspace.root / ".git" / "refs" / "heads" / "topic.lock").touch()

    with pytest.raises(Unavailable) as caught:
        repository.write_branch("topic", "main", {"a": "1"}, "m")

    assert "try again" in str(caught.value.hint)


def test_branches_are_found_by_the_beginning_of_their_name(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    for name in ("m/p/s/b", "m/p/s/a", "m/p/t/a", "x/m/p/s/a"):
        workspace.git("branch", name)

    assert repository.branches("m/p/s/") == ("m/p/s/a", "m/p/s/b")
    assert repository.branches("nothing") == ()


def test_deleting_twice_is_no_error(workspace: GitWorkspace, repository: GitRepository) -> None:
    workspace.git("branch", "topic")
    repository.delete_branch("topic")
    repository.delete_branch("topic")

    assert repository.resolve("topic") is None


def test_a_push_makes_the_remote_equal(
    workspace: GitWorkspace, repository: GitRepository, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    workspace.git("init", "--quiet", "--bare", str(remote))
    workspace.git("remote", "add", "origin", str(remote))
    there = GitRepository(remote, workspace.env)
    for text in ("1", "2", "2"):
        commit = repository.write_branch("topic", "main", {"a": text}, "m")
        repository.push("origin", "topic")

        assert there.resolve("topic") == commit

    repository.delete_branch("topic")
    repository.push("origin", "topic")
    repository.push("origin", "topic")

    assert there.resolve("topic") is None


def test_a_push_keeps_what_somebody_else_pushed(
    workspace: GitWorkspace, repository: GitRepository, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    workspace.git("init", "--quiet", "--bare", str(remote))
    workspace.git("remote", "add", "origin", str(remote))
    repository.write_branch("topic", "main", {"a": "1"}, "m")
    repository.push("origin", "topic")
    there = GitRepository(remote, workspace.env)
    theirs = there.write_branch("topic", "topic", {"b": "by hand"}, "More")
    repository.write_branch("topic", "main", {"a": "2"}, "m")

    with pytest.raises(PlanIsStale) as caught:
        repository.push("origin", "topic")

    assert "git fetch" in str(caught.value.hint)
    assert there.resolve("topic") == theirs


def test_an_unknown_remote_is_what_the_user_wrote(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.git("branch", "topic")

    with pytest.raises(SpecError) as caught:
        repository.push("upstream", "topic")

    assert "git remote -v" in str(caught.value.hint)


def test_a_remote_that_does_not_answer_is_unavailable(
    workspace: GitWorkspace, repository: GitRepository
) -> None:
    workspace.git("branch", "topic")
    workspace.git("remote", "add", "origin", "http://127.0.0.1:9/nobody.git")

    with pytest.raises(Unavailable):
        repository.push("origin", "topic")


@pytest.mark.parametrize("setting", ["core.fsmonitor", "core.hooksPath"])
def test_programs_that_the_repository_s_settings_name_are_not_run(
    workspace: GitWorkspace, repository: GitRepository, tmp_path: Path, setting: str
) -> None:
    ran, hooks = tmp_path / "ran", tmp_path / "hooks"
    hooks.mkdir()
    # A hook of that name runs whenever a ref is written.
    program = hooks / "reference-transaction"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    program.chmod(0o755)
    workspace.git("config", setting, str(program if setting == "core.fsmonitor" else hooks))

    repository.is_dirty()
    repository.write_branch("more", "main", {"a.txt": "a"}, "More")

    assert not ran.exists()
