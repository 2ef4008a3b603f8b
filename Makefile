# `make help` lists what there is. Settings are the application's affair: it reads the environment and .env.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	$(if $(upgrade),--upgrade)

.DEFAULT_GOAL := help
.PHONY: run install dev test check format migrate migration bench lock help

run: .venv/.runtime migrate ## Install, migrate and serve on http://127.0.0.1:8000 (PORT and HOST change that)
	@exec $(BIN)/python -m entrypoints.serve

install: .venv/.runtime ## Install into .venv what the application needs, and nothing else
	@$(BIN)/python -m compileall -q domain application adapters entrypoints migrations

dev: .venv/.runtime migrate ## Serve with reload and the debugger
	@exec $(BIN)/flask --app entrypoints.flask_app.wsgi:with_background run --debug $$($(BIN)/python -c \
		'from entrypoints import settings; s = settings.load(); print("--host", s.host, "--port", s.port)')

test: .venv/.dev ## Run every test; what needs a server that is not running is skipped (fails with CI=true)
	@echo "Unit tests, which alone cover domain and application to the last branch"
	@$(BIN)/python -m pytest tests/unit --cov --cov-report=term-missing:skip-covered
	@echo "All other tests, two at a time"
	@$(BIN)/python -m pytest --ignore=tests/unit -n 2 --dist loadfile -m "not alone"
	@echo "Tests that need the machine for themselves"
	@$(BIN)/python -m pytest --ignore=tests/unit -m alone

check: .venv/.dev ## Lint, formatting, types and the import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/.dev ## Put the code into the form that `make check` asks for
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

migrate: .venv/.runtime ## Bring the database up to date
	@echo "Migrating the database"
	@$(BIN)/python -m alembic upgrade heads

migration: .venv/.dev migrate ## Write one: make migration m="add notes" (manual=1 leaves it empty)
	@test -n "$$m" || { echo 'Say what it does: make migration m="add notes"' >&2; exit 2; }
	@$(BIN)/python -m alembic revision $(if $(manual),,--autogenerate) -m "$$m"
	@$(BIN)/ruff format --quiet migrations/versions

bench: .venv/.dev ## Measure the speed against its targets (a few minutes)
	@$(BIN)/python -m tests.bench

lock: .venv/.dev ## Write the lock files anew from pyproject.toml (upgrade=1 takes newer versions)
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamps are newer than the lock they were made from, so a changed lock is installed and nothing else is.
# A lock is complete, so pip installs it and resolves nothing. Resolving depends on the day and on pip: before pip 24
# it fails as soon as the index has a newer version of certain packages. `pip check` finds a lock that lacks a package.

install_lock = echo "Installing the packages of $(1) (about a minute, only when it changed)"; \
	$(PIP) install --quiet --no-deps --require-hashes -r $(1)
check_lock = complaints=$$($(PIP) check) || { \
	printf '%s\n' "$$complaints" "The packages of $(1) do not fit together. To begin anew: rm -r .venv" >&2; exit 1; }

.venv/.created:
	$(if $(shell $(PYTHON) -c 'import sys; print((3, 11) <= sys.version_info < (3, 15) or "")' 2>/dev/null),,$(error \
		$(PYTHON) is not Python 3.11 to 3.14: try make $(MAKECMDGOALS) PYTHON=python3.12))
	$(if $(shell $(PYTHON) -c 'import ensurepip, venv; print(1)' 2>/dev/null),,$(error \
		$(PYTHON) cannot make virtual environments (on Debian: apt install python3-venv)))
	@echo "Creating .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@touch $@

# Packages of an older development lock may not fit the new requirements.lock. `.venv/.dev` replaces and checks them.
.venv/.runtime: requirements.lock .venv/.created
	@$(call install_lock,requirements.lock)
	@test -e .venv/.dev || $(call check_lock,requirements.lock)
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@$(call install_lock,requirements-dev.lock)
	@$(call check_lock,requirements-dev.lock)
	@touch $@
