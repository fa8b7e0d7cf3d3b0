# make demo         a running server with sample pictures, in minutes
# make test         everything that must pass
# make check        the checks of form alone: ruff, mypy, import-linter, deptry
# make soak         long suites, run by hand before a release
SHELL := /bin/bash
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
DATA ?= demo-data
JOBS ?= 3
BIN := .venv-test/bin
PRODUCT := .venv/bin

.PHONY: demo demo-clean test environment check read soak lock docs clean

demo demo-clean: export HOST := $(HOST)
demo demo-clean: export PORT := $(PORT)
demo demo-clean: export DATA := $(DATA)

demo:
	@scripts/environment.sh .venv requirements/server.lock "$(PYTHON)"
	@exec $(PRODUCT)/python demo/run.py --host="$$HOST" --port="$$PORT" --data="$$DATA"

demo-clean:
	@$(PYTHON) demo/clean.py --data="$$DATA"

test: environment
	@scripts/test-packages.sh
	@$(MAKE) --no-print-directory --jobs 2 --output-sync check read
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not soak" -q tests --ignore tests/browser
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not soak" -q tests/browser # Playwright keeps an event loop of its own

environment:
	@scripts/environment.sh .venv-test requirements/dev.lock "$(PYTHON)"

check: environment
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src

read: environment # the tests, once, meanwhile: three workers would each do it
	@$(BIN)/python -m pytest --collect-only -q tests >/dev/null 2>&1 || true

soak: environment
	@scripts/test-packages.sh
	$(BIN)/python -m pytest -m soak tests --ignore tests/browser
	$(BIN)/python -m pytest -m soak tests/browser # as above

docs:
	$(BIN)/python -m moorage config docs settings > docs/reference/settings.md
	$(BIN)/python -m moorage config docs cli > docs/reference/cli.md
	$(BIN)/python scripts/errors_page.py > docs/reference/errors.md

lock:
	scripts/lock.sh

clean:
	rm -rf .venv .venv-test .cache .mypy_cache .ruff_cache .pytest_cache
