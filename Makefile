# Everything a fresh machine needs: Python >= 3.11 with venv and pip, and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test docs lint bench schedules storm drivers outages lock clean

demo: .venv/ready
	@$(BIN)/quorum run analyse examples/documents

test: .venv/ready lint
	@$(BIN)/pytest -n 2 --dist loadgroup

lint: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

docs: .venv/ready
	@$(BIN)/python -m sphinx -W --keep-going -q docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: .venv/ready
	@$(BIN)/python -m benchmarks

# Random schedules against the gate; a seed that fails prints the command that replays it.
SEEDS ?= 100000
schedules: .venv/ready
	@$(BIN)/python -m tests.schedules --seeds $(SEEDS) --jobs 2

# Drivers killed with -9 at random moments, two drivers that quarrel over a thread, and a database that fails under runs.
KILLS ?= 10000
TRIALS ?= 100
ROUNDS ?= 3
storm: .venv/ready
	@$(BIN)/python -m tests.storm --kills $(KILLS) --jobs 2

drivers: .venv/ready
	@$(BIN)/python -m tests.drivers --trials $(TRIALS)

outages: .venv/ready
	@$(BIN)/python -m tests.outages --rounds $(ROUNDS)

# The lock names versions and hashes, never where to fetch them from. It is whole, so nothing is resolved on install.
lock: .venv/ready
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-strip-extras --python-version 3.11 \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --upgrade -o requirements.lock

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@echo "setting up .venv (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
