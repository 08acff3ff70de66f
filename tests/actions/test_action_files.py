"""Actions and workflows: what they declare is used, described, pinned and known to the command line."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlgitops.cli import app
from mlgitops.cli.github import OUTPUTS

CHECKOUT = Path(__file__).parents[2]
ACTIONS = sorted(CHECKOUT.glob("actions/*/action.yml"))
STAND_INS = sorted(CHECKOUT.glob("tests/actions/stand_ins/*/action.yml"))
WORKFLOWS = sorted(CHECKOUT.glob(".github/workflows/*.yml"))
CALLERS = sorted(CHECKOUT.glob("examples/*/.github/workflows/*.yml"))
PIPELINE = CHECKOUT / ".github/workflows/pipeline.yml"
PROMOTE = CHECKOUT / ".github/workflows/promote.yml"
REUSABLE = [PIPELINE, PROMOTE]
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OURS = re.compile(r"mlgitops/mlgitops/(?P<path>\S+)@v(?P<version>[\d.]+)")
KEBAB = re.compile(r"[a-z]+(-[a-z]+)*")


def relative(file: Path) -> str:
    return str(file.relative_to(CHECKOUT))


def every(*groups: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", [f for group in groups for f in group], ids=relative)


def read(file: Path) -> dict[str, Any]:
    # Unlike YAML 1.1, GitHub reads `on` as text.
    document: dict[Any, Any] = yaml.safe_load(file.read_text())
    return {"on" if key is True else key: value for key, value in document.items()}


def steps(file: Path) -> list[dict[str, Any]]:
    document = read(file)
    if "runs" in document:
        return list(document["runs"]["steps"])
    return [step for job in document["jobs"].values() for step in job.get("steps", [])]


def declarations(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    document = read(file)
    interface = (document.get("on") or {}).get("workflow_call", document)
    for kind in ("inputs", "outputs", "secrets"):
        for name, given in (interface.get(kind) or {}).items():
            yield f"{kind}.{name}", given


def commands(file: Path) -> Iterator[list[str]]:
    """The words after `mlgitops` in the scripts of an action, the verb first."""
    for step in steps(file):
        for line in step.get("run", "").splitlines():
            _, found, words = line.partition('"$BIN/mlgitops" -C "$GITHUB_WORKSPACE" ')
            if found:
                yield words.split()


def called(job: dict[str, Any]) -> tuple[Path, str]:
    """The reusable workflow of ours that a caller's *job* uses, and its version."""
    reference = OURS.fullmatch(job["uses"])
    assert reference is not None
    return CHECKOUT / reference["path"], reference["version"]


def options(verb: str) -> set[str]:
    parser = argparse.ArgumentParser()
    module: app.Verb = import_module(f"mlgitops.cli.verbs.{verb}")
    module.configure(parser)
    return {name for action in parser._actions for name in action.option_strings}


def test_there_are_actions_and_workflows_to_look_at() -> None:
    assert {file.parent.name for file in ACTIONS} == {
        "setup", "check", "run", "promote", "reconcile",
    }  # fmt: skip
    assert {CHECKOUT / ".github/workflows/ci.yml", *REUSABLE} == set(WORKFLOWS)
    assert {called(job)[0] for file in CALLERS for job in read(file)["jobs"].values()} == set(
        REUSABLE
    )


@every(ACTIONS, STAND_INS, REUSABLE)
def test_every_input_and_output_is_described_in_a_sentence(file: Path) -> None:
    for name, given in declarations(file):
        assert re.fullmatch(r"[A-Z].*\.", given["description"], re.DOTALL), name


@every(ACTIONS, REUSABLE)
def test_names_are_kebab_case_and_inputs_of_actions_have_text_defaults(file: Path) -> None:
    for name, given in declarations(file):
        kind, _, word = name.partition(".")
        assert kind == "secrets" or KEBAB.fullmatch(word), name
        if kind == "inputs":
            assert given["required"] is True or isinstance(given["default"], str), name


@every(ACTIONS, REUSABLE)
def test_every_input_and_secret_is_used(file: Path) -> None:
    text = file.read_text()

    for name, _ in declarations(file):
        if not name.startswith("outputs."):
            assert f"{name} }}}}" in text, name


