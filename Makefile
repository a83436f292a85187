# What a newcomer needs: `make run` and `make test`, on a machine with Python 3.11+ and make.
# The first call makes .venv and installs the locked dependencies; later ones start at once.

SHELL := /bin/sh
.DEFAULT_GOAL := run
MAKEFLAGS += --no-print-directory

PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet
# --no-build-isolation: the build backend comes from the lock like everything else.
SELF := install --no-deps --no-build-isolation --editable .
LOCK := env -u UV_FIND_LINKS -u UV_EXTRA_INDEX_URL -u UV_INDEX .venv/bin/uv pip compile --quiet \
	--no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)

.PHONY: run test bench lock clean
run: .venv/.runtime ## Start Mediagate; Ctrl-C stops it
	@exec .venv/bin/mediagate run

test: .venv/.dev ## Every check, as CI runs them
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	@echo .venv/bin/pytest
	@# Four at once also on two cores: the tests wait more than they compute.
	@# What fails beside others on a busy machine decides alone; the first failure stays in the log.
	@.venv/bin/pytest -n 4 --dist loadfile --no-loadscope-reorder || { \
	  [ $$? -eq 1 ] || exit 1; \
	  echo; echo '*** FAILED beside the others (see above). Once more, alone:'; \
	  .venv/bin/pytest --last-failed --last-failed-no-failures none; \
	}
	@for name in chromium chromium-browser google-chrome; do \
	  command -v $$name >/dev/null 2>&1 && exit 0; \
	done; \
	echo; \
	echo '*** LEFT OUT: the tests of the pages in a browser; no Chromium here (Debian: sudo apt install chromium)'

bench: .venv/.dev .bench/.installed ## Measure against what else one could run: bench/RESULTS.md (a quarter of an hour)
	.venv/bin/python -m bench

lock: .venv/.dev ## Pin what pyproject.toml asks for; `make lock UPGRADE=--upgrade` takes newer versions
	$(LOCK) --group build pyproject.toml --output-file requirements.lock
	$(LOCK) --group dev --constraint requirements.lock pyproject.toml --output-file requirements-dev.lock
	$(LOCK) bench/peers/requirements.in --output-file bench/peers/requirements.lock

clean: ## Remove what make and the tests made; .data (your files) stays
	rm -rf .venv .bench build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +

.venv/.runtime: .venv/.python requirements.lock pyproject.toml
	@echo 'Installing the locked dependencies into .venv (a minute or two, once) …'
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) $(SELF)
	@touch $@

.venv/.dev: .venv/.python requirements-dev.lock pyproject.toml
	@echo 'Installing the locked dependencies and the tools for tests into .venv (a few minutes, once) …'
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) $(SELF)
	@touch .venv/.runtime $@

# What the benches compare with; nginx and Node come from the system, and are left out where they are not there.
.bench/.installed: .venv/.python bench/peers/requirements.lock bench/peers/package.json bench/peers/tus-node.mjs
	@echo 'Installing what the benches compare with into .bench …'
	@.venv/bin/python -m venv --clear .bench
	@.bench/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement bench/peers/requirements.lock
	@cp bench/peers/package.json bench/peers/tus-node.mjs .bench
	@if command -v npm >/dev/null 2>&1; then \
	  cd .bench && npm install --no-package-lock --ignore-scripts --silent; \
	else \
	  echo '*** LEFT OUT: @tus/server; no npm here (Debian: sudo apt install npm)'; \
	fi
	@touch $@

# A virtual environment dies when its checkout is moved or its interpreter is removed: it is made anew then.
ifneq ($(shell cat .venv/.python 2>/dev/null && .venv/bin/python -c ''),$(CURDIR))
.PHONY: .venv/.python
endif
# Candidates are run, not looked up: a version manager's shim may exist for a Python that does not.
.venv/.python:
	@for name in python3.13 python3.12 python3.11 python3; do \
	  $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && python=$$name && break; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'Mediagate needs Python 3.11 or newer, and found none as python3.13, python3.12, python3.11 or python3.'; \
	  echo 'Debian 12+ or Ubuntu 24.04+: sudo apt install python3 python3-venv'; \
	  echo 'Fedora: sudo dnf install python3    macOS: brew install python'; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	  echo "$$python cannot make a virtual environment: its venv module is not installed."; \
	  echo "Debian or Ubuntu: sudo apt install python3-venv    (or $$(basename $$python)-venv)"; exit 1; \
	fi; \
	$$python -m venv --clear .venv && echo '$(CURDIR)' > $@
