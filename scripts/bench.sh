#!/bin/sh
# Prints the figures that the documents quote: natively, an API beside other verifiers,
# in a worker of the browser, of the whole product, and beside other clients, which takes about an
# hour. BENCH has arguments for the last, such as "-run reload -n 8", or
# "-length 10m -write docs/benchmarks.md".
set -eu
cd "$(dirname "$0")/.."
go test -run '^$' -bench . -benchmem $(go list ./... | grep -v /e2e)
(cd resource/examples && go test -run '^$' -bench . ./verifiers)
GOOS=js GOARCH=wasm go test -p 1 -exec "$PWD/bin/jstest" -run '^$' -bench VerifyIDToken -benchmem ./oidc
go test -run '^$' -bench . -benchtime 30x -timeout 10m ./e2e
npm ci --prefix e2e/bench --no-audit --no-fund --ignore-scripts
# shellcheck disable=SC2086 # words
go run ./e2e/bench ${BENCH:-}
