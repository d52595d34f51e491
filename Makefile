# make run    serve development.ini on http://127.0.0.1:6543
# make test   all tests, on SQLite and on PostgreSQL
# make lint   style, imports and types

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint clean

run: $(VENV)/.run
	@# Pyramid imports pkg_resources, which warns about itself.
	PYTHONWARNINGS="ignore:pkg_resources is deprecated" $(BIN)/pserve development.ini

test: $(VENV)/.test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: setup.py | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	touch $@

$(VENV)/.test: setup.py | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test]'
	touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) .mypy_cache build dist *.egg-info
