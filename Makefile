# One command each. Every target makes what it needs: .venv and packages, nothing else.
PYTHON ?= python3
BIN := .venv/bin
PAPER_PYTHON ?= python3.13
# A test waits about as long as it works: four at a time keep two cores busy. Who is done takes from
# the others' ends, so that what is made once for a file is not made by everybody.
JOBS ?= 4
TESTS := $(BIN)/pytest -n $(JOBS) --dist worksteal
SEED ?= 1
DAYS ?= 1000

# What is compiled is kept, whatever the shell says: the tests start hundreds of programs.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check postgres bench compare soak sim card paper clean

demo: .venv/main
	@$(BIN)/machikado demo

# What is pure first, with its coverage by branch as its stories tell it; then everything else, which no tracer slows down.
PURE := tests/test_coverage.py tests/sync tests/vectors tests/printer \
	$(addprefix tests/hub/points/test_,lots.py numbers.py) \
	$(addprefix tests/hub/settlement/test_,banks.py calendar.py kana.py places.py result.py \
	terms.py validate.py windows_plan.py zengin.py)
test: check
	$(TESTS) $(PURE) --cov
	$(TESTS) $(addprefix --ignore=,$(PURE))

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The hub's own tests once more, with the hub's databases on a PostgreSQL server that they start.
ON_SERVER := tests/hub/test_postgres.py tests/hub/settlement tests/hub/intake tests/hub/mykey \
	tests/hub/points \
	tests/hub/api/test_schemathesis.py tests/hub/api/test_negatives.py tests/hub/api/test_lists.py \
	$(addprefix tests/hub/test_,$(addsuffix .py,tickets clearing voids lost_tickets refunds \
	verdicts feed nights healing residents desk people treasury custody decisions redemptions \
	limits hold_days late_holds falling_away hotlist zones totals ticket_life ticket_dates \
	claim_purposes next_card not_accepted waiting numbers telling carried once void_decisions \
	broken_rules paging access revoking enrolment door copies together keys challenges audit \
	joined_cards joins_at_the_desk own_id_at_a_counter feed_of_residents publishing \
	suspended_at_a_counter))
postgres: .venv/dev
	$(TESTS) $(ON_SERVER) --database=postgresql

bench: .venv/dev
	$(BIN)/python -m tests.bench

# What one would write otherwise, to be measured beside the hub: Django and a ledger made with it.
compare: .venv/compare/ready

.venv/compare/ready: .venv/main requirements/compare.txt
	@$(BIN)/python -m venv .venv/compare
	@.venv/compare/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/compare.txt
	@touch $@

# Long, by hand: a million tickets issued, listed and redeemed; 2,000 terminals for ten minutes.
TICKETS ?= 1000000
NODES ?= 2000
soak: .venv/dev
	$(BIN)/python -m tests.bench.tickets --tickets $(TICKETS)
	$(BIN)/python -m tests.load --nodes $(NODES) --seconds 600
	MACHIKADO_EXAMPLES=200 $(TESTS) tests/hub/api/test_schemathesis.py
	MACHIKADO_EXAMPLES=200 $(TESTS) tests/hub/api/test_schemathesis.py --database=postgresql

sim: .venv/dev
	$(BIN)/python -m tests.simulation --seed $(SEED) --days $(DAYS)

.venv/main: requirements/main.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/main.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/main requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

# Real card readers. pyscard is built here: a C compiler, swig and, on Linux, libpcsclite-dev.
card: .venv/card

.venv/card: .venv/main requirements/card.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-build-isolation -r requirements/card.txt
	@touch $@

# A renderer of receipts that is not ours, for the tests marked `paper`: it needs Python >= 3.13.
paper: .venv/paper/ready

.venv/paper/ready: requirements/paper.txt
	@$(PAPER_PYTHON) -m venv .venv/paper
	@.venv/paper/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/paper.txt
	@touch $@

clean:
	rm -rf .venv build *.egg-info
