"""keys, promote and audit, one after the other, as a person signs releases."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console  # noqa: TID253 - tests may start slowly

from mlgitops.cli.verbs import audit, check, keys, plan, promote, reconcile, rollback
from mlgitops.model.errors import SpecError
from tests.fakes.answers import valid
from tests.fakes.release_world import MODEL, ReleaseWorld
from tests.fakes.signed_release import STRANGER, private_key, public_key, signer
from tests.fakes.wiring import call, wired

DEMANDING = (
    "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: flights}\n"
    "spec:\n  signing: {required: true}\n"
)


class Person:
    """Works in a repository with a registered candidate and, once made, a key."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.world = ReleaseWorld(folder)
        self.world.run()
        self.environ = {"XDG_CONFIG_HOME": str(folder / "settings")}
        self.key = folder / "settings/mlgitops/keys/flights/ci.key"
        self._capsys = capsys

    def do(self, verb: Any, *words: str) -> tuple[int, str]:
        wiring = wired(
            self.world.workspace.root,
            self.environ,
            desired_registry=self.world.registry,
            console=Console(width=200, highlight=False),
        )
        code = call(verb, wiring, *words)
        return code, self._capsys.readouterr().out

    def begin_to_sign(self) -> None:
        self.do(keys, "new", "ci")
        self.world.workspace.commit({}, "Trust ci")
        self.environ["MLGITOPS_SIGNING_KEY_FILE"] = str(self.key)

    def demand(self) -> None:
        self.world.workspace.commit({"mlgitops.yaml": DEMANDING}, "Demand signatures")

    def release(self) -> None:
        assert self.do(promote, "--to", "staging")[0] == 0
        (request,) = self.world.forge.open_requests("mlgitops/")
        self.world.workspace.merge(request.branch)

    @property
    def envelopes(self) -> list[Path]:
        return sorted(self.world.workspace.root.rglob("*.dsse.json"))

    @property
    def live(self) -> dict[str, int]:
        return dict(self.world.registry.observe([MODEL])[MODEL].aliases)


@pytest.fixture
def person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Person:
    return Person(tmp_path, capsys)


def test_a_new_key_says_where_it_is_and_what_to_do(person: Person) -> None:
    code, out = person.do(keys, "new", "ci")

    assert code == 0
    assert person.key.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert f"private    {person.key} " in out
    assert "public     mlops/keys/ci.pub (commit it to main" in out
    assert f"export MLGITOPS_SIGNING_KEY_FILE={person.key}\n" in out
    assert "PRIVATE" not in out


