from __future__ import annotations

import pytest

from mlgitops.cli.no_worker import NoWorker
from mlgitops.model.errors import SpecError
from mlgitops.ports import Access


def test_it_starts_nothing_and_refuses_every_job() -> None:
    worker = NoWorker()
    worker.warm(["train"])
    with pytest.raises(SpecError, match="the job 'train' would run the user's code") as caught:
        worker.run("train", {}, Access((), (), (), ""))
    worker.close()

    assert caught.value.hint is not None
    assert worker.sandbox == "none"
