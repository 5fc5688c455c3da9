#!/bin/sh
# Everything that has to be there before Python code of ours can run. `setup.sh run` or `setup.sh test`.
# Installs Debian packages where it may (root and apt), else names what to install. Safe to call again: a stamp
# remembers what was installed for which lock file.
set -eu
purpose=$1
say() { echo "hearth: $*" >&2; }
fail() { say "$*"; exit 1; }

apt() {  # apt PACKAGE...: install them, or say what to do
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $*"
        # A package list that is there serves; a missing or old one is fetched.
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 || {
            apt-get update -q >/dev/null
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
        }
    else
        fail "this machine lacks what these Debian packages hold: $*. Install them (apt-get install $*) and try again."
    fi
}

[ "$(uname -s)" = Linux ] || fail "functions run on Linux only: namespaces and cgroups are what isolates them."

find_python() {
    for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}
python=$(find_python)
if [ -z "$python" ]; then
    apt python3 python3-venv
    python=$(find_python)
fi
[ -n "$python" ] || fail "Python 3.11 or newer is needed and none was found on the PATH."

command -v setpriv >/dev/null || apt util-linux
"$python" -c 'import ensurepip, venv' 2>/dev/null || apt python3-venv

lock=requirements.txt
if [ "$purpose" = test ]; then
    lock=requirements-dev.txt
    command -v chromium >/dev/null || apt chromium
    command -v git >/dev/null || apt git
    [ -n "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || command -v initdb >/dev/null ||
        [ "$(id -u)" != 0 ] || apt postgresql
    command -v node >/dev/null || [ "$(id -u)" != 0 ] || apt nodejs
    command -v slirp4netns >/dev/null || [ "$(id -u)" != 0 ] || apt slirp4netns libnftables1
    command -v busybox >/dev/null || [ "$(id -u)" != 0 ] || apt busybox-static
    command -v skopeo >/dev/null || [ "$(id -u)" != 0 ] || apt skopeo
    command -v ruby >/dev/null || [ "$(id -u)" != 0 ] || apt ruby
    command -v javac >/dev/null || [ "$(id -u)" != 0 ] || apt default-jdk-headless
    { command -v g++ && command -v xz && command -v curl-config; } >/dev/null || [ "$(id -u)" != 0 ] ||
        apt g++ libcurl4-openssl-dev xz-utils
    command -v mcs >/dev/null || [ "$(id -u)" != 0 ] || apt mono-mcs
fi
if [ "$purpose" = bench ]; then
    lock=requirements-dev.txt
    command -v wrk >/dev/null || apt wrk
fi

[ -x .venv/bin/python ] || { say "making the virtual environment (.venv)"; "$python" -m venv .venv; }
stamp=.venv/.installed-$lock
if ! cmp -s "$lock" "$stamp"; then
    say "installing Python packages of $lock (once; a minute or so)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-virtualenv -r "$lock"
    cp "$lock" "$stamp"
fi