def test_a_place_for_a_key_begins_where_the_command_works(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    person.do(keys, "new", "ci", "--out", "../ci.key")
    person.do(keys, "new", "mine", "--out", "~/mine.key")

    assert (person.world.workspace.root.parent / "ci.key").is_file()
    assert (tmp_path / "home" / "mine.key").is_file()


def test_a_key_is_trusted_once_the_branch_has_it(person: Person) -> None:
    assert "There is no key yet" in person.do(keys, "list")[1]
    person.do(keys, "new", "ci")
    assert "not yet: commit it to main" in person.do(keys, "list")[1]

    person.environ["MLGITOPS_SIGNING_KEY_FILE"] = str(person.key)
    with pytest.raises(SpecError, match="none of those that main trusts"):
        person.do(promote, "--to", "staging")

    person.world.workspace.commit({}, "Trust ci")
    assert "yes" in person.do(keys, "list")[1]


def test_a_signed_promotion_is_proven_and_goes_live(person: Person) -> None:
    person.begin_to_sign()
    person.demand()
    _, out = person.do(promote, "--to", "staging")
    (request,) = person.world.forge.open_requests("mlgitops/")
    commit = person.world.repository.resolve(request.branch)
    person.do(promote, "--to", "staging")

    assert "signed     by ci (" in out
    assert person.world.repository.resolve(request.branch) == commit

    person.world.workspace.merge(request.branch)
    assert len(person.envelopes) == 1
    assert person.do(check)[0] == 0
    assert person.do(plan)[0] == 0
    assert person.do(reconcile)[0] == 0
    assert person.live == {"staging": 1}

    code, out = person.do(audit, "--verify")
    assert code == 0
    assert "by ci (" in out
    assert "1 release: 1 proven, 0 not, 0 neither." in out


def test_without_a_key_nothing_is_proposed_where_one_has_to_sign(person: Person) -> None:
    person.begin_to_sign()
    person.demand()
    del person.environ["MLGITOPS_SIGNING_KEY_FILE"]

    with pytest.raises(SpecError, match="no key to sign with"):
        person.do(promote, "--to", "staging")
    assert person.world.branches() == ()


def test_an_unsigned_release_is_withheld_where_it_has_to_be_signed(person: Person) -> None:
    person.release()
    person.begin_to_sign()
    person.demand()

    for verb in (plan, reconcile):
        with pytest.raises(
            SpecError, match=f"SPEC338 the evidence of v1 of {MODEL} in staging"
        ) as no:
            person.do(verb)
        assert "`mlgitops keys sign`" in str(no.value.hint)
    assert person.live == {}
    assert person.do(audit, "--offline")[0] == 3

    code, out = person.do(keys, "sign")
    assert code == 0
    assert f"signed     staging/{MODEL} v1: mlops/evidence/{MODEL}/" in out
    person.world.workspace.commit({}, "Sign what was released")
    assert person.do(keys, "sign")[1] == "every release is signed already\n"
    assert person.do(reconcile)[0] == 0
    assert person.live == {"staging": 1}
    assert person.do(audit, "--verify")[0] == 0


@pytest.mark.parametrize("words", [("--offline",), ()])
def test_an_unsigned_release_is_shown_as_that_and_fails_only_on_demand(
    person: Person, words: tuple[str, ...]
) -> None:
    person.release()

    code, out = person.do(audit, *words)
    assert code == 0
    assert "unsigned" in out
    assert person.do(audit, "--verify", *words)[0] == 3


def test_a_signature_by_a_key_of_the_candidates_branch_counts_for_nothing(person: Person) -> None:
    """The pull request brings its own key, which is not on main when promote looks."""
    person.begin_to_sign()
    stranger = person.key.with_name("stranger.key")
    stranger.write_bytes(private_key(STRANGER))
    person.environ["MLGITOPS_SIGNING_KEY_FILE"] = str(stranger)
    person.world.workspace.git("switch", "--quiet", "--create", "feature")
    person.world.workspace.commit(
        {"mlops/keys/stranger.pub": public_key("stranger", STRANGER).encode()}, "Trust me"
    )

    with pytest.raises(SpecError, match="none of those that main trusts"):
        person.do(promote, "--to", "staging")


def test_a_signature_that_was_tampered_with_is_withheld_although_none_is_demanded(
    person: Person,
) -> None:
    person.begin_to_sign()
    person.release()
    (envelope,) = person.envelopes
    person.world.workspace.commit(
        {str(envelope.relative_to(person.world.workspace.root)): envelope.read_text() + "\n"},
        "Tidy up",
    )

    for verb in (check, plan, reconcile):
        with pytest.raises(SpecError) as refused:
            person.do(verb)
        said = f"{refused.value.message} {refused.value.diagnostics}"
        assert "SPEC339" in said
    assert person.live == {}
    code, out = person.do(audit, "--verify")
    assert code == 3
    assert "signature: SPEC339" in out


@pytest.mark.parametrize("words", [(), ("--offline",), ("--offline", "--verify")])
def test_a_strangers_signature_fails_an_audit_as_it_fails_a_plan(
    person: Person, words: tuple[str, ...]
) -> None:
    person.begin_to_sign()
    person.release()
    person.demand()
    (envelope,) = person.envelopes
    said = base64.b64decode(json.loads(envelope.read_bytes())["payload"])
    path = str(envelope.relative_to(person.world.workspace.root))
    forged = signer(STRANGER).sign(said).decode()
    person.world.workspace.commit({path: forged}, "Sign as nobody")

    code, out = person.do(audit, *words, "--format", "json")
    (found,) = valid("audit", out)["releases"]
    assert code == 3
    assert found["proven"] is False
    with pytest.raises(SpecError, match="SPEC339"):
        person.do(plan)


def test_what_nobody_asked_to_look_at_is_not_called_proven(person: Person) -> None:
    person.begin_to_sign()
    person.release()

    code, out = person.do(audit, "--offline")
    assert code == 0
    assert "1 release: 0 proven, 0 not, 1 neither (signature unverified, bytes unchecked)." in out
    code, out = person.do(audit, "--offline", "--format", "json")
    assert code == 0
    assert valid("audit", out)["releases"][0]["proven"] is False


def test_an_audit_for_programs(person: Person) -> None:
    person.begin_to_sign()
    person.release()
    code, out = person.do(audit, "--verify", "--format", "json")
    (found,) = valid("audit", out)["releases"]

    assert code == 0
    assert found["proven"] is True
    assert [one["standing"] for one in found["findings"]] == ["proven"] * 4
    assert json.loads(out)["commit"] == person.world.workspace.head


def test_other_bytes_in_the_registry_fail_an_audit(person: Person) -> None:
    person.release()
    person.world.registry.overwrite(MODEL, 1, {"MLmodel": b"other"})

    code, out = person.do(audit)
    assert code == 3
    assert "bytes: the files of v1 are" in out
    assert person.do(audit, "--offline")[0] == 0


def test_a_registry_that_is_away_is_no_proof(person: Person) -> None:
    person.release()
    person.world.registry.is_down = True

    code, out = person.do(audit)
    assert code == 6
    assert "unknown" in out


def released(person: Person, number: int) -> None:
    """Release *number* candidates, one after the other, none of them signed."""
    for made in range(number):
        if made:
            person.world.run()
        person.release()
        person.do(reconcile)


@pytest.mark.parametrize("how", ["rollback", "revert"])
def test_a_project_that_begins_to_demand_signatures_keeps_its_way_back(
    person: Person, how: str
) -> None:
    released(person, 2)
    merge = person.world.workspace.head
    person.begin_to_sign()
    person.demand()
    before = person.world.desired()
    assert before is not None

    with pytest.raises(SpecError) as refused:
        person.do(rollback, "--env", "staging")
    said = refused.value.message
    assert f"of v1 of {MODEL} in staging, mlops/evidence/{MODEL}/" in said
    assert "is not signed: there is no mlops/evidence" in said
    assert f"`mlgitops keys sign {MODEL} --env staging --version 1`" in str(refused.value.hint)

    code, out = person.do(keys, "sign")
    first, second, last = out.splitlines()
    assert code == 0
    assert first.startswith(f"signed     staging/{MODEL} v2: mlops/evidence/{MODEL}/")
    assert second.startswith(f"signed     staging/{MODEL} v1, which a rollback may bring back: ")
    assert last.startswith("commit them")
    person.world.workspace.commit({}, "Sign what was released")
    assert person.do(keys, "sign") == (0, "every release is signed already\n")

    if how == "rollback":
        assert person.do(rollback, "--env", "staging")[0] == 0
        (request,) = person.world.forge.open_requests("mlgitops/rollback")
        person.world.workspace.merge(request.branch)
    else:
        person.world.workspace.revert(merge)
    assert person.do(check)[0] == 0
    assert person.do(reconcile)[0] == 0
    assert person.live == {"staging": 1}


def test_an_older_release_is_signed_by_its_version(person: Person) -> None:
    released(person, 3)
    person.begin_to_sign()
    person.demand()
    person.do(keys, "sign")
    person.world.workspace.commit({}, "Sign what was released")
    back = ("--env", "staging", "--version", "1")

    with pytest.raises(SpecError, match="is not signed") as refused:
        person.do(rollback, *back)
    assert f"`mlgitops keys sign {MODEL} {' '.join(back)}`" in str(refused.value.hint)

    assert f"signed     staging/{MODEL} v1, which" in person.do(keys, "sign", MODEL, *back)[1]
    person.world.workspace.commit({}, "Sign v1")
    assert "signed already" in person.do(keys, "sign", MODEL, *back)[1]
    assert person.do(rollback, *back)[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((MODEL,), "its model, environment and number"),
        (("--version", "1"), "its model, environment and number"),
        ((MODEL, "--env", "staging", "--version", "9"), "v9 was never released as staging"),
    ],
)
def test_a_version_that_nobody_released_is_not_signed(
    person: Person, words: tuple[str, ...], said: str
) -> None:
    released(person, 1)
    person.begin_to_sign()

    with pytest.raises(SpecError, match=said):
        person.do(keys, "sign", *words)
    assert person.envelopes == []


@pytest.mark.parametrize("place", ["mlops/keys/ci.key", "deploy/settings.txt"])
def test_a_private_key_that_was_committed_is_a_fault(person: Person, place: str) -> None:
    person.begin_to_sign()
    assert person.do(check)[0] == 0
    person.world.workspace.commit({place: f"# mine\n{person.key.read_text()}"}, "Keep it safe")

    with pytest.raises(SpecError) as refused:
        person.do(check)
    assert [(one.code, one.span.file) for one in refused.value.diagnostics] == [("SPEC345", place)]


def test_nothing_is_signed_without_a_key(person: Person) -> None:
    with pytest.raises(SpecError, match="no key to sign with"):
        person.do(keys, "sign")
