"""The steps of a run, one module each; every module fits `usecases.run.Step`."""
