# make run: the demo region in a browser.  make test: everything that must hold.  Both do all set-up themselves.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
STORE := $(or $(FELLES_STORE),var/felles.db)
BIN := .venv/bin
LOCKED := uv.lock pyproject.toml scripts/bootstrap.py
NODE := PATH="$(CURDIR)/$(BIN):$$PATH" NODE_USE_SYSTEM_CA=1 \
	NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$${SSL_CERT_FILE:-$$PIP_CERT}}"

.PHONY: help run test lint bench docs clean

help:
	@sed -n '1s/^# //p' Makefile
	@echo "make lint | bench | docs | clean"

# What has been installed is remembered by stamps, so that the second run has no work.
.venv/.run: $(LOCKED)
	@$(if $(PYTHON),,echo "Python 3.11 or later is needed: apt-get install python3" >&2; exit 1)
	@$(PYTHON) scripts/bootstrap.py run
	@touch $@

.venv/.test: $(LOCKED)
	@$(if $(PYTHON),,echo "Python 3.11 or later is needed: apt-get install python3" >&2; exit 1)
	@$(PYTHON) scripts/bootstrap.py test
	@touch .venv/.run $@

node_modules/.installed: package-lock.json | .venv/.test
	@$(NODE) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

src/felles/web/static/vendor/.stamp: package-lock.json scripts/assets.py
	@$(PYTHON) scripts/assets.py
	@touch $@

build/assets/.stamp: package-lock.json scripts/assets.py
	@$(PYTHON) scripts/assets.py --test
	@touch $@

var/felles.db: | .venv/.run
	@mkdir -p var && rm -f var/new.db*
	@FELLES_STORE=var/new.db $(BIN)/felles demo
	@for part in -wal -shm ''; do if [ -e var/new.db$$part ]; then mv var/new.db$$part $@$$part; fi; done

run: .venv/.run src/felles/web/static/vendor/.stamp $(if $(FELLES_STORE),,var/felles.db)
	@FELLES_STORE="$(STORE)" exec $(BIN)/felles serve

lint: .venv/.test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { $(BIN)/ruff format --check .; exit 1; }
	@said=$$($(BIN)/lint-imports --no-cache) || { echo "$$said"; exit 1; }
	@$(BIN)/mypy --no-error-summary

# The closing line is pytest's; a fault found by lint still fails the whole.
test: .venv/.test src/felles/web/static/vendor/.stamp build/assets/.stamp node_modules/.installed
	@$(PYTHON) scripts/packages.py
	@faults=0; $(MAKE) --no-print-directory lint || faults=1; \
		$(NODE) $(BIN)/pytest -n auto --maxprocesses 4 --dist loadgroup -ra $(PYTEST) && exit $$faults

bench: .venv/.test
	@$(BIN)/python -m bench $(BENCH)

docs: .venv/.run
	@$(BIN)/python scripts/docs.py

clean:
	rm -rf .venv .tools build node_modules src/felles/web/static/vendor
