"""Name one source by its content, as `mlgitops run` does: PATTERN, relative to here."""

import gc
import sys
from pathlib import Path

from mlgitops.adapters.tables.arrow_tables import ArrowTables
from mlgitops.model.dataset import Source

gc.set_threshold(100_000)  # as the command line does
print(ArrowTables(Path.cwd(), {}).source_digest(Source("s", "files", sys.argv[1])))
