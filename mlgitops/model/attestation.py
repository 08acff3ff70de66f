"""What a signature of evidence says, as data: an in-toto Statement about one model.

There is one statement for each Release, and one way to write it down, so that a
signature counts only if its payload is that statement, byte for byte. Nothing is
read from a signed payload but what to tell a person.

Sources: in-toto Statement v1 (github.com/in-toto/attestation, spec/v1/statement.md),
DSSE v1 (github.com/secure-systems-lab/dsse, protocol.md).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from mlgitops.model.digest import canonical_json

if TYPE_CHECKING:
    from mlgitops.model.evidence import Evidence

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://mlgitops.dev/evidence/v1"
LARGEST_ENVELOPE_BYTES = 64 << 10

_ALGORITHM = "sha256:"
_PEM = re.compile(
    r"\s*-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]{1,200})-----END PUBLIC KEY-----\s*"
)
# RFC 8410: SubjectPublicKeyInfo of id-Ed25519, before the 32 bytes of the key.
_ED25519_INFO = bytes.fromhex("302a300506032b6570032100")
_KEY_BYTES = 32


class Unverified(ValueError):
    """Why a signature proves nothing; never raised for one that does."""


class Subject(TypedDict):
    """The model: its name and the sha256 of its manifest, 64 hex digits."""

    name: str
    digest: dict[str, str]


class EvidenceFile(TypedDict):
    """The evidence as the Release pins it; *path* is relative to the repository's root."""

    digest: str
    path: str


class Predicate(TypedDict):
    """What is said of the subject; the facts themselves are in the evidence file."""

    project: str
    environment: str
    candidate: str
    evidence: EvidenceFile
    scores: str


class Statement(TypedDict):
    """An in-toto Statement v1 with our predicate."""

    _type: str
    subject: list[Subject]
    predicateType: str
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An ed25519 key that may be trusted; *raw* are its 32 bytes.

    *name* is its file's, and empty for one that was not read from a file.
    """

    name: str
    raw: bytes

    @property
    def id(self) -> str:
        """64 hex digits: sha256 of the key's SubjectPublicKeyInfo in DER."""
        return hashlib.sha256(_ED25519_INFO + self.raw).hexdigest()

    @property
    def shown(self) -> str:
        """Name and the first digits of the id, for people."""
        return f"{self.name} ({self.id[:12]})" if self.name else self.id[:12]

    @classmethod
    def parse(cls, name: str, text: str) -> PublicKey:
        """The key in the PEM file *text*.

        Raises:
            ValueError: it is anything else, such as a key of another kind.
        """
        from base64 import b64decode  # here: most runs read no key

        if "PRIVATE KEY" in text:
            raise ValueError(
                "this is not a public key but a private one: whoever can read the repository could "
                "sign with it, so make another pair, and trust this one no more"
            )
        match = _PEM.fullmatch(text)
        if match is None:
            raise ValueError("this is not one ed25519 public key in PEM")
        try:
            content = b64decode("".join(match[1].split()), validate=True)
        except ValueError as error:
            raise ValueError("this is not a public key: its base64 is broken") from error
        raw = content.removeprefix(_ED25519_INFO)
        if len(raw) != _KEY_BYTES or content != _ED25519_INFO + raw:
            raise ValueError("this is not an ed25519 key")
        return cls(name, raw)

    def encode(self) -> str:
        """The PEM file."""
        from base64 import b64encode

        text = b64encode(_ED25519_INFO + self.raw).decode()
        return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


@dataclass(frozen=True, slots=True)
class Signed:
    """What *key* signed; the signature was verified."""

    payload: bytes
    key: PublicKey


# Raises Unverified unless exactly one of the keys made the one signature of the envelope.
Verify = Callable[[bytes, Sequence[PublicKey]], Signed]
# The keys of a tree, sorted by name; SpecError names every file that holds none.
KeyReader = Callable[[], tuple[PublicKey, ...]]


def verifies_nothing(_: bytes, __: Sequence[PublicKey]) -> Signed:
    """Refuse every signature: nobody is there to verify it.

    Raises:
        Unverified: always.
    """
    raise Unverified("nothing here can verify a signature")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count in a tree, and what verifies them."""

    keys: KeyReader
    verify: Verify

    def signer(self, envelope: bytes, expected: Statement) -> PublicKey:
        """Which of the keys signed *expected*, and nothing else, in *envelope*.

        Raises:
            Unverified: none did, or not that.
            SpecError: a file among the keys holds none.
            MissingExtra: the package that verifies is not installed.
        """
        if len(envelope) > LARGEST_ENVELOPE_BYTES:
            raise Unverified(f"it has more than {LARGEST_ENVELOPE_BYTES:,} bytes")
        signed = self.verify(envelope, self.keys())
        if signed.payload != encode(expected):
            raise Unverified(f"{signed.key.shown} signed {_difference(signed.payload, expected)}")
        return signed.key


NOBODY = Trust(tuple, verifies_nothing)


def envelope_path(evidence_path: str) -> str:
    """Where the signature of the evidence at *evidence_path* lies: beside it."""
    return f"{evidence_path.removesuffix('.json')}.dsse.json"


def statement(project: str, evidence: Evidence, digest: str, path: str) -> Statement:
    """What is signed of *evidence*, whose file at *path* has *digest*."""
    subject = evidence["subject"]
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {
                "name": subject["model"],
                "digest": {"sha256": subject["manifest"].removeprefix(_ALGORITHM)},
            }
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "project": project,
            "environment": evidence["environment"],
            "candidate": subject["candidate"],
            "evidence": {"digest": digest, "path": path},
            "scores": evidence["scores"],
        },
    }


def encode(document: Statement) -> bytes:
    """The payload that is signed: canonical JSON."""
    return canonical_json(document)


def _difference(payload: bytes, expected: Statement) -> str:
    """How a payload differs from *expected*, in words for people; decides nothing."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return "something that is no statement"
    differing = sorted(_differing(found, expected))
    if not differing:
        return "the statement in another form than ours"
    return f"another statement: it differs in {', '.join(differing[:5])}"


def _differing(found: Any, expected: Any, place: str = "") -> set[str]:
    """Places that one of two documents lacks, or where they differ."""
    if not isinstance(found, dict) or not isinstance(expected, dict):
        return set() if found == expected else {place or "all of it"}
    nothing = object()
    return {
        below
        for key in found.keys() | expected.keys()
        for below in _differing(
            found.get(key, nothing), expected.get(key, nothing), f"{place}.{key}".lstrip(".")
        )
    }
