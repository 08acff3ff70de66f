"""Waivers: whoever judges gives the same answer, and one that has expired is never honoured.

The policy asks nothing of the evidence: its parameters say what each of its rules comes to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.cli.app import main
from mlgitops.model.digest import short
from mlgitops.model.errors import GateFailed, Inconclusive, SpecError
from mlgitops.model.verdict import Decision, Verdict, context
from mlgitops.reports.verdicts import gate_lines
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.gate import gate, gate_all
from mlgitops.usecases.steps import gate as gate_step
from tests.fakes.laboratory import Laboratory
from tests.fakes.release_world import MODEL, ReleaseWorld

ENVELOPE = "apiVersion: mlgitops.dev/v1\nkind: {}\nmetadata: {{name: {}}}\n"
RULE = """
    - id: {0}
      pass: "params.{0} < 9.0 ? params.{0} > 0.0 : ext.absent > 1.0"
      fail: "params.{0} < 0.0"
      message: "{0} is {{params.{0}}}"
"""
POLICIES = {
    f"mlops/policies/{name}.yaml": ENVELOPE.format("Policy", name)
    + "spec:\n  params: {a: {type: number}, b: {type: number, default: 1.0}}\n  rules:"
    + RULE.format("a")
    + RULE.format("b")
    for name in ("own", "other")
}
PASS, FAIL, OPEN, ERROR = 1.0, -1.0, 0.0, 9.0  # open: neither true nor false
LAST_DAY = "2026-01-02"
NOON = "2026-01-02T12:00:00+00:00"
SHUT, OPENED, REFUSED = "shut", "opened", "refused"


@dataclass(frozen=True)
class W:
    """A waiver as somebody wrote it; `{}` in *candidate* is the right one's first digits."""

    policy: str = "own"
    model: str = "{}"
    candidate: str = "{}"
    expires: str = LAST_DAY
    rules: str = ""

    def text(self, name: str, model: str, candidate: str) -> str:
        rules = f"  rules: [{self.rules}]\n" if self.rules else ""
        return (
            ENVELOPE.format("Waiver", name)
            + f"spec:\n  policy: {self.policy}\n  model: {self.model.format(model)}\n{rules}"
            f'  candidate: "{self.candidate.format(candidate)}"\n'
            f"  reason: Known and accepted by all.\n  expires: {self.expires}\n"
        )


@dataclass(frozen=True)
class Scenario:
    """Gate and waivers, and what becomes of the gate."""

    waivers: tuple[W, ...]
    expected: str
    a: float = FAIL
    b: float = PASS
    level: str = "soft"
    now: str = NOON

    def files(self, model: str, candidate: str) -> dict[str, str]:
        binding = f"{{policy: own, level: {self.level}, with: {{a: {self.a}, b: {self.b}}}}}"
        files = {"mlops/environments/staging.yaml": ENVELOPE.format("Environment", "staging")
                 + f"spec: {{policies: [{binding}]}}\n"}  # fmt: skip
        for number, waiver in enumerate(self.waivers):
            text = waiver.text(f"w{number}", model, candidate)
            files[f"mlops/waivers/w{number}.yaml"] = text
        return files


def one(expected: str, waiver: W = W(), **given: object) -> Scenario:
    return Scenario((waiver,), expected, **given)  # type: ignore[arg-type]


