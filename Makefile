# A bare machine needs make and Python 3.11 or newer; uv is used when it happens to be here.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV   := .venv
PY     := $(VENV)/bin/python
UV     := $(firstword $(wildcard $(VENV)/bin/uv) $(shell command -v uv 2>/dev/null))

# A stamp carries its lock's checksum: a changed lock installs again, an unchanged one never does.
RUNTIME := $(VENV)/.installed-runtime-$(shell cksum < requirements.lock | tr ' ' -)
DEV     := $(VENV)/.installed-dev-$(shell cksum < requirements-dev.lock | tr ' ' -)

ifneq ($(UV),)
install = $(UV) pip install --quiet --python $(PY) --require-hashes -r $(1)
else
# A pipe has its last part's exit code: what pip's was says a file.
FAILED := $(VENV)/.failed
install = @rm -f $(FAILED); { $(PY) -m pip install --progress-bar off --disable-pip-version-check \
	--require-hashes -r $(1) 2>&1 || touch $(FAILED); } \
	| $(PY) tools/pip_progress.py $$(grep -c == $(1)); test ! -e $(FAILED)
endif

.DEFAULT_GOAL := help
.PHONY: golden help setup install run test check lint format types imports rules bench torture transcript screenshots parts lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/' | expand -t 14

setup: $(DEV)  ## everything for running, testing and checking

install: $(RUNTIME)  ## what running needs, and nothing else

run: $(RUNTIME)  ## the desk; with no BOT_TOKEN, the desk in its own sandbox
	@exec $(PY) -m bot run

# Hundreds of processes start in it: none should compile again what another has compiled.
# Files run in the order of collection, in which what waits stands among what computes
# (tests/order.py): four workers keep two cores busy.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(DEV)  ## the whole suite (PYTEST_ARGS="-k freeze" narrows it, "-n 0" runs one after the other)
	$(PY) -m pytest -q -m alone $(PYTEST_ARGS) $(ALONE) || test $$? = 5
	$(PY) -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not alone" $(PYTEST_ARGS)

# Where tests are that nothing may run beside: to collect all the others would take half a minute.
ALONE := tests/browser

golden: $(DEV)  ## what people see in every story and in the transcript, against the golden files
	$(PY) -m pytest -n 2 --dist loadfile tests/e2e tests/tools/test_transcript.py

check: lint format types imports rules  ## style, types, imports between packages, code rules

lint: $(DEV)
	$(PY) -m ruff check .

format: $(DEV)
	$(PY) -m ruff format --check .

types: $(DEV)
	$(PY) -m mypy

imports: $(DEV)
	$(VENV)/bin/lint-imports

rules: $(DEV)
	$(PY) -m pytest -q tests/code_rules

bench: $(DEV)  ## measure the figures of docs/performance.md on this machine
	$(PY) -m tools.bench

torture: $(DEV)  ## what breaks a desk in real life, one fault after the other (TORTURE="--only flood")
	$(PY) -m tools.torture $(TORTURE)

transcript: $(DEV)  ## conversations as people see them: build/transcript.md
	@mkdir -p build
	$(PY) -m tools.transcript

screenshots: $(DEV)  ## every page as pictures, and what is wrong with them: build/screenshots (needs Chromium)
	@mkdir -p build/screenshots
	$(PY) -m tools.screenshots

parts: $(DEV)  ## what runs beside our own code, with licences and hashes: build/parts.cdx.json
	@mkdir -p build
	$(PY) -m tools.parts > build/parts.cdx.json

lock: $(DEV)  ## resolve the locks again (the only target that needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv: $(PY) -m pip install uv"; exit 1; }
	$(UV) pip compile $(LOCK) --extra postgres pyproject.toml -o requirements.lock >/dev/null
	$(UV) pip compile $(LOCK) --all-extras pyproject.toml -c requirements.lock -o requirements-dev.lock >/dev/null

LOCK := --quiet --generate-hashes --universal --no-emit-index-url --no-header --no-annotate

clean:  ## what can be made again; data/ and .venv/ stay
	rm -rf build htmlcov .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (python3 was not found or is older)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): | $(PY)
	$(call install,requirements.lock)
	@rm -f $(VENV)/.installed-runtime-* && touch $@

$(DEV): | $(RUNTIME)
	$(call install,requirements-dev.lock)
	@rm -f $(VENV)/.installed-dev-* && touch $@
