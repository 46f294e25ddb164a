# Every target sets up what it needs in .venv, from Python >= 3.11 with venv, and nothing else.
#
#   make demo       the tour: stsctl against an AWS of its own
#   make test       all tests
#   make check      lint, types, generated files up to date, all tests
#   make nightly    2,000 organisations at random, each held against the emulator (STSCTL_FIRST_ORGANISATION: from where)
#   make bench      how long commands take, as ratios to an empty Python program, how fast a session is handed out that
#                   is held (beside keyring, secret-tool, the AWS CLI and boto3), how long one takes that is not
#                   held, beside the AWS CLI and boto3, how fast policies are evaluated, and
#                   how fast the emulator is beside moto's server, and with a million sessions, and how
#                   fast questions about an organisation of 500 accounts are answered (a few minutes in all)
#   make generate   completions, man pages and docs/commands.md, from the command tree
#   make pictures   the pictures of terminals in docs/pictures, by running what they show; wants gnome-keyring
#   make clean      take away .venv and everything else that was made here
#
# PYTHON=python3.12 chooses the Python that .venv is made with, JOBS=4 how many tests run at once,
# TESTS=tests/unit which ones.

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
TESTS ?=
WANTED := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$each" -c '$(WANTED)' 2>/dev/null && echo "$$each" && break; done)

.PHONY: demo test check lint nightly bench generate pictures clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	@$(BIN)/stsctl demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m 'not crowd' $(TESTS)
	$(BIN)/python -m pytest -m crowd $(TESTS) || [ $$? = 5 ]  # none among them

check: lint test

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m tools.generate --check

nightly: $(VENV)/.dev
	STSCTL_ORGANISATIONS=2000 $(BIN)/python -m pytest -n $(JOBS) tests/properties/test_access.py tests/properties/test_explain.py \
		tests/properties/test_paths.py

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.hook
	$(BIN)/python -m benchmarks.cold
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.policy
	$(BIN)/python -m benchmarks.emulator
	$(BIN)/python -m benchmarks.sessions
	$(BIN)/python -m benchmarks.access
	$(BIN)/python -m benchmarks.picker

generate: $(VENV)/.dev
	$(BIN)/python -m tools.generate --write

pictures: $(VENV)/.dev
	$(BIN)/python -m tools.pictures --write

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are newer than pyproject.toml once what it names is installed. What the tests need includes what the demo needs.

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $(VENV)/.demo $@

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo 'setting up .venv (once)' >&2
	@$(BIN)/python -m pip install --quiet -e '.[demo]'
	@touch $@

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'make: no Python >= 3.11 with venv was found; name one: make PYTHON=/path/to/python3.11' \
		'(on Debian: apt install python3-venv)' >&2; exit 1; }
	@'$(PYTHON)' -c '$(WANTED)' || { echo 'make: $(PYTHON) is not Python >= 3.11 with venv' >&2; exit 1; }
	@'$(PYTHON)' -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --upgrade pip  # what old interpreters bring along takes minutes to decide