OTHER = "0123456789ab"
SCENARIOS = {
    "none": Scenario((), SHUT),
    "fail": one(OPENED),
    "inconclusive": one(OPENED, a=OPEN),
    "error": one(SHUT, a=ERROR),
    "error beside a fail": one(SHUT, b=ERROR),
    "error beside an inconclusive": one(SHUT, a=OPEN, b=ERROR),
    "both fail": one(OPENED, b=FAIL),
    "fail and inconclusive": one(OPENED, b=OPEN),
    "hard": one(SHUT, level="hard"),
    "hard and inconclusive": one(SHUT, a=OPEN, level="hard"),
    "hard and of rules": one(SHUT, W(rules="a"), level="hard"),
    "first second of the last day": one(OPENED, now="2026-01-02T00:00:00+00:00"),
    "last second": one(OPENED, now="2026-01-02T23:59:59+00:00"),
    "less than a second before the end": one(OPENED, now="2026-01-02T23:59:59.999+00:00"),
    "one second late": one(SHUT, now="2026-01-03T00:00:00+00:00"),
    "a day late": one(SHUT, now="2026-01-04T00:00:00+00:00"),
    "years late": one(SHUT, now="2031-01-01T00:00:00+00:00"),
    "a month before": one(OPENED, now="2025-12-01T00:00:00+00:00"),
    "late here, not yet in UTC": one(OPENED, now="2026-01-03T00:30:00+01:00"),
    "the last day here, late in UTC": one(SHUT, now="2026-01-02T23:30:00-01:00"),
    "expired the day before": one(SHUT, W(expires="2026-01-01")),
    "of rules, expired": one(SHUT, W(expires="2026-01-01", rules="a")),
    "leap day": one(OPENED, W(expires="2028-02-29"), now="2028-02-29T23:59:59+00:00"),
    "after a leap day": one(SHUT, W(expires="2028-02-29"), now="2028-03-01T00:00:00+00:00"),
    "another candidate": one(SHUT, W(candidate=OTHER)),
    "candidate in capitals": one(REFUSED, W(candidate="0123456789AB")),
    "eleven digits": one(REFUSED, W(candidate=OTHER[:11])),
    "thirteen digits": one(REFUSED, W(candidate=f"{OTHER}c")),
    "no digits": one(REFUSED, W(candidate="")),
    "a whole digest": one(REFUSED, W(candidate="sha256:" + "ab" * 32)),
    "any candidate": one(REFUSED, W(candidate="*")),
    "another model": one(REFUSED, W(model="mars")),
    "another policy": one(SHUT, W(policy="other")),
    "a policy that is none": one(REFUSED, W(policy="mars")),
    "a policy that passes": one(SHUT, W(policy="leakage")),
    "no such day": one(REFUSED, W(expires="2026-02-30")),
    "not a day": one(REFUSED, W(expires="never")),
    "its rule": one(OPENED, W(rules="a")),
    "the other rule": one(SHUT, W(rules="b")),
    "one of two that fail": one(SHUT, W(rules="a"), b=FAIL),
    "one of two that do not pass": one(SHUT, W(rules="a"), b=OPEN),
    "both rules": one(OPENED, W(rules="a, b"), b=FAIL),
    "rules with an error": one(SHUT, W(rules="a, b"), b=ERROR),
    "a rule that is none": one(REFUSED, W(rules="mars")),
    "two, one for each rule": Scenario((W(rules="a"), W(rules="b")), OPENED, b=FAIL),
    "two, both for one rule": Scenario((W(rules="a"), W(rules="a")), SHUT, b=FAIL),
    "two, one expired": Scenario((W(rules="a"), W(rules="b", expires="2026-01-01")), SHUT, b=FAIL),
    "two, one for another candidate": Scenario(
        (W(rules="a"), W(rules="b", candidate=OTHER)), SHUT, b=FAIL
    ),
    "an expired one before one that holds": Scenario((W(expires="2026-01-01"), W()), OPENED),
    "one that holds before an expired one": Scenario((W(), W(expires="2026-01-01")), OPENED),
    "ten that do not fit": Scenario((W(policy="other"),) * 5 + (W(candidate=OTHER),) * 5, SHUT),
    "audit needs none": Scenario((), OPENED, level="audit"),
    "advisory needs none": Scenario((), OPENED, level="advisory", a=ERROR),
    "audit is not waived": one(OPENED, level="audit"),
    "what passes needs none": one(OPENED, a=PASS),
}


def test_there_are_fifty_scenarios_at_least() -> None:
    assert len(SCENARIOS) >= 50


