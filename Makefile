# make demo   the whole job on a small city in a box
# make test   every test
# `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help demo test check fix docs scan bench lock clean servers
.DEFAULT_GOAL := help

help:
	@echo "make demo    scan a small city in a box: summary, scorecards, CSV (needs no Internet beyond the package index)"
	@echo "make test    every test, against real servers too (installs them when it may)"
	@echo "make check   lint, types, import contracts, generated documents fresh"
	@echo "make fix     put lint and format right"
	@echo "make docs    write docs/checks.md and docs/cli.md again"
	@echo "make scan    the real thing: ipv6check nightly targets/hanoi.csv, on the Internet"
	@echo "make bench   1,000 lab domains against a pipeline of dig and curl"
	@echo "make lock    renew the hash-pinned requirements (needs uv)"

# The set-up that every command shares: what is missing is named, then pinned packages by hash, then this project.
define prepare
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "make: python3 is missing: install Python 3.11 or later (Debian: apt install python3)" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or later is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1)" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: the venv module is missing: install it (Debian: apt install python3-venv)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

$(VENV)/.core: requirements.txt pyproject.toml
	$(call prepare,requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml
	$(call prepare,requirements-dev.txt)
	@touch $@ $(VENV)/.core

demo: $(VENV)/.core
	$(BIN)/ipv6check demo

# Two processes: half of the time is waiting. What shares a lab stays together.
test: $(VENV)/.dev servers
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder

servers:
	@sh tests/servers.sh

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

scan: $(VENV)/.core
	$(BIN)/ipv6check nightly targets/hanoi.csv

bench: $(VENV)/.dev servers
	$(BIN)/python -m benchmarks

# No index address may reach these files; the check above holds that.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"
lock:
	$(LOCK) pyproject.toml requirements-build.in -o requirements.txt
	$(LOCK) pyproject.toml requirements-build.in --all-extras -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
