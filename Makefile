# Two commands do everything: `make demo` and `make test`. Both set up first. `make help` lists the others.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python
# Where it is set, each of the many processes that tests start compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo check test test-azurite lint types bench real-host clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready node_modules/.ready ## make .venv and node_modules, once

# azure-functions-runtime is Microsoft's own worker library. Its metadata asks for Python 3.13, it runs on 3.11 too,
# and we install it by hand because pip cannot be told so in a requirements file.
$(VENV)/.ready: requirements.txt requirements-dev.txt constraints.txt
	@echo "Setting up Python packages in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python azure-functions-runtime==1.3.0
	@touch $@

node_modules/.ready: package.json package-lock.json
	@echo "Setting up Azurite in node_modules ..."
	@npm ci --silent --no-audit --no-fund
	@touch $@

demo: setup ## three days of a company of 1,200 people, on this machine
	@$(RUN) -m local demo

lint: setup ## ruff: rules and layout
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

types: setup ## mypy, strict
	@$(RUN) -m mypy

# What needs no storage, no processes and no patience: to be run before every commit.
check: lint types ## lint, types and the quick tests: under a minute
	@$(RUN) -m pytest --quiet --numprocesses=2 -m "not (e2e or storage or property or slow)"

test: lint types ## lint, types and all tests: about a quarter of an hour on two cores
	@$(RUN) -m pytest

test-azurite: setup ## all tests, with every storage account in Azurite: twice as long
	@$(RUN) -m pytest --azurite

# SIZE=small takes two minutes and writes nothing; SIZE=full has the largest sizes and takes hours.
bench: setup ## measure, and write docs/performance.md
	@$(RUN) -m benchmarks --size $(or $(SIZE),usual)

# Behind the library of the real Functions host; REAL_HOST names the program, and without it that is said.
real-host: setup ## the demo's days behind the library of the real host
	@$(RUN) -m benchmarks.real_host

clean: ## remove everything that was made
	rm -rf $(VENV) node_modules .cache .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
