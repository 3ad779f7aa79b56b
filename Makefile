# The two commands of the README are `make generate` and `make test`; each sets up all it needs.
# PYTHON chooses the interpreter, 3.11 or newer: make test PYTHON=python3.13

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := setup.cfg pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help generate check lint types test bench demo clean golden docs mutants nightly

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 18

generate: $(BIN)/llumnix-dash ## the dashboards and rules into deploy, and their part of docs, in a virtual environment of its own
	$(BIN)/llumnix-dash generate

test: $(VENV)/.test system-packages ## everything that CI checks: style, types, fresh files, all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/llumnix-dash generate --check
	$(BIN)/pytest -n auto

golden: $(VENV)/.test ## write the golden files anew, after a change that is meant
	$(BIN)/pytest --regenerate

bench: $(VENV)/.test system-packages ## speed, as ratios within one run
	for benchmark in benchmarks/*.py; do $(BIN)/python $$benchmark || exit 1; done

demo: $(VENV)/.test system-packages ## a live simulated fleet, a Prometheus that scrapes it, verify; Ctrl-C stops all
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/demo.py

nightly: $(VENV)/.test system-packages ## 10,000 hostile inputs for diff, verify and generate --from; some minutes
	HYPOTHESIS_PROFILE=nightly LLUMNIX_DASH_CORRUPTIONS=10000 LLUMNIX_DASH_MODULES=10000 \
		LLUMNIX_DASH_ORDERS=200 LLUMNIX_DASH_EVERY_STORE=1 $(BIN)/pytest -n auto --timeout 3600 \
		tests/test_corruption.py tests/diff/test_properties.py tests/diff/test_queries.py tests/interpolation tests/document \
		tests/grafana/test_interleavings.py tests/rules/test_matrix.py tests/proof

mutants: $(VENV)/.test system-packages ## which small changes of the code, and of the queries, does no test notice: a sample, some minutes
	$(BIN)/python scripts/mutate.py
	$(BIN)/python scripts/mutate_queries.py
	$(BIN)/python scripts/mutate_alerts.py

clean: ## remove the virtual environment and what tools leave behind
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info

$(BIN)/python:
	$(PYTHON) scripts/make_venv.py $(VENV)

$(BIN)/llumnix-dash: $(SOURCES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(SOURCES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint,types]'
	@touch $@ $(BIN)/llumnix-dash

.PHONY: system-packages
system-packages:
	@scripts/system-packages prometheus prometheus-alertmanager victoria-metrics openssl shellcheck ceph-grafana-dashboards
