from __future__ import annotations

import os
import sys
from pathlib import Path

from mlgitops.adapters.process_worker import environment

GIVEN = {
    "PATH": "/usr/bin",
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "2",
    "AWS_SECRET_ACCESS_KEY": "planted",
    "MLFLOW_TRACKING_URI": "https://planted@host",
    "PYTHONPATH": "/planted",
    "MLGITOPS_SIGNING_KEY": "planted",
    "MLGITOPS_SIGNING_KEY_FILE": "/planted/ci.key",
    "HOME": "/home/planted",
}


def test_only_what_is_harmless_is_passed_on() -> None:
    found = environment.of_workers(GIVEN, Path("/scratch/home"))

    assert "planted" not in str(found)
    assert not [name for name in found if "SIGNING" in name]
    assert {name: found[name] for name in ("LC_ALL", "OMP_NUM_THREADS", "HOME")} == {
        "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "2", "HOME": "/scratch/home",
    }  # fmt: skip


def test_python_is_the_one_that_runs() -> None:
    own = str(Path(sys.executable).parent)

    assert environment.of_workers(GIVEN, Path("/h"))["PATH"] == f"{own}{os.pathsep}/usr/bin"
    assert environment.of_workers({}, Path("/h"))["PATH"] == f"{own}{os.pathsep}{os.defpath}"


def test_a_job_has_a_home_and_a_temporary_folder_of_its_own() -> None:
    assert environment.of_job(Path("/1/home"), Path("/2")) == {
        "HOME": "/1/home",
        "TMPDIR": "/2",
        "MLFLOW_TRACKING_URI": "sqlite:////1/home/mlflow.db",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "/1/home/mlartifacts",
    }
