"""What the use cases need from the world: one Protocol per neighbour.

All in one file, long as it is, so that the whole border can be read at once.

Adapters inherit these words. Every method may raise `Unavailable` when the
neighbour does not answer, and `MissingExtra` when its package is not installed;
other errors are named where they can happen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlgitops.model.attestation import PublicKey, Signed
    from mlgitops.model.dataset import Dataset, Source
    from mlgitops.model.digest import Manifest
    from mlgitops.model.evidence import Column, SourceRecord, TimeWindow
    from mlgitops.model.expressions import Compiled
    from mlgitops.model.registry import ModelVersion, RegisteredModel, Registration
    from mlgitops.model.run import RunRecord
    from mlgitops.model.verdict import Answer, Question

Job = Literal["validate", "features", "train", "predict", "measure"]


class Extraction(TypedDict):
    """What `Tables.extract` read and wrote. *window* is absent without a time column."""

    rows: int
    columns: list[Column]
    sources: list[SourceRecord]
    window: TimeWindow | None


class Tables(Protocol):
    """Reads sources and cuts tables; a table on disk is one Parquet file.

    Equal content gives equal bytes, so a table's digest is its content's.
    """

    def source_digest(self, source: Source) -> str | None:
        """Digest of a source's bytes without parsing them; None for a query.

        Raises:
            SpecError: the path matches no file.
        """

    def source_paths(self, source: Source) -> tuple[Path, ...]:
        """Every local file that rows of a source lie in; none for a database server.

        Raises:
            SpecError: the path matches no file, or the connection is none.
        """

    def extract(self, dataset: Dataset, out: Path, *, sample: int) -> Extraction:
        """Read, join and window the sources of *dataset* into the table *out*.

        *sample* keeps that many rows, evenly spaced over the table; 0 keeps all.
        Nothing is written when an error is raised.

        Raises:
            SpecError: no such file or column, an unreadable file, a join that
                multiplies rows, or no row left in the window.
        """

    def read(self, table: Path, columns: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Columns by name, rows in table order.

        Numbers and booleans come as numpy types (NaN where null), times as
        `datetime64[us]` in UTC, everything else as object arrays with None.

        Raises:
            SpecError: the table has no such column.
        """

    def schema(self, table: Path) -> list[Column]:
        """Columns in table order."""

    def take(self, table: Path, keep: NDArray[np.bool_], columns: Sequence[str], out: Path) -> None:
        """Write the rows where *keep* is true, with *columns* only, to *out*."""

    def write(
        self, columns: Mapping[str, NDArray[Any]], out: Path, *, like: Path | None = None
    ) -> None:
        """Write equally long *columns* as a table.

        A column that the table *like* has too gets the type that it has there, if that
        holds all its values.
        """

    def reorder(self, table: Path, column: str, order: NDArray[np.int64], out: Path) -> None:
        """Write *table* with the values of *column* in *order*, all else as it is.

        *order* holds each row number once.
        """

    def row_digests(self, table: Path, columns: Sequence[str]) -> NDArray[np.uint64]:
        """One 64-bit hash per row over *columns*; equal rows have equal hashes."""


@dataclass(frozen=True, slots=True)
class Access:
    """The files that a job may touch, besides what its Python consists of.

    Of paths within each other the innermost decides, and of equal ones *withheld*.
    *rule* says all this in one line, to whoever's code is refused a file.
    """

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    withheld: tuple[Path, ...]
    rule: str


LOG_BYTES = 1 << 20
"""How much is kept of what jobs print."""

Hear = Callable[[bytes], None]
"""Takes the end of what a job printed, at most `LOG_BYTES`, as it was printed."""


class Worker(Protocol):
    """Runs jobs on user code and bytes in zone Z0: own processes, no credentials.

    The shapes of requests and answers are in docs/architecture.md, "Jobs".
    """

    def warm(self, jobs: Sequence[Job]) -> None:
        """Begin to start what *jobs* need, and return at once."""

    def run(
        self, job: Job, request: Mapping[str, Any], access: Access, hear: Hear | None = None
    ) -> dict[str, Any]:
        """Run one job to its end, within *access* where the machine can hold it there.

        *hear* is called once, when the job has ended, however it did.

        Raises:
            SpecError: the user's code cannot be imported, raised, or broke its
                contract; *details* holds the traceback from the user's frames.
        """

    @property
    def sandbox(self) -> str:
        """What the jobs are held by.

        `process`, then `+no-network` and `+files` where the machine allows it.
        """

    def close(self) -> None:
        """End every process. Idempotent."""


