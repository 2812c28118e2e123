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

# The suite, or a PART of it, elsewhere, each in an environment of its own: on another Python from the lock, and on the
# lowest and the newest versions that pyproject.toml names, on any Python.
#   make versions PYTHON=python3.13      make lowest PART="tests/graphs tests/nodes -x"
PART ?= tests
OTHER = .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
PYTEST := pytest -n 2 --dist loadgroup

versions:
	@$(MAKE) --no-print-directory $(OTHER)/ready
	@$(OTHER)/bin/$(PYTEST) $(PART)

# Without Studio, type checkers and the site, which are not of that age; what plain LangGraph does is said of the newest.
lowest: .venv-lowest/ready
	@.venv-lowest/bin/$(PYTEST) -k "not test_plain" \
	    $(addprefix --ignore=,tests/docs tests/studio tests/typing tests/examples/test_typing.py) $(PART)

newest: .venv-newest/ready
	@.venv-newest/bin/$(PYTEST) $(PART)

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
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-strip-extras --python-version 3.11 \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --upgrade -o requirements.lock

PIP = $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps
UV = UV_SYSTEM_CERTS=1 $(@D)/bin/uv pip install --quiet --python $(@D)/bin/python

# With uv, which takes a quarter of pip's time. It has settings of its own and reads none of pip's but the
# system's certificates: where it cannot fetch something, pip does it all.
define SET_UP
@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
@echo "setting up $(@D) (once)"
@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(@D)/uv.txt
@{ $(PIP) --require-hashes -r $(@D)/uv.txt && $(UV) --no-deps --require-hashes -r requirements.lock; } 2> $(@D)/uv.log \
    || { echo "not with uv ($(@D)/uv.log says why): with pip"; $(PIP) --require-hashes -r requirements.lock; }
@$(PIP) --no-build-isolation -e .
@touch $@
endef

.venv/ready: requirements.lock pyproject.toml
	$(SET_UP)

.venv-3.%/ready: requirements.lock pyproject.toml
	$(SET_UP)

.venv-lowest/ready: EXTRAS = all,test
.venv-lowest/ready: CHOICE = --resolution lowest-direct
.venv-newest/ready: EXTRAS = dev
.venv-newest/ready: CHOICE = --upgrade
.venv-lowest/ready .venv-newest/ready: pyproject.toml
	@echo "setting up $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(PIP) uv
	@$(UV) $(CHOICE) -e '.[$(EXTRAS)]'
	@touch $@

clean:
	rm -rf .venv .venv-* dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
