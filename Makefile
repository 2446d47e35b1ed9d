# Everything here also works without make: see docs/install.md.
PYTHON ?= python3
NAME ?=

.PHONY: up demo install dev test lint types bench soak ci audit lock

up: ## install what is missing and run: http://127.0.0.1:8000/
	@$(PYTHON) up.py

demo: ## a made-up company with a year behind it, in data-demo/; delete the folder to be rid of it
	@$(PYTHON) up.py --demo

install:
	@$(PYTHON) up.py install

dev:
	@$(PYTHON) up.py install --dev

test: dev ## at most 8 minutes on two cores, SQLite
	.venv/bin/python -m pytest -q -n 2 --dist loadscope -m "not slow and not crash and not browser and not schema" $(ARGS)

lint: dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

types: dev
	.venv/bin/mypy

bench: dev ## make bench NAME=idle; all of them without NAME
	.venv/bin/python -m bench $(NAME)

soak: dev
	.venv/bin/python -m bench --soak $(NAME)

ci:
	bash .ci/run

audit: dev ## asks the public advisory service about every locked package; --strict, because an unreachable service proves nothing
	.venv/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

lock: ## needs uv; wheels only, no address in the file
	uv pip compile requirements.in --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --only-binary :all: -q -o requirements.lock
	uv pip compile requirements-dev.in --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --only-binary :all: -q -o requirements-dev.lock
