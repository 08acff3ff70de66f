"""`python -m mlgitops`."""

from mlgitops.cli.app import main

raise SystemExit(main())
