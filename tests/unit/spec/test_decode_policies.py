from mlgitops.model.policy import Expected, Limit, Parameter, PolicyCase, PolicyTest, Variable
from mlgitops.model.spec import Kind
from mlgitops.spec.decode import decode
from mlgitops.spec.yaml_tree import parse

HEAD = "apiVersion: mlgitops.dev/v1\nkind: PolicyTest\nmetadata: {name: n}\n"


def decoded(body):
    return decode(Kind.POLICY_TEST, parse(f"{HEAD}spec: {body}\n", "n.yaml").value)


def test_a_test_needs_a_policy_and_a_case_and_has_a_time_and_evidence_of_its_own():
    assert decoded("{policy: p, cases: [{name: c, expect: pass}]}") == PolicyTest(
        name="n",
        policy="p",
        parameters={},
        now="2026-11-21T00:00:00Z",
        evidence="example",
        cases=(PolicyCase("c", {}, (), {}, {}, Expected("pass")),),
    )


def test_an_expectation_is_a_verdict_or_says_more():
    body = "{verdict: fail, rules: [a, b], message: too wide}"

    [case] = decoded(f"{{policy: p, cases: [{{name: c, expect: {body}}}]}}").cases

    assert case.expected == Expected("fail", ("a", "b"), "too wide")


def test_the_changes_of_a_case_are_kept_as_written():
    case = "{name: c, set: {a.b: [1], /c: null}, remove: [d], with: {m: 1}, context: {x: 2}, expect: error}"

    [found] = decoded(f"{{policy: p, cases: [{case}]}}").cases

    assert (found.values, found.removed) == ({"a.b": [1], "/c": None}, ("d",))
    assert (found.parameters, found.context) == ({"m": 1}, {"x": 2})


def test_the_default_of_a_list_cannot_be_changed():
    head = HEAD.replace("PolicyTest", "Policy")
    body = "{params: {names: {type: list, default: [a, b]}}, rules: [{id: r, pass: x, message: m}]}"

    policy = decode(Kind.POLICY, parse(f"{head}spec: {body}\n", "n.yaml").value)

    assert policy.parameters == (Parameter("names", "list", ("a", "b")),)


def test_the_limits_of_a_number_are_read():
    head = HEAD.replace("PolicyTest", "Policy")
    share = "share: {type: number, exclusiveMaximum: 1, minimum: 0}"
    body = f"{{params: {{{share}}}, rules: [{{id: r, pass: x, message: m}}]}}"

    policy = decode(Kind.POLICY, parse(f"{head}spec: {body}\n", "n.yaml").value)

    limits = (Limit("minimum", 0), Limit("exclusiveMaximum", 1))
    assert policy.parameters == (Parameter("share", "number", None, limits),)


def test_variables_keep_their_order():
    head = HEAD.replace("PolicyTest", "Policy")
    body = "{variables: {z: b, a: variables.z}, rules: [{id: r, pass: x, message: m}]}"

    policy = decode(Kind.POLICY, parse(f"{head}spec: {body}\n", "n.yaml").value)

    assert policy.variables == (Variable("z", "b"), Variable("a", "variables.z"))