@every(ACTIONS, STAND_INS)
def test_what_a_step_is_given_in_its_environment_is_used_by_its_script(file: Path) -> None:
    for step in steps(file):
        for name, value in step.get("env", {}).items():
            if "${{" in value:
                assert re.search(rf"\${{?{name}\b", step["run"]), name


@every(ACTIONS, STAND_INS, WORKFLOWS, CALLERS)
def test_no_expression_stands_in_a_script(file: Path) -> None:
    assert [step["run"] for step in steps(file) if "${{" in step.get("run", "")] == []


@every(ACTIONS, WORKFLOWS)
def test_other_peoples_actions_are_pinned_to_a_commit_with_its_version(file: Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (.*)$", file.read_text(), re.MULTILINE)

    for reference in used:
        if reference.startswith("$/"):
            assert (CHECKOUT / reference.removeprefix("$/") / "action.yml").is_file()
        else:
            assert PINNED.fullmatch(reference)


@every(WORKFLOWS)
def test_every_job_has_an_end_and_says_why_it_needs_its_permissions(file: Path) -> None:
    document, text = read(file), file.read_text()

    assert document["permissions"] == {}
    for job in document["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 120
        for scope, level in job["permissions"].items():
            assert re.search(rf"^\s+{scope}: {level} # \w", text, re.MULTILINE)


@every(ACTIONS)
def test_the_verbs_and_options_that_an_action_names_exist(file: Path) -> None:
    text = "\n".join(step.get("run", "") for step in steps(file))

    for verb, *_ in commands(file):
        named = set(re.findall(r"(?<=[\s(])--[a-z][a-z-]*", text))
        assert named <= options(verb)


@every(ACTIONS)
def test_the_outputs_of_an_action_are_those_that_its_verb_writes(file: Path) -> None:
    verbs = {words[0] for words in commands(file)}
    declared = {name.partition(".")[2] for name, _ in declarations(file) if "outputs." in name}

    if file.parent.name != "setup":
        assert verbs == {file.parent.name}
        assert declared == OUTPUTS.get(file.parent.name, frozenset())


@every(ACTIONS)
def test_outputs_come_from_steps_that_are_there(file: Path) -> None:
    ids = {step.get("id") for step in steps(file)}

    for name, given in declarations(file):
        if name.startswith("outputs."):
            origin = re.fullmatch(r"\$\{\{ steps\.([\w-]+)\.outputs\.([\w-]+) \}\}", given["value"])
            assert origin is not None
            assert origin[1] in ids
            assert origin[2] == name.removeprefix("outputs.")


@every(ACTIONS)
def test_the_tables_of_a_readme_are_those_of_its_action(file: Path) -> None:
    script = spec_from_file_location("make_action_tables", CHECKOUT / "docs/make_action_tables.py")
    assert script is not None
    assert script.loader is not None
    tables = module_from_spec(script)
    script.loader.exec_module(tables)
    readme = file.with_name("README.md").read_text()

    assert readme == tables.with_tables(readme, read(file))


@every(CALLERS)
def test_a_caller_has_ten_lines_and_calls_what_is_there(file: Path) -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]

    assert len(file.read_text().splitlines()) <= 10
    for job in read(file)["jobs"].values():
        workflow, of = called(job)
        assert workflow in REUSABLE
        assert of == version
        interface = read(workflow)["on"]["workflow_call"]
        assert job["with"].keys() <= interface["inputs"].keys()
        assert job["with"].keys() >= {n for n, i in interface["inputs"].items() if i["required"]}
        assert job.get("secrets", {}).keys() <= interface["secrets"].keys()


@every(CALLERS)
def test_a_caller_grants_what_the_jobs_ask_for_and_no_more(file: Path) -> None:
    for job in read(file)["jobs"].values():
        asked = {
            f"{scope}: {level}"
            for one in read(called(job)[0])["jobs"].values()
            for scope, level in one["permissions"].items()
        }
        needed = {one for one in asked if one.replace("read", "write") not in asked - {one}}
        assert {f"{scope}: {level}" for scope, level in job["permissions"].items()} == needed


@every(CALLERS)
def test_the_manual_shows_the_examples_callers(file: Path) -> None:
    assert file.read_text() in (CHECKOUT / "docs/actions.md").read_text()


@every(REUSABLE)
def test_the_manual_tells_a_workflows_interface(file: Path) -> None:
    manual = (CHECKOUT / "docs/actions.md").read_text()
    interface = read(file)["on"]["workflow_call"]

    for name, given in interface["inputs"].items():
        default = "required" if given["required"] else f"`{given['default']}`"
        assert f"| `{name}` | {default} |" in manual
    for name in interface["outputs"]:
        assert f"`{name}`" in manual
    for name, job in read(file)["jobs"].items():
        (permission,) = (f"{scope}: {level}" for scope, level in job["permissions"].items())
        assert f"| `{name}` | `{permission}` |" in manual


def test_no_job_waits_for_training_but_those_that_need_its_candidate() -> None:
    """A release, and above all a rollback, is carried out at once, and drift stops nobody's run."""
    jobs = read(PIPELINE)["jobs"]
    groups = {name: job["concurrency"]["group"] for name, job in jobs.items()}

    assert "concurrency" not in read(PIPELINE)
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "reconcile": None, "run": None, "promote": "run",
    }  # fmt: skip
    assert len(set(groups.values())) == len(jobs)
    assert {name for name, group in groups.items() if "inputs.model" not in group} == {"reconcile"}
    assert read(PROMOTE)["jobs"]["promote"]["concurrency"] == jobs["promote"]["concurrency"]
    assert groups["promote"] == "mlgitops-promote-${{ inputs.model }}"


