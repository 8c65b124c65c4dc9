#!/bin/sh
# Runs the tests against software of others: Keycloak, and from npm a provider,
# other clients, wrappers of one, an app for another, tools that make service
# workers, bundlers.
set -eu
cd "$(dirname "$0")/.."
command -v npm >/dev/null || { echo "make compat needs npm: install Node.js with npm." >&2; exit 1; }
npm ci --prefix e2e/compat --no-audit --no-fund --ignore-scripts </dev/null
for app in react vue pwa bundlers spa; do
	npm ci --prefix "e2e/$app" --no-audit --no-fund --ignore-scripts --legacy-peer-deps </dev/null
done
export COMPAT=1
go test -count=1 ./e2e/compat/...
go test -count=1 -timeout 30m -run "Peer|Compat|React|Vue|Keycloak" ./e2e
