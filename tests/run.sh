#!/bin/sh
# The tests: all of them on SQLite, then those that touch the database on a PostgreSQL of their own.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
HEARTH_DATA=$scratch/sqlite .venv/bin/python -m pytest "$@"
HEARTH_DATA=$scratch/postgresql .venv/bin/python -m tests.postgresql "$scratch/server" \
    .venv/bin/python -m pytest -m "not browser and not sandbox and not server" tests/functions tests/monitoring tests/invoke tests/gateway
