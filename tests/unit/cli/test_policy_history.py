"""`mlgitops policy replay` and `backtest`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.cli.app import main
from mlgitops.model import decision_log
from tests.fakes.answers import valid
from tests.fakes.release_world import MODEL, ReleaseWorld

PIPELINE = f"mlops/pipelines/{MODEL}.yaml"


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    made = ReleaseWorld(tmp_path)
    made.run()
    made.release()
    return made


def ask(world: ReleaseWorld, *words: str) -> int:
    return main(["-C", str(world.workspace.root), "policy", *words])


def tighten(world: ReleaseWorld) -> None:
    text = (world.workspace.root / PIPELINE).read_text()
    world.workspace.write({PIPELINE: text.replace("0.62", "0.7")})


def test_a_replay_says_that_all_is_as_recorded(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    [entry] = world.carried("HEAD")

    assert ask(world, "replay", "--all") == 0
    assert "1 of 1 decisions come out byte for byte as recorded" in capsys.readouterr().out
    assert ask(world, "replay", entry.id[:20], "--format", "json") == 0
    [row] = valid("policy-replay", capsys.readouterr().out)["replays"]
    assert (row["id"], row["outcome"], row["stage"]) == (entry.id, "equal", "promote")


def forge(world: ReleaseWorld, **change: Any) -> None:
    """Let the decision at HEAD be another one, in a chain that is whole."""
    [entry] = world.carried("HEAD")
    other = decision_log.entry(replace(entry.decision, **change), None, commit=entry.commit)
    path = decision_log.path("staging", MODEL)
    world.workspace.commit({path: f"{other.line}\n"}, "Forge")


def test_a_decision_that_policies_would_not_make_is_told(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    forge(world, waivers=(), engine="cel 9")

    assert ask(world, "replay", "--all", "--format", "json") == 3
    found = valid("policy-replay", capsys.readouterr().out)
    assert [row["outcome"] for row in found["replays"]] == ["differs", "equal"]
    assert "engine (cel 9 → " in found["replays"][0]["reason"]
    assert ask(world, "replay", "--all") == 3
    assert "come out otherwise" in capsys.readouterr().err


def test_a_decision_whose_evidence_is_gone_is_left_to_a_person(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run(auc=0.66)
    world.promote()

    assert ask(world, "replay", "--all") == 8
    assert "neither at HEAD nor in the store" in capsys.readouterr().out


def test_a_log_has_to_end_with_the_head_that_is_known(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    [entry] = world.carried("HEAD")

    assert ask(world, "replay", "--head", entry.id) == 0
    assert "1 of 1 decisions come out byte for byte" in capsys.readouterr().out
    (world.workspace.root / ".mlgitops" / "decisions" / f"{MODEL}.jsonl").unlink()
    world.workspace.commit({decision_log.path("staging", MODEL): ""}, "Forget")
    assert ask(world, "replay", "--all") == 0
    assert ask(world, "replay", "--head", entry.id) == 2
    assert "no log of decisions ends, whole, with" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"context": {}},
        {"context": {"now": "x", "stage": "run", "environment": "staging"}},
        {"candidate": 3},
    ],
)
def test_a_line_of_other_types_is_told_whatever_its_id(
    change: dict[str, Any], world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    forge(world, **change)

    for words in (("replay", "--all"), ("backtest",)):
        assert ask(world, *words) == 2
        assert "were changed, at line 1: it is not a decision: " in capsys.readouterr().err


def test_a_chain_that_is_broken_is_told(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"mlops/decisions/staging/{MODEL}.jsonl"
    text = (world.workspace.root / path).read_text()
    world.workspace.commit({path: text.replace('"pass"', '"fail"', 1)}, "Lie")

    for words in (("replay", "--all"), ("backtest",)):
        assert ask(world, *words) == 2
        assert f"the decisions in {path} were changed, at line 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [("replay",), ("replay", "x", "--all"), ("replay", "zzz"), ("backtest", "--since", "soon"), ("replay", "--all", "--head", "x"),
     ("backtest", "--since", ""), ("backtest", "--since", "999999d"),
     ("backtest", "--since", "999999999999d"),
     ("backtest", "--policy", "mars")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], world: ReleaseWorld) -> None:
    assert ask(world, *words) == 2


def test_the_policies_of_the_work_tree_flip_what_they_would(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(world, "backtest") == 0
    assert "0 of 1 decisions would flip\n" in capsys.readouterr().out

    tighten(world)
    assert ask(world, "backtest", "--format", "json") == 4
    found = valid("policy-backtest", capsys.readouterr().out)
    [flip] = found["flips"]
    assert (flip["before"], flip["after"]) == ("pass", "fail")
    assert flip["because"] == ["min-metric/floor"]
    assert found["error"]["code"] == 4
    assert ask(world, "backtest", "--policy", "leakage") == 0
    assert ask(world, "backtest", "--policy", "min-metric") == 4
    out = capsys.readouterr().out
    assert "pass → fail\n  because of min-metric/floor\n" in out


def test_only_the_last_days_count(world: ReleaseWorld, capsys: pytest.CaptureFixture[str]) -> None:
    tighten(world)

    assert ask(world, "backtest", "--since", "1m", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["judged"] == 0