@every(REUSABLE)
def test_what_writes_is_neither_cancelled_nor_dropped(file: Path) -> None:
    for name, job in read(file)["jobs"].items():
        assert job["concurrency"]["cancel-in-progress"] is False
        assert job["concurrency"].get("queue") == (None if name == "run" else "max")


@pytest.mark.parametrize(
    ("schema", "files"),
    [("workflows", WORKFLOWS + CALLERS), ("actions", ACTIONS + STAND_INS)],
    ids=["workflows", "actions"],
)
def test_files_have_the_shape_that_github_asks_for(schema: str, files: list[Path]) -> None:
    words = ("--builtin-schema", f"vendor.github-{schema}", *map(str, files))

    assert tool("check-jsonschema", *words) == 0


def test_zizmor_finds_nothing_even_when_pedantic() -> None:
    examples = sorted({str(file.parents[2]) for file in CALLERS})
    flags = ("--offline", "--persona", "pedantic", "--no-progress", "--strict-collection")

    assert tool("zizmor", *flags, "--config", ".github/zizmor.yml", ".", *examples) == 0


def tool(name: str, *words: str) -> int:
    """Exit code of a linter that is installed beside this Python; it says why on the terminal."""
    command = [str(Path(sys.executable).with_name(name)), *words]
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode


def test_the_pipeline_proposes_the_candidate_that_it_registered_for_the_chains_first() -> None:
    (propose,) = (step for step in steps(PIPELINE) if step.get("id") == "propose")

    assert propose["with"]["candidate"] == "${{ steps.register.outputs.candidate }}"
    assert propose["with"]["environment"] == "${{ steps.register.outputs.environment }}"


def test_up_the_chain_no_candidate_is_named() -> None:
    (propose,) = (step for step in steps(PROMOTE) if step.get("id") == "propose")

    assert propose["with"].keys() == {"model", "environment"}


@pytest.mark.parametrize("example", sorted({file.parents[2] for file in CALLERS}), ids=relative)
def test_an_examples_data_are_committed_and_start_its_workflow(example: Path) -> None:
    """A runner has nothing but the checkout."""
    sources = read(next(example.glob("mlops/datasets/*.yaml")))["spec"]["sources"].values()
    places = [path.replace("*", "2013-01") for source in sources for path in source.values()]
    starting = read(example / ".github/workflows/mlgitops.yml")["on"]["push"]["paths"]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *places],
        cwd=example,
        check=False,
        capture_output=True,
    )

    assert (ignored.returncode, ignored.stdout) == (1, b"")
    for place in places:
        assert any(fnmatchcase(place, pattern) for pattern in starting), place
