"""A small repository with a pipeline for each task, run with the real steps and adapters.

Only the registry is in memory. The binary pipeline `churn` uses the user's own
code for features and training, `topic` (multiclass) an estimator of scikit-learn,
and `demand` (regression) a command.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.adapters.decision_files import LocalDecisionLog
from mlgitops.adapters.step_store import LocalStepStore
from mlgitops.adapters.tables.arrow_tables import ArrowTables
from mlgitops.cli.wiring import load_step
from mlgitops.model.digest import digest
from mlgitops.model.run import STEPS
from mlgitops.model.spec import Specs
from mlgitops.ports import ExpressionEngine, StepStore, Worker
from mlgitops.spec.load import load, read_builtin, read_folder
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.run import Order, Result, run
from tests.fakes.model_registry import InMemoryRegistry
from tests.fakes.run_neighbours import (
    CountingWorker,
    FixedClock,
    FixedNeighbours,
    FixedOrigin,
    QuietProgress,
)

_ENVELOPE = "apiVersion: mlgitops.dev/v1\nkind: {}\nmetadata: {{name: {}}}\n"
_VERSIONS = {
    "python": "3.11.0",
    "mlflow": "3.0.0",
    "numpy": "2.0.0",
    "pandas": "2.2.0",
    "pyarrow": "18.0.0",
    "scikit-learn": "1.6.0",
}

FILES: Mapping[str, str] = {
    "mlgitops.yaml": _ENVELOPE.format("Project", "shop"),
    "mlops/environments/staging.yaml": _ENVELOPE.format("Environment", "staging"),
    "mlops/environments/production.yaml": _ENVELOPE.format("Environment", "production")
    + "spec: {from: staging, alias: champion}\n",
    "mlops/datasets/customers.yaml": _ENVELOPE.format("Dataset", "customers") + "spec:\n"
    "  sources: {customers: {csv: data/customers.csv}}\n"
    "  keys: [customer]\n"
    "  afterTheFact: [refund]\n"
    "  expectations:\n"
    "    - {type: expect_column_values_to_not_be_null, kwargs: {column: visits}}\n"
    "  split: {strategy: stratified, holdout: 0.4}\n",
    "mlops/pipelines/churn.yaml": _ENVELOPE.format("Pipeline", "churn") + "spec:\n"
    "  task: binary-classification\n"
    "  data: {dataset: customers, label: left}\n"
    "  features: {columns: [visits, spent, plan], entrypoint: 'shop.features:build'}\n"
    "  train: {entrypoint: 'shop.train:train', params: {C: 1.0}}\n"
    "  evaluate: {metrics: [roc_auc, log_loss], slices: [{by: [plan], minRows: 40}]}\n"
    "  gates: [{policy: min-metric, with: {metric: roc_auc, min: 0.6}}]\n",
    "mlops/pipelines/topic.yaml": _ENVELOPE.format("Pipeline", "topic") + "spec:\n"
    "  task: multiclass-classification\n"
    "  data: {dataset: customers, label: topic}\n"
    "  features: {columns: [visits, spent]}\n"
    "  train: {estimator: sklearn.linear_model.LogisticRegression, params: {C: 1.0}}\n",
    "mlops/pipelines/demand.yaml": _ENVELOPE.format("Pipeline", "demand") + "spec:\n"
    "  task: regression\n"
    "  data: {dataset: customers, label: orders}\n"
    "  features: {columns: [visits, spent]}\n"
    "  train: {command: [python, fit.py], params: {alpha: 0.1}}\n"
    "  gates: [{policy: not-worse-than-champion, with: {relative_margin: 0.02}}]\n",
    "shop/__init__.py": "",
    "shop/features.py": """\
import pandas as pd

PLANS = ["basic", "extra"]


def build(customers: pd.DataFrame) -> pd.DataFrame:
    features = customers[["visits", "spent"]].astype("float64")
    features["plan"] = pd.Categorical(customers["plan"], categories=PLANS).codes
    return features
""",
    "shop/train.py": """\
from sklearn.linear_model import LogisticRegression


def train(X, y, *, seed, **params):
    return LogisticRegression(random_state=seed, **params).fit(X, y)
""",
    "fit.py": """\
import json
import os
import warnings

import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import Ridge

