# The commands of this project. `make run` and `make test` set up all they need on a fresh machine.
.PHONY: run worker test check format bench fuzz clients ric lock

PYTHON = .venv/bin/python
# Tests use a data directory of their own.
TEST_DATA = $(shell mktemp -d)

run:
	@sh console/launch/setup.sh run
	@exec $(PYTHON) -m console.launch

# One more worker node, beside `make run` or for one elsewhere: see README.
worker:
	@sh console/launch/setup.sh run
	@exec $(PYTHON) -m console.launch.node

test: check
	@$(MAKE) --no-print-directory clients || echo "hearth: without SAM CLI and Chalice their tests are skipped" >&2
	@$(MAKE) --no-print-directory ric || echo "hearth: without AWS's Node.js client its tests are skipped" >&2
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

# Ten thousand malformed requests, others each time. `make test` sends fewer, always the same.
fuzz:
	@sh console/launch/setup.sh test
	HEARTH_FUZZ=5000 HEARTH_DATA=$(TEST_DATA) $(PYTHON) -m pytest tests/gateway/test_malformed.py

# SAM CLI and Chalice in an environment of their own, for tests/clients. Once for each lock file.
CLIENTS = tests/clients/.venv
clients:
	@sh console/launch/setup.sh test
	@cmp -s tests/clients/requirements.txt $(CLIENTS)/.installed || { \
		.venv/bin/uv venv --quiet --clear --python $(PYTHON) $(CLIENTS) && \
		.venv/bin/uv pip install --quiet --python $(CLIENTS)/bin/python -r tests/clients/requirements.txt && \
		cp tests/clients/requirements.txt $(CLIENTS)/.installed; }

# AWS's Node.js client for tests/execution. Once for each lock file.
ric:
	@sh console/launch/setup.sh test
	@sh tests/clients/aws-lambda-ric/build.sh

lock:
	.venv/bin/uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --quiet requirements.in -o requirements.txt
	.venv/bin/uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --quiet requirements-dev.in -o requirements-dev.txt
