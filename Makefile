# The whole developer interface. `make help` lists it; CI and the image use the same targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3.11
TORCH := torch==2.13.0
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: help run test check bench migrate install install-dev node-modules lock clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## Set up, load the demonstration DAO, run the loop up to a recommendation, serve
	@$(BIN)/assent demo --through recommendation --serve

test: install-dev node-modules ## Set up and pass every test (both databases, the real encoder, a real browser client)
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: install-dev ## ruff, mypy strict, import contracts, alembic check, Dockerfile linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m migrations.check
	@$(BIN)/hadolint Dockerfile

bench: install-dev ## Measure what benchmarks/ measures; each prints a table of ratios
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

migrate: install ## Bring the configured database to the newest schema
	@$(BIN)/alembic upgrade head

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

# torch stands apart: its CPU build differs by index, so it is pinned by version only and brings no dependencies.
$(VENV)/.installed: requirements/base.lock requirements/build.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing pinned dependencies into $(VENV) (a few minutes the first time)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps $(TORCH)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/build.lock -r requirements/base.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.lock
	@touch $@

node-modules: tests/typescript/node_modules/.installed
tests/typescript/node_modules/.installed: tests/typescript/package-lock.json
	@cd tests/typescript && npm ci --no-audit --no-fund --silent
	@touch $@

lock: ## Write requirements/*.lock anew from pyproject.toml (needs pip-tools)
	@pip-compile -q --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
		--no-emit-options --unsafe-package torch -o requirements/base.lock pyproject.toml
	@pip-compile -q --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
		--no-emit-options --unsafe-package torch --extra dev -o requirements/dev.lock pyproject.toml
	@echo setuptools | pip-compile -q --allow-unsafe --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-emit-options --no-annotate -o requirements/build.lock -

clean: ## Remove what was installed or built here (never the state folder)
	@rm -rf $(VENV) tests/typescript/node_modules build *.egg-info
