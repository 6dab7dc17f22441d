# make run [ARTICLE=path]   installs and opens the chat
# make test                 installs and runs lint, types, import contracts and tests
PYTHON ?= python3
ARTICLE ?=
BIN := .venv/bin
# Wheels only: nothing that a package brings is run while it is installed.
PIP := PIP_ONLY_BINARY=:all: PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --progress-bar on -c constraints.txt

.PHONY: run install test clean

run: install
	$(BIN)/article-assistant ui $(if $(ARTICLE),"$(ARTICLE)")

install: .venv/.installed

test: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -e '.[local]'
	touch $@

.venv/.installed-test: .venv/.installed
	$(PIP) -e '.[local,test]'
	touch $@

clean:
	rm -rf .venv .reports
