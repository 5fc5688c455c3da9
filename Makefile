# The commands of this project. `make run` and `make test` set up all they need on a fresh machine.
.PHONY: run test check format bench lock

PYTHON = .venv/bin/python
# Tests use a data directory of their own.
TEST_DATA = $(shell mktemp -d)

run:
	@sh console/launch/setup.sh run
	@exec $(PYTHON) -m console.launch

test: check
	@sh tests/run.sh

check:
	@sh console/launch/setup.sh test
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	HEARTH_DATA=$(TEST_DATA) .venv/bin/mypy
	.venv/bin/lint-imports
	HEARTH_DATA=$(TEST_DATA) $(PYTHON) manage.py makemigrations --check --dry-run

format:
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench:
	@sh console/launch/setup.sh bench
	$(PYTHON) -m tests.bench

lock:
	.venv/bin/uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --quiet requirements.in -o requirements.txt
	.venv/bin/uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --quiet requirements-dev.in -o requirements-dev.txt
