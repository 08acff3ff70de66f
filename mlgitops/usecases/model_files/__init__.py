"""Use-cases: the files of a model, read as data."""
