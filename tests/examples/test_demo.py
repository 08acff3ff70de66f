"""The demo's story, told by what it left behind: git, the registry, the store, exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
MODEL = "flights-delay"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "flights"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_WORKSPACE", str(folder.parent))  # it can be played in a job
        played = mlgitops(folder.parent, "demo", str(folder))

    assert played.returncode == 0, played.stdout[-4000:] + played.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def registry(demo: Path) -> Any:
    from mlflow import MlflowClient

    uri = f"sqlite:///{demo / 'mlflow.db'}"
    return MlflowClient(uri, uri)


def mlgitops(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlgitops", *words]
    return subprocess.run(command, cwd=place, check=False, capture_output=True, text=True)


def git(demo: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=demo, check=True, capture_output=True, text=True
    ).stdout.strip()


def release(demo: Path, environment: str, commit: str = "main") -> dict[str, str]:
    text = git(demo, "show", f"{commit}:mlops/releases/{environment}/{MODEL}.yaml")
    desired = text.partition("desired:")[2].partition("previous:")[0]
    return dict(re.findall(r'(\w+): "?([^"\n]+)"?', desired))


def run_record(demo: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((demo / ".mlgitops/runs" / f"{MODEL}.json").read_text())
    return record


def test_two_candidates_became_two_versions(registry: Any) -> None:
    versions = registry.search_model_versions(f"name='{MODEL}'")

    assert sorted(int(version.version) for version in versions) == [1, 2]
    assert len({version.tags["mlgitops.candidate"] for version in versions}) == 2


def test_a_version_tells_its_whole_story(registry: Any) -> None:
    version = registry.get_model_version(MODEL, "2")
    run = registry.get_run(version.run_id)

    assert {"holdout/roc_auc", "train/roc_auc", "seconds/train"} <= set(run.data.metrics)
    assert run.data.params["max_iter"] == "120"
    assert {entry.dataset.name for entry in run.inputs.dataset_inputs} == {
        "flights-train",
        "flights-holdout",
    }
    assert version.tags["mlgitops.manifest"].startswith("sha256:")
    assert any(key.startswith("mlgitops.evidence") for key in version.tags)


def test_the_releases_went_through_merged_pull_requests(demo: Path) -> None:
    merges = git(demo, "log", "main", "--merges", "--format=%s").splitlines()

    assert sum("promote/staging" in subject for subject in merges) == 2
    assert sum("promote/production" in subject for subject in merges) == 2
    assert sum("rollback/production" in subject for subject in merges) == 1


def test_the_promotion_carries_its_evidence(demo: Path) -> None:
    second = git(demo, "log", "main", "--merges", "--grep=promote/staging", "--format=%H").split()[
        0
    ]
    message = git(demo, "show", "--no-patch", "--format=%B", f"{second}^2")
    body = message.partition("\n\n")[2]
    header = json.loads(body.splitlines()[0].removeprefix("<!-- mlgitops ").removesuffix(" -->"))
    pin = release(demo, "staging")
    path = f"mlops/evidence/{MODEL}/{pin['candidate']}-{pin['evidence'][7:19]}.json"
    evidence = json.loads(git(demo, "show", f"main:{path}"))

    assert header["candidate"] == pin["candidate"]
    assert evidence["champion"]["version"] == 1
    assert evidence["comparison"]["roc_auc"]["n"] == evidence["metrics"]["roc_auc"]["n"]


def test_git_and_the_registry_agree_after_the_rollback(demo: Path, registry: Any) -> None:
    aliases = {k: int(v) for k, v in registry.get_registered_model(MODEL).aliases.items()}

    assert aliases == {"staging": 2, "champion": 1}
    assert release(demo, "staging")["version"] == "2"
    assert release(demo, "production")["version"] == "1"


def test_the_leaking_candidate_is_refused_and_not_registered(demo: Path) -> None:
    git(demo, "switch", "--quiet", "add-departure-delay")
    try:
        refused = mlgitops(demo, "run", MODEL)
        record = run_record(demo)
    finally:
        git(demo, "switch", "--quiet", "main")
    gate = next(step for step in record["steps"] if step["name"] == "gate")
    decision = json.loads(
        (demo / ".mlgitops/store/files" / gate["outputs"]["decision-staging"][7:]).read_text()
    )
    leakage = next(result for result in decision["gates"] if result["policy"] == "leakage")

    assert refused.returncode == 3
    assert decision["verdict"] == "fail"
    assert leakage["verdict"] == "fail"
    assert any("dep_delay" in rule["message"] for rule in leakage["rules"])
    assert [step["name"] for step in record["steps"]][-1] == "gate"


def test_another_champion_is_judged_again_and_an_unchanged_run_makes_no_step(demo: Path) -> None:
    after_the_rollback = mlgitops(demo, "run", MODEL)
    changed = {step["name"]: step["because"] for step in run_record(demo)["steps"]}
    again = mlgitops(demo, "run", MODEL)

    assert after_the_rollback.returncode == again.returncode == 0
    assert changed["train"] == "unchanged"
    assert changed["evaluate"] == "input-changed"
    assert {step["status"] for step in run_record(demo)["steps"]} == {"cached"}


def test_nothing_is_left_to_reconcile(demo: Path) -> None:
    assert mlgitops(demo, "drift").returncode == 0
    assert mlgitops(demo, "plan", "--exit-code").returncode == 0


def test_an_alias_moved_by_hand_is_drift_until_it_is_healed(demo: Path, registry: Any) -> None:
    registry.set_registered_model_alias(MODEL, "champion", "2")

    assert mlgitops(demo, "drift").returncode == 4
    assert mlgitops(demo, "drift", "--heal").returncode == 0
    assert int(registry.get_registered_model(MODEL).aliases["champion"]) == 1


def test_the_rollback_holds_the_candidate(demo: Path) -> None:
    assert mlgitops(demo, "promote", MODEL, "--to", "production").returncode == 3


def test_the_reports_need_no_network(demo: Path) -> None:
    reports = sorted((demo / ".mlgitops/reports").rglob("*.html"))

    assert len(reports) == 6
    for report in reports:
        assert not re.search(r'(?:src|href)="(?:https?:)?//', report.read_text())


def test_a_served_model_needs_nothing_of_ours(demo: Path) -> None:
    program = (
        "import sys, mlflow, pandas; sys.modules['mlgitops'] = None\n"
        f"mlflow.set_tracking_uri('sqlite:///{demo / 'mlflow.db'}')\n"
        f"model = mlflow.pyfunc.load_model('models:/{MODEL}@champion')\n"
        "print(model.predict(model.input_example).shape[0])\n"
    )
    served = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=demo.parent,
        check=False,
        capture_output=True,
        text=True,
    )

    assert served.returncode == 0, served.stderr
    assert served.stdout.strip() == "3"
