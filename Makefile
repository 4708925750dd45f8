# run and test set up what they need on the first call; nothing is done twice.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VENV ?= .venv
PY := $(VENV)/bin/python
export VENV

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test quick lint check differential bench screenshots clean

help:
	@echo 'make run           open Convolab; without a display: train the bundled example in the terminal'
	@echo 'make test          the whole test suite'
	@echo 'make lint          style, types and import contracts'
	@echo 'make quick         lint, then the fast tests'
	@echo 'make check         lint, then the whole test suite: what CI runs'
	@echo 'make differential  random networks against PyTorch, for hours (EXAMPLES=20000)'
	@echo 'make bench         the benchmarks of docs/benchmarks.md'
	@echo 'make screenshots   the pictures of docs/images'
	@echo 'make clean         remove what was built here (keeps runs/)'

setup:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

run: setup
	@scripts/run.sh

test: setup-test
	$(PY) -m pytest -n auto --maxprocesses 4

quick: lint
	$(PY) -m pytest -n auto --maxprocesses 4 -m 'not slow'

lint: setup-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

check: lint test

EXAMPLES ?= 20000
differential: setup-test
	HYPOTHESIS_PROFILE=long EXAMPLES=$(EXAMPLES) $(PY) -m pytest -n auto --maxprocesses 4 --timeout 0 \
		tests/builder/test_properties_*.py tests/runtime/test_properties_*.py

bench: setup-test
	@for script in benchmarks/[a-z]*.py; do \
		name=$$(basename "$$script" .py); echo "== $$name"; $(PY) -m "benchmarks.$$name"; \
	done

screenshots: setup-test
	$(PY) scripts/screenshots.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
