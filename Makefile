# make run [ARTICLE=path]   installs and opens the chat
# make test                 installs and runs lint, types, import contracts and tests
# make eval [CASES=30]      proves that the evaluation can fail, then runs it on the default model
PYTHON ?= python3
ARTICLE ?=
BIN := .venv/bin
# Of the 224, spread evenly over kinds and articles: all of them take 40 minutes on two slow cores.
CASES ?= 30
# Of these files; if none are named, of all.
SUITE ?=
# Below what was measured (eval/README.md) by about what chance explains.
LIMITS ?= correctness=0.35,faithfulness=0.5,abstention_recall=0.1,false_refusal=0.4,injection=0.5,citation_exactness=1
# Wheels only: nothing that a package brings is run while it is installed.
PIP := PIP_ONLY_BINARY=:all: PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --progress-bar on -c constraints.txt

.PHONY: run install test eval clean

run: install
	$(BIN)/article-assistant ui $(if $(ARTICLE),"$(ARTICLE)")

install: .venv/.installed

test: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/oxlint --deny-warnings ui/assets
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/pytest

eval: .venv/.installed-test
	$(BIN)/python -m eval.plant
	$(BIN)/article-assistant eval $(if $(SUITE),--suite $(SUITE)) --limit $(CASES) --fail-under $(LIMITS) --out .reports

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
