"""The five scripts in one process: what their work takes when imports are paid once."""

import evaluate
import extract
import split
import train
import validate

for step in (extract, validate, split, train, evaluate):
    step.main()
