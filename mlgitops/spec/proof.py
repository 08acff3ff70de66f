"""Whether a Release is proven: the evidence that it pins is there, unchanged, and about it.

And, where it is signed or has to be, that a key of the tree signed just this. Says
nothing about whether the gates were open. That is the promotion's matter, and of a
Release that was written by hand nobody knows it until its policies are run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlgitops.model.attestation import PublicKey, Unverified, envelope_path, statement
from mlgitops.model.digest import digest_of_bytes, short
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.promotion import release_path
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import EvidenceReader, Kind, Pin, Release, Specs
from mlgitops.spec import evidence
from mlgitops.spec.documents import Document
from mlgitops.spec.problems import shown
from mlgitops.spec.yaml_tree import Path, parse

_EVIDENCE: Path = ("spec", "desired", "evidence")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a Release's proof lacks, and at what *place* of its file.

    *repair* says how to mend it; empty where nothing mends it.
    """

    code: str
    place: Path
    message: str
    repair: str = ""

    def advice(self, otherwise: str) -> str:
        """What to do: mend it, or else *otherwise*."""
        return f"{self.repair}; or {otherwise}" if self.repair else otherwise


def way_back(release: Release) -> str:
    """What leads out of a release that is not proven, whatever it lacks.

    Not that the candidate is promoted again: once it is taken back it is held.
    """
    command = f"mlgitops rollback {release.model} --env {release.environment}"
    return f"take the release back with `{command}`, and promote another candidate"


def check(specs: Specs, files: Mapping[str, str]) -> Iterator[Diagnostic]:
    """What the proofs of all Releases of *specs* lack; *files* are the texts by path."""
    for release in specs.releases.values():
        found = all_gaps(release, specs)
        if found:
            path = release_path(release.environment, release.model)
            document = Document(parse(files[path], path), Kind.RELEASE, release)
            for gap in found:
                hint = gap.advice(way_back(release))
                yield document.fault(gap.code, gap.place, gap.message, hint)


def all_gaps(release: Release, specs: Specs) -> list[Gap]:
    """What the proof of *release* lacks in the tree of *specs*.

    A signature is looked at only once the evidence is known to be what is pinned.

    Raises:
        SpecError: a file among the keys of the tree holds none.
        MissingExtra: there is a signature, and nothing that verifies it.
    """
    found = list(gaps(release, specs.evidence))
    if found:
        return found
    gap = signature_gap(release, specs, is_required=specs.project.signing.is_required)
    return [gap] if gap else []


def signature_gap(release: Release, specs: Specs, *, is_required: bool) -> Gap | None:
    """What the signature of *release* lacks, whose evidence `gaps` found nothing wrong with.

    Raises:
        SpecError, MissingExtra: as `all_gaps`.
    """
    pin = release.desired
    if pin is None:
        return None
    path = evidence.path(pin.evidence, pin.candidate, release.model)
    what = f"the evidence of v{pin.version} of {release.model} in {release.environment}, {path},"
    try:
        key = signer(release, specs)
    except Unverified as error:
        message = f"{what} has a signature that proves nothing: {error}"
        repair = (
            f"bring {_envelope(release)} back as it was committed with the release, or, if you "
            "stand by the release, delete it and sign anew with `mlgitops keys sign`"
        )
        return Gap("SPEC339", _EVIDENCE, message, repair)
    if key is None and is_required:
        message = f"{what} is not signed: there is no {_envelope(release)}"
        repair = (
            f"`mlgitops keys sign {release.model} --env {release.environment} --version "
            f"{pin.version}` makes it, to be committed"
        )
        return Gap("SPEC338", _EVIDENCE, message, repair)
    return None


def is_signed(release: Release, specs: Specs) -> bool:
    """Whether there is a signature for the evidence that *release* pins, sound or not."""
    return release.desired is not None and specs.evidence(_envelope(release)) is not None


def signer(release: Release, specs: Specs) -> PublicKey | None:
    """Whose signature the evidence of *release* has; None where it is not signed.

    Raises:
        Unverified: the signature is nobody's that counts in the tree, or of something else.
        SpecError, MissingExtra: as `all_gaps`.
    """
    pin = release.desired
    envelope = specs.evidence(_envelope(release)) if pin else None
    if pin is None or envelope is None:
        return None
    path = evidence.path(pin.evidence, pin.candidate, release.model)
    content = specs.evidence(path)
    if content is None or digest_of_bytes(content) != pin.evidence:
        raise Unverified(f"{path} is not what the release pins")
    document = evidence.decode(content)
    expected = statement(specs.project.name, document, pin.evidence, path)
    return specs.trust.signer(envelope, expected)


def gaps(release: Release, read: EvidenceReader) -> Iterator[Gap]:
    """What the evidence of *release* lacks; nothing for one that retires its model.

    Content is parsed only once it is known to be what the Release pins.
    """
    pin = release.desired
    if pin is None:
        return
    path = evidence.path(pin.evidence, pin.candidate, release.model)
    content = read(path)
    if content is None:
        yield Gap("SPEC327", _EVIDENCE, f"there is no {path}", _repair(path))
        return
    found = digest_of_bytes(content)
    if found != pin.evidence:
        message = f"{path} is not what was pinned: it has the digest {short(found)}…"
        yield Gap("SPEC328", _EVIDENCE, message, _repair(path))
        return
    try:
        document = evidence.decode(content)
    except SpecError as error:
        yield Gap("SPEC329", _EVIDENCE, f"{path}: {error.message}")
        return
    yield from _other_subjects(release, pin, document)


def _repair(path: str) -> str:
    return f"bring the file back from a commit that `git log --all -- {path}` names"


def _envelope(release: Release) -> str:
    """Where the signature of the evidence of *release*, which pins some, lies."""
    pin = release.desired
    if pin is None:
        raise ValueError(f"{release.environment}/{release.model} pins no evidence")
    return envelope_path(evidence.path(pin.evidence, pin.candidate, release.model))


def _other_subjects(release: Release, pin: Pin, document: Evidence) -> Iterator[Gap]:
    subject, sample = document["subject"], document["producer"]["sample"]
    candidates = short(pin.candidate), short(subject["candidate"])
    compared: tuple[tuple[Path, str, str], ...] = (
        (("metadata", "name"), release.model, subject["model"]),
        (("spec", "environment"), release.environment, document["environment"]),
        (("spec", "desired", "candidate"), *candidates),
        (("spec", "desired", "manifest"), pin.manifest, subject["manifest"]),
    )
    for place, wanted, found in compared:
        if found != wanted:
            what = "model" if place[-1] == "name" else place[-1]
            yield Gap("SPEC330", place, f"the evidence is of the {what} {shown(found)}")
    if sample:
        message = f"the evidence is of a sample of {sample:,} rows, which is never released"
        yield Gap("SPEC331", _EVIDENCE, message)
