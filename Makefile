# On a fresh checkout with Python 3.11 or later and make, `make demo` and `make test` work as they are:
# the environment is made on the way, from hash-pinned requirements.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# The tests are independent of one another; ARGS="-n 0" keeps them in one process, for a debugger.
PARALLEL ?= --numprocesses auto --dist worksteal
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install -qq

# Only what exists: a checkout without benchmarks or examples is checked all the same.
CODE := $(wildcard miniapp_tp tests benchmarks examples scripts docs/conf.py)

# The half that never waits is small and total, so every branch of it has a test.
PURE := miniapp_tp/models/*,miniapp_tp/errors.py,miniapp_tp/wire/*,miniapp_tp/contract.py,miniapp_tp/providers/*

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo "  PYTHON=python3.12 chooses the interpreter, ARGS='-k name' goes to pytest"

# --- environments ---------------------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than Python 3.11. Name one that is not: make PYTHON=/path/to/python3.12 ..." >&2; \
	  exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "No environment could be made: $(PYTHON) lacks venv (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	  exit 1; }

# The stamps hang on the python's presence only, not on its time: an interpreter is often newer than what it installed.
$(VENV)/.test: requirements/test.txt pyproject.toml | $(BIN)/python
	@echo "installing requirements/test.txt and the package into $(VENV)"
	@$(PIP_INSTALL) --require-hashes -r requirements/test.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.lint: requirements/lint.txt $(VENV)/.test
	@echo "installing requirements/lint.txt into $(VENV)"
	@$(PIP_INSTALL) --require-hashes -r requirements/lint.txt
	@touch $@

.PHONY: install
install: $(VENV)/.lint ## make the environment with everything a maintainer needs

# --- for everyone ---------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.test ## operate both providers' sandboxes, no account needed
	@$(BIN)/miniapp-tp demo

.PHONY: test
test: $(VENV)/.test ## the tests, under coverage and with its thresholds
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(PARALLEL) $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=95
	@echo "the pure half:"
	@$(BIN)/coverage report --include='$(PURE)' --fail-under=100

# --- checks ---------------------------------------------------------------------------------------------------------

.PHONY: lint
lint: $(VENV)/.lint ## ruff: rules and format
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

.PHONY: format
format: $(VENV)/.lint ## apply ruff's safe fixes and its format
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

.PHONY: types
types: $(VENV)/.lint ## mypy and basedpyright, both strict
	@$(BIN)/mypy $(CODE)
	@$(BIN)/basedpyright $(CODE)

.PHONY: imports
imports: $(VENV)/.lint ## import-linter: the layers and who may import what
	@$(BIN)/lint-imports --no-logo

.PHONY: docs
docs: $(VENV)/.test ## run the examples of README and docs
	@if [ -d tests/docs ]; then $(BIN)/pytest tests/docs $(ARGS); else echo "tests/docs does not exist"; fi

.PHONY: tests-only
tests-only: $(VENV)/.test # the tests without coverage; what test-all runs for each interpreter
	@$(BIN)/pytest $(PARALLEL) $(ARGS)

.PHONY: test-all
test-all: $(VENV)/.test ## the tests on every other CPython from 3.11 on that this machine has
	@$(BIN)/python scripts/pythons.py --others | while read -r version executable; do \
	  echo "--- CPython $$version"; \
	  $(MAKE) tests-only VENV=.venvs/$$version PYTHON="$$executable" </dev/null || exit 1; \
	done

.PHONY: site
site: $(VENV)/.lint ## the documentation site, into build/site; any warning, or a public name it lacks, is an error
	@rm -rf build/site
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html docs build/site
	@$(BIN)/python scripts/check_site.py build/site

.PHONY: build
build: $(VENV)/.lint ## sdist and wheel; the wheel is imported where only the core's dependencies are
	@rm -rf dist build
	@$(BIN)/python -m build --quiet --no-isolation --outdir dist .
	@$(BIN)/python -m venv build/clean
	@build/clean/bin/python -m pip --disable-pip-version-check install -qq --require-hashes -r requirements/core.txt
	@build/clean/bin/python -m pip --disable-pip-version-check install -qq --no-deps dist/*.whl
	@build/clean/bin/python -m pip --disable-pip-version-check check
	@build/clean/bin/python -I scripts/check_core.py
	@ls -l dist | awk 'NR > 1 { print $$NF, $$5, "bytes" }'

.PHONY: audit
audit: $(VENV)/.lint ## known vulnerabilities among the pinned requirements
	@$(BIN)/python scripts/audit.py requirements/test.txt requirements/lint.txt

.PHONY: figures
figures: ## sizes of functions and modules; fails above the hard limits
	@$(PYTHON) scripts/figures.py

.PHONY: documented
documented: $(VENV)/.test ## every documented call of Baidu: endpoint, method, tests; fails if one is missing
	@$(BIN)/python scripts/documented_calls.py
	@$(BIN)/python scripts/developer_services.py

.PHONY: mutants
mutants: $(VENV)/.lint ## change the pure half at random and see whether a test notices; ARGS names some
	@$(BIN)/mutmut run $(ARGS)
	@$(BIN)/mutmut results

.PHONY: soak
soak: $(VENV)/.test ## the long tests (marker soak); SOAK_EVERY, GRANT_STEPS, PUSH_EVENTS and RUN_APPS take a share of some
	@$(BIN)/pytest -m soak -o faulthandler_timeout=0 $(ARGS)

$(VENV)/.bench: requirements/bench.txt $(VENV)/.test
	@echo "installing requirements/bench.txt into $(VENV)"
	@$(PIP_INSTALL) --require-hashes -r requirements/bench.txt
	@touch $@

# The other side is nginx, if this machine has it or lets itself be given it; else a stand-in of our own.
.PHONY: bench
bench: $(VENV)/.bench ## the benchmarks: tables, benchmarks/results.json and the plot in docs; ARGS='--rounds 1'
	@command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get install -qq -y --no-install-recommends nginx-light >/dev/null 2>&1; } || echo "no nginx: a stand-in serves"
	@$(BIN)/python -m benchmarks $(ARGS)

# --- upkeep ---------------------------------------------------------------------------------------------------------

# Keeps what is pinned unless UPGRADE=1. The order matters: the tools have to agree with what the tests run on.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(if $(UPGRADE),--upgrade)
.PHONY: requirements
requirements: $(VENV)/.lint ## compile requirements/*.txt anew (UPGRADE=1: to the newest versions)
	@$(COMPILE) pyproject.toml --extra all requirements/test.in -o requirements/test.txt > /dev/null
	@$(COMPILE) pyproject.toml -c requirements/test.txt -o requirements/core.txt > /dev/null
	@$(COMPILE) requirements/lint.in -c requirements/test.txt -o requirements/lint.txt > /dev/null
	@$(COMPILE) requirements/bench.in -c requirements/test.txt -o requirements/bench.txt > /dev/null
	@git --no-pager diff --stat -- requirements

.PHONY: changelog
changelog: $(VENV)/.lint ## what the next release's entry in CHANGELOG.md would say
	@$(BIN)/towncrier build --draft

.PHONY: clean
clean: ## remove environments, builds and caches
	@rm -rf $(VENV) .venvs build dist mutants .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
