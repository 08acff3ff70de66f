"""30 policies over evidence with 50 slices: `cold N` or `warm N`; prints seconds as JSON.

Cold is what the gate does: a new child process answers, and the answers are judged.
Warm is the child's own work, compiling and evaluating, in a process that did it before.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from mlgitops.adapters.cel_engine import program
from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.spec import Policy, Rule
from mlgitops.model.verdict import context
from mlgitops.policies.binding import BoundPolicy
from mlgitops.policies.engine import Case, judge, questions

POLICIES, SLICES = 30, 50
RULE = "slices.all(s, !('roc_auc' in s.metrics) || s.metrics['roc_auc'].low >= params.min)"

evidence = json.loads((Path(__file__).parents[2] / "policies/tests/evidence.json").read_text())
evidence["slices"] = [
    {**evidence["slices"][0], "name": f"group={number}"} for number in range(SLICES)
]
rule = Rule("every-slice", RULE, None, "each slice is above {params.min:.3f}", "train again")
bound = [
    BoundPolicy(Policy(f"slices-{number}", "", (), None, (rule,)), {"min": number / 1000}, "soft")
    for number in range(POLICIES)
]
asked = questions(bound)
known = context(datetime(2026, 1, 1, tzinfo=UTC), "gate", evidence["environment"])
plain = [{"expression": q.expression, "parameters": q.parameters} for q in asked]


def cold() -> None:
    engine = CelEngine()
    answers = engine.evaluate({**evidence, "context": known}, asked)
    assert not any(answer.kind == "error" for answer in answers), answers
    judge(bound, answers, Case(evidence, "", known, (), engine.version))


def warm() -> None:
    from cel_expr_python import cel

    answers = list(program.Evaluation(cel).answers(doubles, plain))
    assert not any("error" in answer for answer in answers), answers


doubles = json.loads(json.dumps(evidence), parse_int=float)
work = cold if sys.argv[1] == "cold" else warm
work()
taken = []
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    work()
    taken.append(time.perf_counter() - started)
print(json.dumps(taken))
