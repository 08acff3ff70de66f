"""Every module has the tests of its own, where one looks for them, or a reason not to."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parents[1] / "mlgitops"

# Why a module is tested elsewhere.
EXCEPTIONS = {
    "__main__.py": "two lines; tests/acceptance/test_bad_input.py starts it",
    "adapters/cel_engine/compilation.py": "a child of the engine: tests/unit/adapters/test_cel_engine.py",
    "adapters/cel_engine/engine.py": "with its program, in tests/unit/adapters/test_cel_engine.py",
    "adapters/cel_engine/program.py": "a child of the engine: tests/unit/adapters/test_cel_engine.py",
    "adapters/git_repository/lineage.py": "in tests/unit/adapters/test_git_repository.py",
    "adapters/git_repository/program.py": "git itself, in tests/unit/adapters/test_git_repository.py",
    "adapters/git_repository/repository.py": "in tests/unit/adapters/test_git_repository.py",
    "adapters/local_forge.py": "held to its port by tests/contract/test_forge.py",
    "adapters/mlflow_registry/artifacts.py": "by tests/contract/test_model_registry.py",
    "adapters/mlflow_registry/registration.py": "by tests/contract/test_model_registry.py",
    "adapters/mlflow_registry/runs.py": "by tests/contract/test_model_registry.py",
    "adapters/process_worker/zygote.py": "in tests/unit/adapters/process_worker/test_worker.py",
    "adapters/tables/arrays.py": "read and write of tests/unit/adapters/test_tables_arrow_tables.py",
    "adapters/tables/column_types.py": "in tests/unit/adapters/test_tables_arrow_tables.py",
    "adapters/tables/connections.py": "in tests/unit/adapters/test_tables_queries.py",
    "adapters/tables/parquet_files.py": "in tests/unit/adapters/test_tables_file_tables.py",
    "adapters/tables/unpacking.py": "zipped files of tests/unit/adapters/test_tables_csv_files.py",
    "cli/story.py": "played to its end by tests/examples/test_demo.py",
    "cli/verbs/audit.py": "in the order of use, in tests/unit/cli/verbs/test_keys.py",
    "cli/verbs/drift.py": "in the order of use, in tests/unit/cli/verbs/test_releasing.py",
    "cli/verbs/plan.py": "in the order of use, in tests/unit/cli/verbs/test_releasing.py",
    "cli/verbs/promote.py": "in the order of use, in tests/unit/cli/verbs/test_releasing.py",
    "cli/verbs/reconcile.py": "in the order of use, in tests/unit/cli/verbs/test_releasing.py",
    "cli/verbs/rollback.py": "in the order of use, in tests/unit/cli/verbs/test_releasing.py",
    "cli/verbs/status.py": "in the order of use, in tests/unit/cli/verbs/test_releasing.py",
    "model/dataset.py": "fields only, filled by tests/unit/spec/test_decode.py",
    "model/estimates.py": "shapes only, held to the schema by tests/unit/spec/test_evidence.py",
    "model/evidence.py": "shapes only, held to the schema by tests/unit/spec/test_evidence.py",
    "model/examinations.py": "shapes only, held to the schema by tests/unit/spec/test_evidence.py",
    "model/expressions.py": "fields only, filled by tests/unit/adapters/test_cel_engine.py",
    "model/pipeline.py": "fields only, filled by tests/unit/spec/test_decode.py",
    "model/registry.py": "fields only, filled by tests/contract/test_model_registry.py",
    "model/source.py": "fields only, filled by tests/unit/spec/test_yaml_tree.py",
    "reports/drawing.py": "what all of tests/unit/reports/test_terminal.py is drawn with",
    "reports/gate_table.py": "beside the other tables, in tests/unit/reports/test_terminal.py",
    "ports.py": "Protocols and their records; each is held by its adapter in tests/contract",
}


def mirrors(module: str) -> tuple[Path, ...]:
    """Where the tests of *module*, a path below the package, may be."""
    *folders, name = module.removesuffix(".py").split("/")
    beside = TESTS.joinpath(*folders, f"test_{name}.py")
    flat = TESTS.joinpath(*folders[:-1], f"test_{'_'.join([*folders[-1:], name])}.py")
    return (beside, flat)


def modules() -> list[str]:
    """Paths below the package, but for those that hold no code."""
    files = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return sorted(file.as_posix() for file in files if file.name != "__init__.py")


def test_every_module_has_its_mirror_or_a_reason() -> None:
    without = [
        module for module in modules() if not any(path.is_file() for path in mirrors(module))
    ]

    assert without == sorted(EXCEPTIONS)


def test_every_reason_names_a_test_that_is_there() -> None:
    root = TESTS.parents[1]
    for reason in EXCEPTIONS.values():
        assert any((root / word).exists() for word in reason.split() if "tests/" in word), reason
