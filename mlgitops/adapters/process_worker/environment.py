"""What jobs see of the environment: nothing that could be a credential."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_KEPT = frozenset(
    {
        "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
        "PYTHONDONTWRITEBYTECODE",
    }
)  # fmt: skip
_KEPT_PREFIXES = ("LC_", "OMP_", "OPENBLAS_", "MKL_")


def of_workers(given: Mapping[str, str], home: Path) -> dict[str, str]:
    """What is harmless of *given*, with *home* and what keeps packages quiet."""
    kept = {
        name: value
        for name, value in given.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    own_python = str(Path(sys.executable).parent)  # for `command: [python, ...]`
    return kept | {
        "PATH": os.pathsep.join([own_python, kept.get("PATH", os.defpath)]),
        "PYTHONHASHSEED": "0",  # models with sets in them get the same bytes each time
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GX_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "true",
        **_at_home(home),
    }


def of_job(home: Path, temporary: Path) -> dict[str, str]:
    """What one job sees instead, so that all it writes lies in its own folders."""
    return {**_at_home(home), "TMPDIR": str(temporary)}


def _at_home(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db",
        # Its own name for where files go that would otherwise go to ./mlruns.
        "_MLFLOW_SERVER_ARTIFACT_ROOT": f"{home}/mlartifacts",
    }
