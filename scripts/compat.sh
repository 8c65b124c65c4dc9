#!/bin/sh
# Runs the tests against a provider from npm.
set -eu
cd "$(dirname "$0")/.."
command -v npm >/dev/null || { echo "make compat needs npm: install Node.js with npm." >&2; exit 1; }
npm ci --prefix e2e/compat --no-audit --no-fund --ignore-scripts </dev/null
export COMPAT=1
go test -count=1 ./e2e/compat/...
go test -count=1 -timeout 10m -run 'Peer|Compat' ./e2e
