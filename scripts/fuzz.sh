#!/bin/sh
# Runs every fuzz target for the time given, one after the other: go test
# takes one target of one package at a time.
set -eu
grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file func; do
	name=${func#func }
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$1" -parallel 2 "$(dirname "$file")" </dev/null
done
