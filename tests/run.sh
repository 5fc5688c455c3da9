#!/bin/sh
# The tests: all of them on SQLite, then those that touch the database on a PostgreSQL of their own. With
# HEARTH_TEST_PROCESSES=2 two processes test at once (tests/workers.py), each with a data directory of its own: most
# tests wait for something most of the time.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
processes=${HEARTH_TEST_PROCESSES:-1}
options() {  # options DIRECTORY: what pytest is told
    [ "$processes" -gt 1 ] || return 0
    echo "--dist loadscope --no-loadscope-reorder"
    for number in $(seq "$processes"); do echo "--tx popen//env:HEARTH_DATA=$1/$number"; done
}
# shellcheck disable=SC2046  # words of their own
HEARTH_DATA=$scratch/sqlite .venv/bin/python -m pytest $(options "$scratch/sqlite") "$@"
# shellcheck disable=SC2046
HEARTH_DATA=$scratch/postgresql .venv/bin/python -m tests.postgresql "$scratch/server" \
    .venv/bin/python -m pytest $(options "$scratch/postgresql") -m "not browser and not sandbox and not server" \
    tests/functions tests/monitoring tests/invoke tests/gateway
