#!/bin/sh
# Runs the tests against software from npm: a provider, another client, a
# wrapper of that client.
set -eu
cd "$(dirname "$0")/.."
command -v npm >/dev/null || { echo "make compat needs npm: install Node.js with npm." >&2; exit 1; }
npm ci --prefix e2e/compat --no-audit --no-fund --ignore-scripts </dev/null
npm ci --prefix e2e/react --no-audit --no-fund --ignore-scripts --legacy-peer-deps </dev/null
export COMPAT=1
go test -count=1 ./e2e/compat/...
go test -count=1 -timeout 15m -run "Peer|Compat|React" ./e2e
