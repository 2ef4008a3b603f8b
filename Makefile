# `make help` lists the targets. The application reads its settings from the environment and from .env.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	$(if $(upgrade),--upgrade)

out ?= var/client
NPM_CACHE := $(CURDIR)/var/npm
# openapi-typescript 7 needs TypeScript 5.
NPM_PACKAGES := --package=openapi-typescript@7.13.0 --package=typescript@5.9.3
RELEASED := entrypoints/api/openapi-released.json

.DEFAULT_GOAL := help
.PHONY: run install dev test check format migrate demo migration feature remove upgrade bench lock client released help

run: .venv/.runtime migrate ## Install, migrate and serve on http://127.0.0.1:8000 (change it by HOST, PORT, ENTRYPOINT)
	@exec $(BIN)/python -m entrypoints.serve

install: .venv/.runtime ## Install the packages of the application into .venv, without those for tests
	@$(BIN)/python -m compileall -q domain application adapters entrypoints migrations

dev: .venv/.runtime migrate ## Serve with reload and the debugger
	@exec $(BIN)/flask --app entrypoints.flask_app.wsgi:with_background run --debug $$($(BIN)/python -c \
		'from entrypoints import settings; s = settings.load(); print("--host", s.host, "--port", s.port)')

test: .venv/.dev ## Run all tests. Tests whose server is not running are skipped, or fail with CI=true
	@echo "Unit tests, which cover every branch of domain and application"
	@$(BIN)/python -m pytest tests/unit --cov --cov-report=term-missing:skip-covered
	@echo "Other tests, two at a time"
	@$(BIN)/python -m pytest --ignore=tests/unit -n 2 --dist loadfile -m "not alone"
	@echo "Tests that need the machine for themselves"
	@$(BIN)/python -m pytest --ignore=tests/unit -m alone

check: .venv/.dev ## Lint, formatting, types and the import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/.dev ## Format the code as `make check` wants it
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

migrate: .venv/.runtime ## Bring the database up to date
	@echo "Migrating the database"
	@$(BIN)/python -m alembic upgrade heads

demo: .venv/.runtime migrate ## Fill an empty development database with users, teams and events
	@$(BIN)/python -m entrypoints.demo

migration: .venv/.dev migrate ## Write a migration: make migration m="add notes" (manual=1 leaves it empty)
	@test -n "$$m" || { echo 'Give it a name: make migration m="add notes"' >&2; exit 2; }
	@$(BIN)/python -m alembic revision $(if $(manual),,--autogenerate) -m "$$m"
	@$(BIN)/ruff format --quiet migrations/versions

feature: .venv/.dev ## Write a feature: make feature name=projects fields="title:text:80 due:date? done:flag" (of=user)
	@$(BIN)/python -m entrypoints.scaffold feature "name=$$name" "of=$$of" "fields=$$fields" "entity=$$entity"

remove: .venv/.dev ## Take out a feature of yours or of Hexstart: make remove name=projects (CONTRIBUTING.md lists ours)
	@$(BIN)/python -m entrypoints.scaffold remove "name=$$name" "entity=$$entity"

# Without the packages: `undo` and `continue` work when they are not installed.
upgrade: .venv/.created ## Take our next release into a clone: make upgrade from=hexstart (to=v1.2.0, continue=1, undo=1)
	@$(BIN)/python -m entrypoints.scaffold.upgrade "from=$$from" "to=$$to" "since=$$since" "quick=$$quick" \
		"continue=$$continue" "undo=$$undo"

bench: .venv/.dev ## Measure the speed against its targets (a few minutes)
	@$(BIN)/python -m tests.bench

lock: .venv/.dev ## Write the lock files from pyproject.toml (upgrade=1 takes newer versions)
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

client: .venv/.runtime ## Write a typed client in TypeScript to var/client, or to out=FOLDER. Needs npm
	@mkdir -p $(out)
	@$(BIN)/python -m entrypoints.cli openapi > $(out)/openapi.json
	@npm_config_cache=$(NPM_CACHE) npx --yes $(NPM_PACKAGES) openapi-typescript $(out)/openapi.json \
		--output $(out)/api.ts --default-non-nullable=false
	@cp entrypoints/api/client.ts $(out)/client.ts

released: .venv/.runtime ## Keep the description of the API: later changes may not break its clients
	@$(BIN)/python -m entrypoints.cli openapi > $(RELEASED).new
	@mv $(RELEASED).new $(RELEASED)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# .venv/.runtime and .venv/.dev are stamps: make installs a lock file when it is newer than its stamp.
# A lock file lists all packages, so `--no-deps` is enough. Without it, pip before 24 fails as soon as the index has
# newer versions of certain packages. `pip check` finds a missing package.

install_lock = echo "Installing the packages of $(1) (about a minute, only when it changed)"; \
	$(PIP) install --quiet --no-deps --require-hashes -r $(1)
check_lock = complaints=$$($(PIP) check) || { \
	printf '%s\n' "$$complaints" "The packages of $(1) do not fit together. To start again: rm -r .venv" >&2; exit 1; }

.venv/.created:
	$(if $(shell $(PYTHON) -c 'import sys; print((3, 11) <= sys.version_info < (3, 15) or "")' 2>/dev/null),,$(error \
		$(PYTHON) is not Python 3.11 to 3.14: try make $(MAKECMDGOALS) PYTHON=python3.12))
	$(if $(shell $(PYTHON) -c 'import ensurepip, venv; print(1)' 2>/dev/null),,$(error \
		$(PYTHON) cannot make virtual environments (on Debian: apt install python3-venv)))
	@echo "Creating .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@touch $@

# With .venv/.dev there may be packages of an older development lock. That target replaces and checks them.
.venv/.runtime: requirements.lock .venv/.created
	@$(call install_lock,requirements.lock)
	@test -e .venv/.dev || $(call check_lock,requirements.lock)
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@$(call install_lock,requirements-dev.lock)
	@$(call check_lock,requirements-dev.lock)
	@touch $@
