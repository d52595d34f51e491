# make run        serve development.ini on http://127.0.0.1:6543
# make check      lint, and the tests that need neither a server process nor PostgreSQL: less than a minute
# make test       all tests but those marked as long; a part of them: make test ARGS="tests/web -k rest"
# make test-all   all tests: what CI runs
# make coverage   all tests; fails where they run less of the package than setup.cfg demands
# make versions   the tests with the oldest and with the newest releases of the libraries that setup.py allows
# make lint       style, imports and types, of the page's scripts too
# make bench      is this checkout slower than the last release, or than a commit: make bench AGAINST=HEAD~20
# make docs       the documentation as a site, site/index.html; fails where a link leads nowhere

# Tests start many processes; each would compile all modules anew where the environment forbids to keep bytecode.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Processes that share the tests, each with a PostgreSQL server of its own; on two cores a third uses the time of files that wait.
WORKERS ?= 3
# A file's tests share fixtures, so a file is one worker's; tests/conftest.py says which files are begun first.
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: run check test test-all coverage versions lint bench docs clean

run: $(VENV)/.run
	@echo "The page is at http://127.0.0.1:6543/ as soon as the service runs. Ctrl-C ends it."
	@# Pyramid imports pkg_resources, which warns about itself.
	PYTHONWARNINGS="ignore:pkg_resources is deprecated" $(BIN)/pserve development.ini

check: lint
	$(PYTEST) --quick

test: $(VENV)/.test node_modules/.package-lock.json
	$(PYTEST) -m "not long" $(ARGS)

test-all: $(VENV)/.test node_modules/.package-lock.json
	$(PYTEST) $(ARGS)

coverage: $(VENV)/.test node_modules/.package-lock.json
	$(PYTEST) --cov --cov-report=term:skip-covered $(ARGS)

versions: $(VENV)/.test node_modules/.package-lock.json
	$(BIN)/python -m tests.versions $(ARGS)

lint: $(VENV)/.test node_modules/.package-lock.json
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	node_modules/.bin/tsc -p jsconfig.json

bench: $(VENV)/.test
	$(BIN)/python -W ignore -m tests.bench.commits $(AGAINST) $(ARGS)

docs: $(VENV)/.test
	$(BIN)/zensical build --strict

$(BIN)/python:
	@echo "making a virtual environment, $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: setup.py pyproject.toml | $(BIN)/python
	@echo "installing the package and its libraries into $(VENV): about a minute"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: setup.py pyproject.toml | $(BIN)/python
	@echo "installing the package, its libraries and what the tests need, PostgreSQL too, into $(VENV): some minutes"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.run

node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm > /dev/null || { echo "npm is missing, which brings what checks the page's scripts: apt-get install npm" >&2; exit 1; }
	@echo "installing what checks the page's scripts into node_modules"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf $(VENV) node_modules .mypy_cache .cache site build dist *.egg-info .coverage*
