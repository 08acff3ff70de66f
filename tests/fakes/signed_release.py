"""One signed release in memory, whose parts a test may forge one by one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlgitops.adapters.signing import LocalSigner, LocalVerifier
from mlgitops.model import decision_log
from mlgitops.model.attestation import PublicKey, Trust, encode, envelope_path, statement
from mlgitops.model.digest import canonical_json, digest_of_bytes, short
from mlgitops.model.spec import Pin, Release, Signing, Specs
from mlgitops.model.verdict import Context, Decision, Verdict
from mlgitops.spec import evidence as evidence_file
from tests.fakes import releases

_EVIDENCE = json.loads(
    (Path(__file__).parents[2] / "policies" / "tests" / "evidence.json").read_text()
)
MODEL = "flights-delay"
PROJECT = "shop"


def private_key(seed: int) -> bytes:
    """An ed25519 key that is always the same for *seed*, as PKCS #8 in PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def signer(seed: int) -> LocalSigner:
    return LocalSigner(private_key(seed), f"key {seed}")


def public_key(name: str, seed: int) -> PublicKey:
    return PublicKey(name, signer(seed).key.raw)


CI, RELEASER, STRANGER = 1, 2, 3


@dataclass
class SignedRelease:
    """A Release to staging, signed by `ci`; `releaser` is trusted as well, and nobody else."""

    environment: str = "staging"
    model: str = MODEL
    is_required: bool = False
    keys: tuple[PublicKey, ...] = field(
        default_factory=lambda: (public_key("ci", CI), public_key("releaser", RELEASER))
    )
    evidence: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(_EVIDENCE))
    files: dict[str, bytes] = field(default_factory=dict)
    pin: Pin | None = None
    previous: Pin | None = None

    def __post_init__(self) -> None:
        self.release_evidence()
        self.sign()

    def release_evidence(self) -> None:
        """Write the evidence as it is now, and pin it."""
        self.evidence["environment"] = self.environment
        self.evidence["subject"]["model"] = self.model
        subject, content = self.evidence["subject"], canonical_json(self.evidence)
        candidate, digest = short(subject["candidate"]), digest_of_bytes(content)
        self.pin = Pin(3, candidate, subject["manifest"], digest)
        self.files[self.evidence_path] = content
        self.decide()

    def decide(self, verdict: Verdict = Verdict.PASS, *, again: bool = False) -> None:
        """Let the log be a decision about what is released, or with *again* add one to it."""
        assert self.pin is not None
        known = Context(now="2026-11-02T12:00:00Z", stage="promote", environment=self.environment)
        names = (self.pin.candidate, self.pin.evidence)
        decision = Decision(self.environment, *names, verdict, (), self.model, known, (), "cel 1")
        before = self.files.get(self.log_path, b"").decode() if again else ""
        lines = decision_log.split(before)
        previous = decision_log.parse(lines[-1]).id if lines else None
        entry = decision_log.entry(decision, previous, commit="c0ffee")
        self.files[self.log_path] = f"{before}{entry.line}\n".encode()

    @property
    def log_path(self) -> str:
        return decision_log.path(self.environment, self.model)

    def sign(self, seed: int = CI, **changes: Any) -> None:
        """Sign what is released now, with *changes* to the statement."""
        said: Any = self.statement()
        self.envelope = signer(seed).sign(encode({**said, **changes}))  # type: ignore[typeddict-item]

    def statement(self) -> Any:
        content = self.files[self.evidence_path]
        document = json.loads(content)
        return statement(PROJECT, document, digest_of_bytes(content), self.evidence_path)

    @property
    def evidence_path(self) -> str:
        assert self.pin is not None
        return evidence_file.path(self.pin.evidence, self.pin.candidate, self.model)

    @property
    def envelope(self) -> bytes:
        return self.files[envelope_path(self.evidence_path)]

    @envelope.setter
    def envelope(self, content: bytes) -> None:
        self.files[envelope_path(self.evidence_path)] = content

    def edit(self, change: Callable[[Any], None]) -> None:
        """Change the envelope's JSON, and write it in its canonical form."""
        document = json.loads(self.envelope)
        change(document)
        self.envelope = canonical_json(document)

    @property
    def release(self) -> Release:
        return Release(self.model, self.environment, desired=self.pin, previous=self.previous)

    @property
    def specs(self) -> Specs:
        plain = releases.specs()
        return replace(
            plain,
            project=replace(plain.project, name=PROJECT, signing=Signing(self.is_required)),
            releases={(self.environment, self.model): self.release},
            evidence=self.files.get,
            trust=Trust(lambda: self.keys, LocalVerifier().verify),
        )
