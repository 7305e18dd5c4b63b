# Run `make help` for what each target does.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_FLAGS ?=
FUZZ ?= 100
# Most tests wait more than they compute: three workers for two cores.
PYTEST_FLAGS ?= --numprocesses 3 --dist loadfile
DEBIAN_PACKAGES := qbittorrent-nox opentracker mktorrent ffmpeg systemd
# Unpacked here, not installed: installing them would start servers on this machine.
UNPACKED_PACKAGES := prometheus prometheus-alertmanager
PROGRAMS := .cache/programs

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: $(STAMP) ## Make the virtual environment (.venv) from the lock file

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "reeld needs Python 3.11 or newer: make install PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: demo
demo: install ## Watch eight movies find their way into a library (Ctrl-C ends it)
	$(BIN)/reeld demo $(DEMO_FLAGS)

.PHONY: services
services: $(PROGRAMS)/.unpacked ## Get the Debian programs that the tests use, where that is allowed
	@missing=""; for package in $(DEBIAN_PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo -n"; else \
	    echo "Without root some tests skip; to run them all: apt-get install$$missing"; exit 0; fi; \
	  { $$root apt-get -qq update && $$root env DEBIAN_FRONTEND=noninteractive \
	    apt-get -qq install -y --no-install-recommends $$missing >/dev/null; } \
	    || echo "Without these some tests skip: apt-get install$$missing"; fi

$(PROGRAMS)/.unpacked: Makefile
	@rm -rf $(PROGRAMS) && mkdir -p $(PROGRAMS)
	@cd $(PROGRAMS) && { apt-get -qq download $(UNPACKED_PACKAGES) 2>/dev/null \
	    || { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq download $(UNPACKED_PACKAGES) 2>/dev/null; } \
	    || { echo "Without these some tests skip: apt-get download $(UNPACKED_PACKAGES)"; exit 0; }; \
	  for package in *.deb; do dpkg-deb --extract "$$package" .; done; rm -f *.deb; touch .unpacked; }

.PHONY: test
test: install services ## Run the whole test-suite (COVERAGE=1 measures it, prints it and fails below the gate)
ifdef COVERAGE
	test "$(COVERAGE)" = more || rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest $(PYTEST_FLAGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
else
	$(BIN)/python -m pytest $(PYTEST_FLAGS)
endif

.PHONY: fuzz
fuzz: install ## Call every operation of the API with much that is right and much that is wrong (FUZZ=100 calls each)
	REELD_FUZZ_EXAMPLES=$(FUZZ) $(BIN)/python -m pytest tests/http/test_fuzzed.py

.PHONY: test-oldest
test-oldest: install ## Run the tests of storage and schema on the oldest PostgreSQL that reeld works with
	REELD_TEST_POSTGRES_MAJOR=16 $(BIN)/python -m pytest $(PYTEST_FLAGS) tests/storage tests/migrations --ignore=tests/storage/embedded

.PHONY: lint
lint: install ## Check the style of the code
	$(BIN)/ruff check .

.PHONY: format
format: install ## Format the code
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

.PHONY: types
types: install ## Check the types (mypy, strict)
	$(BIN)/mypy

.PHONY: check
check: lint types ## Lint, format check, types, and that the pages of docs/ and the files of deploy/ are up to date
	$(BIN)/ruff format --check .
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m reeld.deploy.prometheus.generate --check

.PHONY: docs
docs: install ## Write the pages of docs/ that say what the code says
	$(BIN)/python docs/generate.py

.PHONY: deploy
deploy: install ## Write the rules and configurations of deploy/prometheus/ from their table
	$(BIN)/python -m reeld.deploy.prometheus.generate

.PHONY: wheel
wheel: install ## Build the wheel through the sdist and check its list of files
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist >/dev/null
	$(BIN)/python .ci/check_wheel.py dist/*.whl

.PHONY: bench
bench: install ## Print the measurements, ratios side by side in one run
	$(BIN)/python -m bench

.PHONY: grafana grafana-check
grafana: install ## Write the dashboards of grafana/dashboards/ from the code beside them
	$(BIN)/python -W ignore::DeprecationWarning -m reeld.grafana

# What `make check` looks at, too.
check: grafana-check
grafana-check: install
	$(BIN)/python -W ignore::DeprecationWarning -m reeld.grafana --check

.PHONY: lock
lock: ## Renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --group dev --custom-compile-command "make lock" --upgrade \
	  --output-file requirements.lock pyproject.toml

.PHONY: clean
clean: ## Remove what was made here (not the demo's library)
	rm -rf $(VENV) dist .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache
