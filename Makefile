# Two commands do everything: `make demo` and `make test`. Both set up first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: setup demo test lint types bench real-host clean

setup: $(VENV)/.ready node_modules/.ready

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

demo: setup
	@$(RUN) -m local demo

lint: setup
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

types: setup
	@$(RUN) -m mypy

test: lint types
	@$(RUN) -m pytest

# SIZE=small takes two minutes and writes nothing; SIZE=full has the largest sizes and takes hours.
bench: setup
	@$(RUN) -m benchmarks --size $(or $(SIZE),usual)

# Behind the library of the real Functions host; REAL_HOST names the program, and without it that is said.
real-host: setup
	@$(RUN) -m benchmarks.real_host

clean:
	rm -rf $(VENV) node_modules .cache .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