class ExpressionEngine(Protocol):
    """Compiles and evaluates CEL in a child process with memory, time and size limits."""

    @property
    def version(self) -> str:
        """The package that evaluates and its version, for what decisions record."""

    def compile(self, names: Collection[str], expressions: Sequence[str]) -> tuple[Compiled, ...]:
        """What can be told of *expressions* without evidence, aligned with them.

        They may name *names*, `params` and what CEL knows. Whatever goes wrong is a
        flaw; nothing is started for no expressions.
        """

    def evaluate(
        self, evidence: Mapping[str, Any], questions: Sequence[Question]
    ) -> tuple[Answer, ...]:
        """Answers aligned with *questions*; whatever goes wrong is an error answer.

        The evidence's sections are variables; a question's parameters are `params`.
        """

    def evaluate_many(
        self, asked: Sequence[tuple[Mapping[str, Any], Sequence[Question]]]
    ) -> tuple[tuple[Answer, ...], ...]:
        """What `evaluate` answers to each pair, in few child processes."""


class Signer(Protocol):
    """Signs as somebody: with a private key that is at hand, or an identity that a service proves.

    In zone Z1 or later: no job ever sees the key.
    """

    @property
    def key(self) -> PublicKey:
        """What verifies the signatures, without a name."""

    def sign(self, payload: bytes) -> bytes:
        """The DSSE envelope of *payload* with one signature; equal payloads give equal bytes."""


class Verifier(Protocol):
    """Verifies what a `Signer` signed."""

    def verify(self, envelope: bytes, keys: Sequence[PublicKey]) -> Signed:
        """The payload, and which of *keys* signed it.

        Raises:
            Unverified: there is another number of signatures than one, it is of none of
                *keys*, or a byte is another than `Signer` would write.
        """


class KeyMaker(Protocol):
    """Makes key pairs."""

    def generate(self) -> tuple[bytes, PublicKey]:
        """A new private key, as PKCS #8 in PEM, and its public key, without a name."""


class ModelRegistry(Protocol):
    """The registry as reconcile sees it: no compare-and-set, last writer wins."""

    def observe(self, names: Sequence[str] | None = None) -> dict[str, RegisteredModel]:
        """The models of *names* that exist, or all there are, in as few calls as possible."""

    @property
    def place(self) -> str:
        """Digest of the address without its user and password; nothing is asked."""

    def lacks(self, model: str, version: int) -> bool:
        """Whether the version is surely gone; False where only a server could tell."""

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        """All versions, lowest first; empty when the model does not exist."""

    def register(self, registration: Registration, folder: Path) -> ModelVersion:
        """Make *folder* a version with its run, inputs, metrics and tags.

        Idempotent: a candidate that is registered already gives its lowest version;
        tags and attachments that differ are brought up to date.
        """

    def attachment(self, version: ModelVersion, path: str) -> bytes | None:
        """An artifact of the version's run, or None when there is none."""

    def download(self, model: str, version: int, into: Path) -> Path:
        """Copy a version's files into the new folder *into* and return it.

        Raises:
            SpecError: there is no such version, or its files are gone.
        """

    def manifest(self, model: str, version: int) -> Manifest | None:
        """Manifest of the bytes that the version has now.

        None when its files are gone, or links are among them: no bytes to go by.

        Raises:
            SpecError: there is no such version, or the registry refuses to show it.
        """

    def set_alias(self, model: str, alias: str, version: int) -> None:
        """Point *alias* at *version*, creating it if need be."""

    def delete_alias(self, model: str, alias: str) -> None:
        """Remove *alias*; no error when there is none."""

    def set_tag(self, model: str, key: str, value: str) -> None:
        """Set a tag of the registered model."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit. *message* is the whole text."""

    sha: str
    when: datetime
    message: str


