# Two commands do everything on a fresh machine with git, make and Python >= 3.11
# (another interpreter: make clean, then make PYTHON=python3.12 ...):
#   make verify    set up .venv, check every claim, write breglab-report/report.html
#   make test      set up .venv, check style and types, run the whole test suite
# and `make docs` builds the site
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
OUT ?= breglab-report
JOBS ?= 2
PROTOCOL ?= full
NAMES ?=
SOLUTIONS ?= yes
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
# Two targets must not install into one environment at the same time.
.NOTPARALLEL:
.PHONY: help verify test lint format docs figures notebooks benchmark mutations clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

verify: $(VENV)/.core  ## check every claim and write the report
	$(BIN)/breglab verify --out '$(OUT)' --jobs $(JOBS)

test: $(VENV)/.dev lint  ## style, types, and all tests with coverage
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile \
	    --cov=breglab --cov-report=term --cov-fail-under=95

lint: $(VENV)/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev  ## bring the sources into the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.docs  ## build the site, docs/_build/site/index.html (SOLUTIONS=no: without them)
	$(BIN)/breglab verify --out docs/_build/report --jobs $(JOBS)
	SOLUTIONS=$(SOLUTIONS) $(BIN)/python -m sphinx -n -W --keep-going -c docs \
	    -d docs/_build/doctrees . docs/_build/site

figures: $(VENV)/.figures  ## make the paper's figures and tables (PROTOCOL=smoke, reduced or full; NAMES=...)
	$(BIN)/breglab figures $(NAMES) --$(PROTOCOL) --jobs $(JOBS)

notebooks: $(VENV)/.notebooks  ## make the .ipynb files beside their sources (SOLUTIONS=no: without them)
	$(BIN)/python notebooks/make.py $(if $(filter no,$(SOLUTIONS)),--without-solutions)

benchmark: $(VENV)/.bench $(VENV)/.nn  ## time the iteration, the solvers and sparse training (quick)
	$(BIN)/python benchmarks/iteration.py
	$(BIN)/python benchmarks/sparse_recovery.py --quick --out benchmarks/quick
	$(BIN)/python benchmarks/sparse_training.py --quick --out benchmarks/quick

mutations: $(VENV)/.dev  ## plant faults one by one; each must turn a test or a claim red
	$(BIN)/python benchmarks/mutations.py --jobs $(JOBS)

clean:  ## remove the environment and all caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage docs/_build docs/generated

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("breglab needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.core: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

$(VENV)/.bench: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable ".[bench]"
	@touch $@ $(VENV)/.core

$(VENV)/.notebooks: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable ".[notebooks,fast,theory,nn]"
	@touch $@ $(VENV)/.core

$(VENV)/.nn: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable ".[nn,fast]"
	@touch $@ $(VENV)/.core

$(VENV)/.figures: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable ".[figures]"
	@touch $@ $(VENV)/.core

$(VENV)/.dev: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable ".[dev,figures,theory,integrations]"
	@touch $@ $(VENV)/.core

$(VENV)/.docs: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable ".[dev,docs,figures,theory,integrations]"
	@touch $@ $(VENV)/.core $(VENV)/.dev
