from __future__ import annotations

import pytest

from mlgitops.model.policy import Variable
from mlgitops.policies.variables import paths, reached, read, resolved

GAP = Variable("gap", "fairness[params.by].gaps\n  [params.rate]")
WIDTH = Variable("width", "variables.gap.difference")
LARGE = Variable("large", "slices.filter(s, s.n > variables.width.low)")
FIRST = Variable("first", "variables.large[0].name")


@pytest.mark.parametrize(
    ("expression", "names"),
    [("variables.b > variables . a && variables.b", ("b", "a")), ("variables.a.variables.b", ("a",)),
     ("s.variables.a", ()), ('"variables.a"', ()), ("variables", ()), ("variables.", ()),
     ("variables['a']", ()), ("", ())],
)  # fmt: skip
def test_variables_that_an_expression_reads_are_found_once(expression, names):
    assert read(expression) == names


def test_what_is_read_by_way_of_others_is_reached():
    assert reached(["size(variables.large)"], (GAP, WIDTH, LARGE, FIRST)) == (GAP, WIDTH, LARGE)
    assert reached(["true"], (GAP,)) == ()


def test_what_only_looks_something_up_is_a_path_and_what_is_computed_is_none():
    assert paths((GAP, WIDTH, LARGE)) == {
        "gap": "fairness[params.by].gaps [params.rate]",
        "width": "fairness[params.by].gaps [params.rate].difference",
    }
    assert paths((FIRST,)) == {"first": "variables.large[0].name"}
    assert paths((Variable("n", "2.0"), Variable("p", "params.min"))) == {}


def test_names_of_paths_are_replaced_and_others_stay():
    known = {"gap": "fairness.a", "width": "fairness.a.b"}

    found = resolved(
        "variables.gap.low <= variables . width && s.variables.gap == variables.x", known
    )

    assert found == "fairness.a.low <= fairness.a.b && s.variables.gap == variables.x"


def test_a_path_that_doubles_is_not_written_out_without_end():
    chain = [Variable("v0", "a.b")]
    chain += [Variable(f"v{n}", f"variables.v{n - 1}[variables.v{n - 1}]") for n in range(1, 40)]

    assert max(map(len, paths(chain).values())) <= 2_048