class Bench:
    """One repository with one candidate, judged by all who judge."""

    def __init__(self, folder: Path) -> None:
        self.world = ReleaseWorld(folder)
        self.world.workspace.commit(POLICIES, "Policies")
        version = self.world.run(environments=("staging",))
        digest = version.tags["mlgitops.evidence.staging"]
        path = evidence_file.attachment(digest, "staging")
        self.content = self.world.registry.attachment(version, path) or b""
        self.file = folder / "evidence.json"
        self.file.write_bytes(self.content)
        self.candidate = short(version.candidate or "")

    def set(self, scenario: Scenario) -> None:
        workspace = self.world.workspace
        for old in (workspace.root / "mlops" / "waivers").glob("*.yaml"):
            old.unlink()
        workspace.commit(scenario.files(MODEL, self.candidate), "A scenario")
        self.world.now = datetime.fromisoformat(scenario.now)

    def by_gate(self) -> str:
        return OPENED if self._decided().verdict is Verdict.PASS else SHUT

    def by_report(self) -> str:
        [own] = [line for line in gate_lines(self._decided()) if line.policy == "own"]
        return SHUT if own.is_blocking else OPENED

    def _decided(self) -> Decision:
        known = context(self.world.now, "run", "staging")
        return gate(self.world.specs, self.evidence, engine=CelEngine(), context=known)

    def by_replay(self) -> str:
        known = context(self.world.now, "run", "staging")
        [found] = gate_all(self.world.specs, [(self.evidence, known)], engine=CelEngine())
        assert not isinstance(found, SpecError)
        return OPENED if found.verdict is Verdict.PASS else SHUT

    def by_promote(self) -> str:
        try:
            promotion = self.world.promote()
        except (GateFailed, Inconclusive):
            return SHUT
        assert promotion.request is not None
        self.world.workspace.git("branch", "--quiet", "-D", promotion.request.branch)
        return OPENED

    def by_command(self) -> str:
        root, now = str(self.world.workspace.root), self.world.now.isoformat()
        words = ["gate", "--evidence", str(self.file), "--now", now, "--format", "json"]
        code = main(["-C", root, *words])
        return {0: OPENED, 2: REFUSED, 3: SHUT, 8: SHUT}[code]

    @property
    def evidence(self) -> evidence_file.Evidence:
        return evidence_file.decode(self.content)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("waivers"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_whoever_judges_gives_the_same_answer(
    name: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = SCENARIOS[name]
    bench.set(scenario)
    entries: list[Callable[[], str]] = [
        bench.by_gate, bench.by_replay, bench.by_report, bench.by_promote, bench.by_command
    ]  # fmt: skip

    def answer(entry: Callable[[], str]) -> str:
        try:
            return entry()
        except SpecError:
            return REFUSED

    assert {entry.__name__: answer(entry) for entry in entries} == {
        entry.__name__: scenario.expected for entry in entries
    }
    capsys.readouterr()


@pytest.mark.slow
def test_so_does_a_run(laboratory: Laboratory, tmp_path: Path) -> None:
    known = laboratory.context(until="evaluate")
    candidate = short(gate_step.read_evidence(known, "staging")["subject"]["candidate"])
    answers = {}
    for number, (name, scenario) in enumerate(SCENARIOS.items()):
        for old in (laboratory.root / "mlops" / "waivers").glob("*.yaml"):
            old.unlink()
        for path, text in (POLICIES | scenario.files("churn", candidate)).items():
            file = laboratory.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        folder = tmp_path / str(number)
        folder.mkdir()
        laboratory.clock.moment = datetime.fromisoformat(scenario.now).astimezone(UTC)
        try:
            known.specs = laboratory.specs
        except SpecError:
            answers[name] = REFUSED
            continue
        made = gate_step.make(known, folder)
        answers[name] = (
            OPENED if '"verdict": "pass", "gates"' in made["decision-staging"].read_text() else SHUT
        )

    assert answers == {name: scenario.expected for name, scenario in SCENARIOS.items()}


WHY_NOT = {
    "expired the day before": ["it expired on 2026-01-01"],
    "another candidate": [f"it is for candidate {OTHER}"],
    "the other rule": ["it does not waive what did not pass: a"],
    "one of two that fail": ["it does not waive what did not pass: b"],
    "hard": ["a hard gate is never waived"],
    "error": ["an error is never waived"],
    "another policy": [""],
    "fail": [""],
    "another candidate, expired": [],
}


@pytest.mark.parametrize("name", WHY_NOT)
def test_a_waiver_that_does_not_count_is_told_with_the_reason(name: str, bench: Bench) -> None:
    late = one(SHUT, W(candidate=OTHER, expires="2026-01-01"))
    bench.set(SCENARIOS.get(name, late))
    decided = bench._decided()
    [own] = [line for line in gate_lines(decided) if line.policy == "own"]

    assert [waiver.why_not for waiver in decided.waivers] == WHY_NOT[name]
    for why_not in filter(None, WHY_NOT[name]):
        assert own.why[-1] == f"The waiver w0 does not count: {why_not}."
