#!/bin/sh
# Runs the tests of e2e, without those that the second argument matches, as often as
# the first says, beside four busy loops: a test that judges by time is red here
# first. It goes on after a failure, and says in the end how many there were;
# bin/flaky.N.log has what each run printed.
set -eu
cd "$(dirname "$0")/../e2e"
runs=${1:-5}
mkdir -p ../bin
go test -c -o ../bin/e2e.test .
loops=
for _ in 1 2 3 4; do
	while :; do :; done &
	loops="$loops $!"
done
trap 'kill $loops' EXIT
trap 'exit 1' INT TERM
failed=0
for run in $(seq "$runs"); do
	began=$(date +%s)
	result=green
	# Twice the time of `make e2e`: five processes share the cores.
	if ! ../bin/e2e.test -test.timeout 40m -test.skip "${2:-}" >"../bin/flaky.$run.log" 2>&1; then
		result=red
		failed=$((failed + 1))
	fi
	echo "run $run of $runs: $result after $(($(date +%s) - began)) s"
	grep -E '^ *--- FAIL' "../bin/flaky.$run.log" || true
done
echo "$failed of $runs runs were red"
[ "$failed" -eq 0 ]
