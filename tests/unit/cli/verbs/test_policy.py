from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlgitops.cli.app import main
from tests.fakes import policy_repository
from tests.fakes.answers import valid

Policy = Callable[..., int]
POLICY, TEST = "mlops/policies/calibrated.yaml", "mlops/policy-tests/calibrated.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    for path, text in policy_repository.FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


@pytest.fixture
def policy(root: Path) -> Policy:
    def run(*words: str) -> int:
        return main(["-C", str(root), "policy", *words])

    return run


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


def test_sound_tests_are_a_table_and_code_0(
    policy: Policy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy("test", "--mutate") == 0

    out, err = capsys.readouterr()
    assert "calibrated  7 of 7  1 of 1" in out
    assert err == ""


def test_a_case_not_as_expected_is_code_3(
    policy: Policy, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(
        root,
        TEST,
        "max: 0.005}\n      expect: {verdict: fail",
        "max: 0.005}\n      expect: {verdict: inconclusive",
    )

    assert policy("test") == 3

    out, err = capsys.readouterr()
    said = " ".join(out.split())
    assert "inconclusive was expected, fail was found" in said
    assert "the calibration error is 0.008; at most 0.005 is asked" in said
    assert "error: 1 case not as expected\nhint: correct the policy, or what" in err


def test_coverage_is_asked_unless_it_is_a_draft(policy: Policy, root: Path) -> None:
    text = (root / TEST).read_text()
    (root / TEST).write_text(text[: text.index("    - name: on the threshold")])

    assert policy("test") == 3
    assert policy("test", "--no-coverage") == 0


def test_too_few_faults_noticed_is_code_3(
    policy: Policy, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(
        root,
        TEST,
        "    - name: on the threshold\n      with: {max: 0.0129}\n      expect: pass\n",
        "",
    )

    assert policy("test", "--mutate", "--min-score", "1") == 3
    out, err = capsys.readouterr()
    assert "nobody notices `<` for `<=`" in out
    assert re.search(
        r"error: \d+ of \d+ mutants of calibrated noticed, .*% where 100% is asked", err
    )
    assert "hint: write a case for each mutant listed" in err
    assert policy("test", "--mutate", "--min-score", "0.5") == 0


@pytest.mark.parametrize("words", [("--min-score", "0.5"), ("--mutate", "--min-score", "95")])
def test_a_score_that_means_nothing_is_refused(policy: Policy, words: tuple[str, ...]) -> None:
    assert policy("test", *words) == 2


def test_a_test_that_is_wrong_is_code_2_with_its_line(
    policy: Policy, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root, TEST, "remove: [calibration.ece]", "remove: [calibration.eec]")

    assert policy("test") == 2
    assert f"{TEST}:22:16: TEST402 spec.cases[5].remove[0]" in capsys.readouterr().err


def test_the_built_in_policies_are_tried_anywhere(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path_factory.mktemp("empty")

    assert main(["-C", str(empty), "policy", "test", "--builtin", "min-metric"]) == 0
    assert "min-metric" in capsys.readouterr().out


def test_json_is_one_document_whatever_comes_out(
    policy: Policy, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy("test", "--format", "json") == 0
    assert len(valid("policy-test", capsys.readouterr().out)["policies"]) == 1
    edit(
        root,
        TEST,
        "max: 0.005}\n      expect: {verdict: fail",
        "max: 0.005}\n      expect: {verdict: error",
    )

    assert policy("test", "--format", "json") == 3
    assert valid("policy-test", capsys.readouterr().out)["error"]["code"] == 3


def test_lint_warns_with_code_0_and_refuses_with_code_2(
    policy: Policy, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy("lint") == 0
    assert capsys.readouterr().out == "nothing to say\n"
    edit(root, POLICY, "params.max\n      fail", "params.max && !!true\n      fail")

    assert policy("lint") == 0
    out, err = capsys.readouterr()
    assert f"{POLICY}:10:51: POL408 (warning) spec.rules[0].pass: two negations" in out
    assert err == ""

    edit(root, POLICY, "high <= params.max", "high <= params.mux")
    assert policy("lint") == 2
    out, err = capsys.readouterr()
    assert f"{POLICY}:10:44: SPEC334 spec.rules[0].pass" in out
    assert "error: 1 of 2 findings is an error" in err


def test_strict_lint_lets_no_warning_pass(
    policy: Policy, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy("lint", "--strict") == 0
    edit(root, POLICY, "params.max\n      fail", "params.max && !!true\n      fail")
    capsys.readouterr()

    assert policy("lint", "--strict") == 2
    out, err = capsys.readouterr()
    assert "POL408 (warning)" in out
    assert err == "error: 1 warning, and --strict lets none pass\n"

    assert policy("lint", "--strict", "--format", "json") == 2
    document = valid("policy-lint", capsys.readouterr().out)
    assert (len(document["findings"]), document["error"]["code"]) == (1, 2)


def test_lint_annotates_and_answers_programs(
    policy: Policy, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root, POLICY, "params.max\n      fail", "params.max && !!true\n      fail")

    assert policy("lint", "--format", "github") == 0
    assert capsys.readouterr().out.startswith(
        f"::warning file={POLICY},line=10,col=51,title=POL408::"
    )
    assert policy("lint", "calibrated", "--format", "json") == 0
    [found] = valid("policy-lint", capsys.readouterr().out)["findings"]
    assert (found["code"], found["level"]) == ("POL408", "warning")


def test_lint_refused_for_programs_is_one_document(
    policy: Policy, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root, POLICY, "high <= params.max", "high <= params.mux")

    assert policy("lint", "--format", "json") == 2

    document = valid("policy-lint", capsys.readouterr().out)
    assert (len(document["findings"]), document["error"]["code"]) == (1, 2)