class Lineage(Protocol):
    """What comes after what in git."""

    def contained(self, commits: Collection[str], of: str) -> frozenset[str]:
        """Those of *commits*, given by their full names, that *of* contains or is.

        What is no commit of this clone is not contained. Two processes, however
        many there are.

        Raises:
            SpecError: the clone is shallow and lacks some, so that nobody can tell.
        """


class Repository(Lineage, Protocol):
    """The git repository; never touches the index or the work tree.

    A *ref* is a branch, tag or commit; of a tag and a branch of one name it is the
    tag. Paths are relative to `root`.
    """

    @property
    def root(self) -> Path:
        """Top folder of the work tree."""

    def resolve(self, ref: str) -> str | None:
        """Full commit id, or None when there is no such ref."""

    def tip(self, branch: str) -> str | None:
        """Full commit id of what *branch* is now, or None when there is no such branch.

        Nothing else of that name counts, such as a tag. A branch that only a remote
        has is named `<remote>/<branch>`.
        """

    def commit(self, ref: str) -> Commit:
        """The commit that *ref* names.

        Raises:
            SpecError: there is no such ref (here, and wherever a *ref* is read).
        """

    def read(self, path: str, ref: str) -> str | None:
        """A file's text at *ref*, or None when it is not there."""

    def read_bytes(self, path: str, ref: str) -> bytes | None:
        """A file's bytes at *ref*, or None when it is not there."""

    def read_blobs(self, paths: Sequence[str], ref: str) -> tuple[bytes | None, ...]:
        """The bytes of each of *paths* at *ref*, aligned with them, in one go; None as above."""

    def read_at(self, path: str, refs: Sequence[str]) -> tuple[str | None, ...]:
        """A file's text at each of *refs*, aligned with them, in one go."""

    def read_all(self, paths: str | Sequence[str], ref: str) -> dict[str, str]:
        """Texts of all files at and below *paths* at *ref*, by path, sorted.

        Links are left out; a path that is not there adds nothing; the empty
        path is the whole tree. Two processes, however many files there are.

        Raises:
            SpecError: a file is not UTF-8 text.
        """

    def digests(self, paths: Sequence[str], ref: str) -> dict[str, str]:
        """Git's digests of all files at and below *paths* at *ref*, by path, as `read_all`."""

    def history(self, path: str, ref: str) -> tuple[Commit, ...]:
        """Commits that changed *path*, on any line of work that *ref* contains.

        Each comes after those it builds on. Of lines that changed the path side by
        side, the one whose file their merge kept comes last.

        Raises:
            SpecError: the clone is shallow, so that history would be cut.
        """

    def parent(self, commit: str) -> str | None:
        """The first parent, or None for a root commit."""

    def is_ancestor(self, ancestor: str, of: str) -> bool:
        """Whether *of* contains *ancestor*."""

    def is_merged(self, ref: str, into: str) -> bool:
        """Whether *into* has what *ref* adds: merged, squashed or rebased."""

    def is_dirty(self, code: Sequence[str] = ()) -> bool:
        """Whether tracked files differ from HEAD, or *code* has files that HEAD lacks.

        *code* are folders, files or names of top-level modules. Of ignored files those
        count that Python can import; its caches never do.
        """

    def identity(self) -> str:
        """`Name <email>` of whoever commits here."""

    def branches(self, prefix: str) -> tuple[str, ...]:
        """Branches whose name begins with *prefix*, as refs, sorted by name.

        A branch that only a remote has is named `<remote>/<branch>`.
        """

    def write_branch(
        self, branch: str, base: str, changes: Mapping[str, str | None], message: str
    ) -> str:
        """Point *branch* at one new commit on *base* with *changes*; return its id.

        None as a file's text deletes it. *message* is kept byte for byte. An
        existing branch is replaced, unless it is such a commit already: equal
        arguments twice give one commit, also when a remote has it.

        Raises:
            SpecError: the branch is checked out in a work tree.
            PlanIsStale: someone else moved the branch meanwhile.
        """

    def delete_branch(self, branch: str) -> None:
        """Delete a local branch; no error when there is none.

        Raises:
            SpecError: the branch is checked out in a work tree.
        """

    def push(self, remote: str, branch: str) -> None:
        """Make the remote's *branch* equal to ours (also when ours is deleted).

        Raises:
            SpecError: there is no such remote.
            PlanIsStale: the remote's branch has commits that we have not seen.
        """


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A proposed change; *header* are the fields of the body's machine header.

    *reference* is what a person opens: a branch name, or a URL.
    """

    branch: str
    title: str
    body: str
    header: Mapping[str, Any]
    reference: str


class Forge(Protocol):
    """Where people review. Pull requests are found again by branch, never by prose."""

    def propose(
        self, branch: str, title: str, body: str, changes: Mapping[str, str | None]
    ) -> PullRequest:
        """Open the pull request of *branch*, or bring the open one up to date.

        Idempotent: the same arguments twice leave one pull request, unchanged.
        """

    def open_requests(self, prefix: str) -> tuple[PullRequest, ...]:
        """Open (not merged, not closed) pull requests of branches under *prefix*."""

    def close(self, branch: str) -> None:
        """Close without merging."""


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """An output in the store: a file, or a folder whose digest is its manifest's."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class StoredStep:
    """What a step once made; *seconds* is what the work took then."""

    outputs: Mapping[str, StoredOutput]
    seconds: float


