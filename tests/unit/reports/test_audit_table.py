from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

import pytest
from rich.console import Console  # noqa: TID253 - what is drawn on

from mlgitops.model.spec import Pin
from mlgitops.model.state import Target
from mlgitops.reports import audit_table
from tests.fakes.signed_release import CI, public_key


@dataclass
class Finding:
    standing: str
    detail: str = ""

    @property
    def is_sufficient(self) -> bool:
        return self.standing in ("proven", "unsigned")


@dataclass
class Row:
    target: Target = field(default_factory=lambda: Target("staging", "churn"))
    pin: Pin = field(default_factory=lambda: Pin(3, "4d1c90aa52e1", "sha256:m", "sha256:e"))
    findings: dict[str, Finding] = field(default_factory=dict)
    is_proven: bool = True
    is_refuted: bool = False


@dataclass
class KeyRow:
    is_here: bool
    is_trusted: bool
    key: object = field(default_factory=lambda: public_key("ci", CI))


def drawn(draw, *arguments, width=160):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    draw(console, *arguments)
    return console.file.getvalue()


def test_every_release_has_a_column_for_each_check():
    sound = Row(findings={"evidence": Finding("proven"), "signature": Finding("proven", "by ci")})
    bad = Row(
        Target("production", "churn"),
        findings={
            "evidence": Finding("not proven", "SPEC327 gone"),
            "signature": Finding("unsigned"),
        },
        is_proven=False,
        is_refuted=True,
    )
    out = drawn(audit_table.audit, [sound, bad])
    head, first, second = [line.split() for line in out.splitlines()[:3]]

    assert head == ["Target", "Version", "Candidate", "Evidence", "Signature"]
    assert first == ["staging/churn", "v3", "4d1c90aa52e1", "proven", "by", "ci"]
    assert second == ["production/churn", "v3", "4d1c90aa52e1", "not", "proven", "unsigned"]
    assert "production/churn: evidence: SPEC327 gone." in out
    assert "2 releases: 1 proven, 1 not, 0 neither." in out
    assert "staging/churn: " not in out


def test_what_was_not_looked_at_is_counted_by_itself_and_named():
    rows = [
        Row(
            findings={"evidence": Finding("proven"), "bytes": Finding("unchecked")}, is_proven=False
        ),
        Row(
            findings={"evidence": Finding("proven"), "bytes": Finding("unchecked")}, is_proven=False
        ),
        Row(
            findings={"evidence": Finding("not proven"), "bytes": Finding("unknown")},
            is_proven=False,
            is_refuted=True,
        ),
    ]
    out = drawn(audit_table.audit, rows)

    assert "3 releases: 0 proven, 1 not, 2 neither (bytes unchecked)." in out


def test_nothing_released_is_said_in_words():
    assert "nothing to prove" in drawn(audit_table.audit, [])


def test_keys_say_whether_they_count():
    out = drawn(
        audit_table.keys, [KeyRow(True, True), KeyRow(True, False), KeyRow(False, True)], "main"
    )
    lines = out.splitlines()

    assert lines[1].split() == ["ci", public_key("ci", CI).id[:12], "yes"]
    assert "not yet: commit it to main" in lines[2]
    assert "yes, by main; it is not in this work tree" in lines[3]
    assert "keys new" in drawn(audit_table.keys, [], "main")


PATH = "mlops/evidence/flights-delay/4d1c90aa52e1-c0ffee123456.dsse.json"
WIDE = Row(
    Target("production", "flights-delay"),
    findings={
        "evidence": Finding("proven"),
        "signature": Finding("not proven", f"SPEC339 {PATH} proves nothing"),
        "bytes": Finding("unchecked"),
        "decisions": Finding("proven", "an earlier one"),
    },
    is_proven=False,
    is_refuted=True,
)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_where_a_table_is_too_wide_each_release_is_a_block_and_no_word_is_cut(width):
    out = drawn(audit_table.audit, [Row(findings=WIDE.findings), WIDE], width=width)
    lines = out.splitlines()

    at = lines.index("production/flights-delay v3 4d1c90aa52e1")
    assert [re.split(" {2,}", line.strip()) for line in lines[at + 1 : at + 5]] == [
        ["Evidence", "proven"],
        ["Signature", "not proven"],
        ["Bytes", "unchecked"],
        ["Decisions", "an earlier one"],
    ]
    assert "\N{HORIZONTAL ELLIPSIS}" not in out
    assert f" {PATH} " in f" {' '.join(out.split())} "
    assert all(len(line) <= width or line == PATH for line in lines)


def test_a_table_stays_one_as_long_as_it_fits():
    row = Row(findings={"evidence": Finding("proven"), "bytes": Finding("proven")})

    assert drawn(audit_table.audit, [row], width=60).startswith("Target")
