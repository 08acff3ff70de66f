"""Z0's side of the worker: these modules run in child processes only."""