class StepStore(Protocol):
    """Outputs of steps by content, and the records of runs.

    Whatever it hands out was hashed again just before; a damaged output counts
    as absent. Writes are atomic: a crash or a full disk leaves no torn file.
    """

    def find(self, key: str) -> StoredStep | None:
        """What was saved under *key*, if all of it is there and unharmed."""

    def save(self, key: str, outputs: Mapping[str, Path], seconds: float) -> StoredStep:
        """Move *outputs* (files or folders) into the store under *key*."""

    def folder(self, manifest: str) -> Path | None:
        """The stored folder with that manifest digest, if it is there and unharmed."""

    def file(self, digest: str) -> Path | None:
        """The stored file with that digest, if it is there and unharmed."""

    def holds(self, output: StoredOutput) -> bool:
        """Whether *output* is there and unharmed: it is hashed again."""

    def keep_folder(self, folder: Path) -> StoredOutput:
        """Move *folder* into the store."""

    def scratch(self) -> Path:
        """A folder on the store's disk for logs and other passing files."""

    def workspace(self) -> AbstractContextManager[Path]:
        """A new empty folder on the store's disk, removed at the end."""

    def code_digests(
        self, paths: Sequence[str], named_by: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Digests of all files below *paths*, by path relative to the root.

        A path is a folder, a file, or the name of a top-level module. Python's
        caches are left out. *named_by* says what names a path, if not `train.code`.

        Raises:
            SpecError: a path is not there, lies outside the root, or has links below.
        """

    def last_run(self, model: str) -> RunRecord | None:
        """The record of the model's last run, or None."""

    def record_run(self, record: RunRecord) -> None:
        """Replace the record of the model's last run."""

    def note_judged(self, answers: str, candidate: str) -> frozenset[str]:
        """All candidates that the *answers*, named by a digest, have judged here, now this one too.

        Idempotent.

        Raises:
            SpecError: what was noted is damaged, so that nobody can tell how many.
        """

    def publish(self, path: str, content: bytes) -> Path:
        """Write a file that people open, e.g. a report; *path* is below the store."""

    def keep_log(self, model: str, step: str, content: bytes) -> Path | None:
        """Write what the jobs of *step* printed; None, and no older one, if nothing."""


class DecisionLog(Protocol):
    """The decisions made on this machine, a file of lines for each model."""

    def models(self) -> tuple[str, ...]:
        """Those that there are decisions about, by name."""

    def lines(self, model: str) -> tuple[str, ...]:
        """All lines, oldest first, without line ends; a torn one is none that we wrote.

        Raises:
            Unavailable: the file cannot be read.
        """

    def append(self, model: str, made: Callable[[Sequence[str]], str]) -> None:
        """Add the line that *made* makes of those before; no other writer comes between.

        Raises:
            Unavailable: the disk refuses; the file is as before, or has the line.
        """


class Progress(Protocol):
    """Tells a person what is going on; never decides anything."""

    def step(self, name: str) -> AbstractContextManager[None]:
        """Show that *name* is running until the block ends."""


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """Now, in UTC."""
