#!/bin/sh
# Runs the tests against a provider from npm.
set -eu
cd "$(dirname "$0")/../e2e/compat"
command -v npm >/dev/null || { echo "make compat needs npm: install Node.js with npm." >&2; exit 1; }
npm ci --no-audit --no-fund --ignore-scripts </dev/null
COMPAT=1 go test -count=1 ./...