warnings.simplefilter("ignore")
table = pd.read_parquet(os.environ["MLGITOPS_INPUT"])
y = table.pop(os.environ["MLGITOPS_LABEL"])
model = Ridge(**json.loads(os.environ["MLGITOPS_PARAMS"])).fit(table, y)
mlflow.sklearn.save_model(
    model,
    os.environ["MLGITOPS_OUTPUT"],
    serialization_format="cloudpickle",
    signature=infer_signature(table.head(), model.predict(table.head())),
    pip_requirements=["scikit-learn"],
)
""",
}


def customers(rows: int = 500) -> list[dict[str, Any]]:
    """Customers whose leaving, topic and orders follow from visits, money and plan."""
    dice = random.Random(7)  # noqa: S311 - data, not secrets
    made = []
    for number in range(rows):
        visits, spent = dice.gauss(10, 3), dice.gauss(100, 30)
        plan = dice.choice(["basic", "extra"])
        chance = visits - 10 + (spent - 100) / 20 + (plan == "extra") + dice.gauss(0, 2)
        made.append(
            {
                "customer": number,
                "day": f"2026-{1 + number % 10:02d}-{1 + number % 28:02d}",
                "visits": round(visits, 3),
                "spent": round(spent, 3),
                "plan": plan,
                "shop": f"shop-{number % 25}",
                "refund": round(10 * (chance > 0) + dice.gauss(0, 1), 3),
                "left": int(chance > 0),
                "topic": _topic(dice, visits, spent),
                "orders": round(visits * 2 + spent / 10 + dice.gauss(0, 1), 3),
            }
        )
    return made


def _topic(dice: random.Random, visits: float, spent: float) -> str:
    if dice.random() < 0.4:
        return dice.choice(["price", "service", "other"])
    if visits > 12:
        return "price"
    return "service" if spent > 100 else "other"


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The text of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


CUSTOMERS = as_csv(customers())


@dataclass
class Laboratory:
    """One repository; `run` walks a pipeline in it as the command line does."""

    root: Path
    worker: CountingWorker
    registry: InMemoryRegistry
    clock: FixedClock
    engine: ExpressionEngine
    origin: FixedOrigin

    @classmethod
    def create(cls, root: Path, behind: Worker | None = None) -> Laboratory:
        """A repository with every file of `FILES` and the data of `customers`."""
        origin = FixedOrigin(
            root=root,
            commit="c0ffee",
            dirty=False,
            actor="Ada <ada@example.org>",
            trigger="manual",
            workflow="local",
            versions=_VERSIONS,
        )
        made = cls(
            root, CountingWorker(behind), InMemoryRegistry(), FixedClock(), CelEngine(), origin
        )
        for path, text in {**FILES, "data/customers.csv": CUSTOMERS}.items():
            made.write(path, text)
        return made

    def copy(self, root: Path) -> Laboratory:
        """The same repository with its store and registry, elsewhere."""
        shutil.copytree(self.root, root)
        return replace(
            self,
            root=root,
            worker=CountingWorker(self.worker.behind),
            registry=copy.deepcopy(self.registry),
            clock=FixedClock(),
            origin=replace(self.origin, root=root),
        )

    def write(self, path: str, text: str) -> None:
        """Write a file of the repository."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def edit(self, path: str, before: str, after: str) -> None:
        """Replace a text that the file has."""
        text = (self.root / path).read_text()
        assert before in text
        self.write(path, text.replace(before, after))

    @property
    def store(self) -> StepStore:
        return LocalStepStore(self.root / ".mlgitops", self.root)

    @property
    def specs(self) -> Specs:
        return load(read_folder(self.root), read_builtin())

    @property
    def neighbours(self) -> FixedNeighbours:
        return FixedNeighbours(
            tables=ArrowTables(self.root, {}),
            worker=self.worker,
            store=self.store,
            registry=self.registry,
            engine=self.engine,
            progress=QuietProgress(),
            clock=self.clock,
            decisions=LocalDecisionLog(self.root / ".mlgitops"),
        )

    def run(
        self,
        model: str = "churn",
        *,
        change: Callable[[Specs], Specs] = lambda specs: specs,
        **order: Any,
    ) -> Result:
        """Walk *model*; *change* has the last word on the specs."""
        self.worker.warmed, self.worker.jobs = [], []
        asked = replace(Order(model), **order)
        return run(asked, change(self.specs), self.origin, self.neighbours, load_step)

    def context(self, model: str = "churn", until: str = "register") -> RunContext:
        """What a run of *model* knows after the step *until*."""
        result = self.run(model, last=until)
        assert result.error is None
        return result.context


def keep(context: RunContext, step: str, **outputs: Any) -> None:
    """Put documents where *context* looks for what *step* made."""
    store = context.neighbours.store
    with store.workspace() as folder:
        for name, document in outputs.items():
            (folder / name).write_text(json.dumps(document))
        paths = {name: folder / name for name in outputs}
        context.made[step] = store.save(digest({step: outputs}), paths, 1.0)


def statuses(result: Result) -> dict[str, str]:
    """What became of each step that the run came to."""
    return {step.name: step.status for step in result.record.steps}


def reran(result: Result) -> list[str]:
    """The steps that were made anew, in order."""
    return [step.name for step in result.record.steps if step.status == "ran"]


def after(first: str) -> list[str]:
    """*first* and every later step."""
    return list(STEPS[STEPS.index(first) :])
