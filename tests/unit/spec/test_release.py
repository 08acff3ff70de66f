from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.spec import Kind, Pin, Release
from mlgitops.spec import shape
from mlgitops.spec.decode import decode
from mlgitops.spec.release import render
from mlgitops.spec.yaml_tree import parse

NAMES = st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,20}[a-z0-9])?", fullmatch=True)
DIGESTS = st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)
# Digits alone, and digits around one `e`, are numbers to YAML when they are not quoted.
CANDIDATES = st.one_of(
    st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    st.from_regex(r"[0-9]{12}", fullmatch=True),
    st.from_regex(r"[0-9]{10}e[0-9]", fullmatch=True),
)
PINS = st.one_of(st.none(), st.builds(Pin, st.integers(1, 10**9), CANDIDATES, DIGESTS, DIGESTS))


@given(st.builds(Release, NAMES, NAMES, PINS, PINS))
def test_what_is_rendered_is_read_back(release):
    tree = parse(render(release), "x.yaml")

    assert shape.check(tree) == []
    assert decode(Kind.RELEASE, tree.value) == release


def test_the_file_is_as_people_review_it():
    pin = Pin(4, "3f2a0b1c9d8e", "sha256:" + "0" * 64, "sha256:" + "1" * 64)

    assert render(Release("churn", "staging", pin, None)) == (
        "# yaml-language-server: $schema=https://mlgitops.dev/schemas/release.schema.json\n"
        "# Written by mlgitops. Merging a change of this file is the release.\n"
        "apiVersion: mlgitops.dev/v1\n"
        "kind: Release\n"
        "metadata:\n"
        '  name: "churn"\n'
        "spec:\n"
        '  environment: "staging"\n'
        "  desired:\n"
        "    version: 4\n"
        '    candidate: "3f2a0b1c9d8e"\n'
        f'    manifest: "sha256:{"0" * 64}"\n'
        f'    evidence: "sha256:{"1" * 64}"\n'
        "  previous: null\n"
    )
