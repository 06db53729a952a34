PYTHON ?= python3
BIN    := .venv/bin
# Tests that start processes or a browser and wait for them have the machine to themselves; all others share it by two.
ALONE  := tests/faults tests/unit/worker/test_isolation.py $(addprefix tests/journeys/test_, a_clerk_submits.py \
          a_clinic_refers_over_mllp.py a_nurse_runs_a_case.py an_admin_finds_and_replays_a_failure.py \
          delivery_to_a_real_store.py)

.PHONY: run test demo bench peers lock format

run: .venv/ready
	$(BIN)/python wsgi.py

test: .venv/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy gateway wsgi.py
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ALONE:%=--ignore=%) tests
	$(BIN)/python -m pytest $(ALONE)

demo: .venv/ready
	$(BIN)/python -m gateway demo tests/fixtures

bench: .venv/test-ready
	$(BIN)/python -m bench.convert
	$(BIN)/python -m bench.hl7v2
	$(BIN)/python -m bench.ccda
	$(BIN)/python -m bench.validate
	$(BIN)/python -m bench.mllp

# What the benchmarks are compared with; never installed by `make run` or `make test`.
peers: .venv/test-ready
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r bench/peers.txt

format: .venv/test-ready
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

.venv/ready: requirements.txt fhir_profiles/requirements.txt
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo 'missing: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --ignore-requires-python -r fhir_profiles/requirements.txt
	@touch $@

.venv/test-ready: .venv/ready tests/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@

lock: .venv/ready
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate .ci/requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate .ci/requirements-test.in -o tests/requirements.txt
	$(BIN)/uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate .ci/requirements-peers.in -o bench/peers.txt
