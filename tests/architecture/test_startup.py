"""What a process imports before it is needed: modules are counted, never milliseconds."""

from __future__ import annotations

import ast
import importlib.util
import json
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

import mlgitops.adapters
from mlgitops.adapters.worker.program import JOBS
from mlgitops.cli import address, verbs, wiring
from mlgitops.cli.app import VERBS
from mlgitops.model.run import STEPS
from mlgitops.ports import Job
from tests.fakes.git_workspace import GitWorkspace
from tests.fakes.laboratory import CUSTOMERS, FILES

HEAVY = frozenset(
    {
        "cel_expr_python", "cryptography", "great_expectations", "jinja2", "jsonschema",
        "matplotlib", "mlflow", "pandas", "psycopg", "pyarrow", "rich", "scipy",
        "securesystemslib", "sklearn", "sqlalchemy",
    }
)  # fmt: skip
MOST_MODULES = 220
MODEL = "churn"
# Runs a command line in this process, and ends with what was imported for it.
_DRIVER = """\
import json, sys
from mlgitops.cli.app import main
code = main(sys.argv[1:])
print(json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""


def imported(program: str, *arguments: str, cwd: Path | None = None) -> Any:
    """What a new interpreter prints last, as JSON."""
    command = [sys.executable, "-c", program, *arguments]
    printed = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def after_importing(modules: Sequence[str]) -> set[str]:
    """What is imported in a new interpreter once *modules* are."""
    program = "import importlib, json, sys\n"
    program += "for name in sys.argv[1:]: importlib.import_module(name)\n"
    return set(imported(program + "print(json.dumps(sorted(sys.modules)))", *modules))


def adapters() -> list[str]:
    """Every adapter module, but those that run in a child process only."""
    found = pkgutil.walk_packages(mlgitops.adapters.__path__, "mlgitops.adapters.")
    return [module.name for module in found if ".worker." not in module.name]


def adapters_that_are_built() -> list[str]:
    """The adapter modules that the wiring names."""
    trees = [ast.parse(Path(str(module.__file__)).read_text()) for module in (wiring, address)]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return sorted(name for name in named if name.startswith("mlgitops.adapters."))


def test_the_door_and_every_adapter_that_is_built_stay_light() -> None:
    built = adapters_that_are_built()
    modules = after_importing(["mlgitops.cli.app", *built])

    assert len(built) >= 7
    assert not modules & {*HEAVY, "numpy"}
    assert len(modules) < MOST_MODULES


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_answers_about_itself_need_half_as_much(word: str) -> None:
    program = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules))))\n"
        "from mlgitops.cli.app import main\n"
        "main(sys.argv[1:])\n"
    )
    modules = set(imported(program, word))

    assert not modules & {*HEAVY, "numpy", "yaml"}
    assert len(modules) < MOST_MODULES / 2


def test_no_adapter_imports_a_heavy_package_before_it_works() -> None:
    # numpy may stand at the top of what is imported together with Arrow anyway.
    assert not after_importing(adapters()) & HEAVY


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose pipeline has just run from end to end."""
    workspace = GitWorkspace.create(tmp_path_factory.mktemp("startup") / "shop")
    workspace.commit({**FILES, "data/customers.csv": CUSTOMERS}, "Begin")
    command = [sys.executable, "-m", "mlgitops", "run", MODEL]
    ran = subprocess.run(command, cwd=workspace.root, check=False, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    return workspace.root


@pytest.mark.slow
@pytest.mark.parametrize("last", STEPS)
def test_a_run_with_nothing_to_do_imports_nothing_to_do_it_with(run_once: Path, last: str) -> None:
    ended = imported(_DRIVER, "run", MODEL, "--until", last, cwd=run_once)
    record = json.loads((run_once / f".mlgitops/runs/{MODEL}.json").read_text())

    assert ended["code"] == 0
    assert {step["status"] for step in record["steps"]} == {"cached"}
    assert not {*ended["modules"]} & {*HEAVY, "numpy"}
    assert len(ended["modules"]) < MOST_MODULES


def test_every_step_of_the_table_is_a_step() -> None:
    assert tuple(wiring.STEP_MODULES) == STEPS
    for name in STEPS:
        step = wiring.load_step(name)
        assert step.VERSION >= 1
        assert set(step.JOBS) <= set(JOBS)
        assert all(callable(getattr(step, part)) for part in ("inputs", "make", "accept"))


def test_every_verb_of_the_table_is_a_verb_and_none_is_left_out() -> None:
    assert set(VERBS) == {module.name for module in pkgutil.iter_modules(verbs.__path__)}
    for name in VERBS:
        verb = importlib.import_module(f"mlgitops.cli.verbs.{name}")
        assert callable(verb.configure)
        assert callable(verb.execute)


@pytest.mark.parametrize("job", JOBS)
def test_every_job_of_the_table_is_a_function(job: str) -> None:
    module, _, function = JOBS[job].partition(":")
    found = importlib.util.find_spec(module)

    # Read, not imported: what runs in a child process only may import heavy packages.
    assert found is not None
    assert found.origin is not None
    tree = ast.parse(Path(found.origin).read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_jobs_are_those_of_the_port() -> None:
    assert set(JOBS) == set(get_args(Job))
