#!/bin/sh
# Prints the figures that the documents quote: natively, in a worker of the
# browser, and of the whole product.
set -eu
cd "$(dirname "$0")/.."
go test -run '^$' -bench . -benchmem $(go list ./... | grep -v /e2e)
GOOS=js GOARCH=wasm go test -p 1 -exec "$PWD/bin/jstest" -run '^$' -bench VerifyIDToken -benchmem ./oidc
go test -run '^$' -bench . -benchtime 30x -timeout 10m ./e2e
