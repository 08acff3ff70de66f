# make demo: the whole loop on real data. make test: every check. Both set up what they need in .venv.
PYTHON ?= python3
DIR ?= demo-flights
BIN := .venv/bin

.PHONY: help demo test lint cover clean
.DEFAULT_GOAL := help

help:
	@echo "make demo [DIR=folder]   play the whole loop on real flights"
	@echo "make test                lint, types, contracts and all tests"
	@echo "make lint                the first three only"

demo: .venv/demo
	$(BIN)/mlgitops demo $(DIR)

test: lint cover
	$(BIN)/python -m pytest -n 2

# The floors that decide, by their own tests; apart from the rest, because tracing falsifies the limits on time.
cover: .venv/dev
	$(BIN)/python -m pytest -n 2 -q --cov-report=term:skip-covered --cov-fail-under=90 \
	  --cov=mlgitops.model --cov=mlgitops.spec --cov=mlgitops.policies --cov=mlgitops.evaluation \
	  tests/unit/model tests/unit/spec tests/unit/policies tests/unit/evaluation tests/acceptance/test_specs.py

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --persona pedantic --no-progress --strict-collection --quiet --config .github/zizmor.yml . examples/*
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml examples/*/.github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions actions/*/action.yml

# uv compiles bytecode only when asked; without it Great Expectations alone costs 10 s at every start.
.venv/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mlgitops needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet 'uv>=0.9'
	touch $@

.venv/demo: pyproject.toml .venv/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --editable '.[demo]'
	touch $@

.venv/dev: pyproject.toml .venv/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --editable '.[demo]' --group dev
	touch $@

clean:
	rm -rf .venv demo-flights
