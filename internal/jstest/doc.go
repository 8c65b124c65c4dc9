//go:build !js

// Jstest runs Go tests in a real browser:
//
//	go build -o bin/jstest ./internal/jstest
//	GOOS=js GOARCH=wasm go test -p 1 -exec "$PWD/bin/jstest" ./jsbridge/...
//
// It prints what the program prints, as it is printed, and exits with the
// program's code. An uncaught exception, a crash of the browser and a program
// that outlives -test.timeout fail.
//
// Environment:
//
//	JSTEST_HOST  worker (default): a dedicated worker runs the program; page: the page does
//	CHROMIUM     the browser's program, see internal/chromium
//
// The program gets the variables JSTEST_* and the ones that steer Go's runtime,
// and in JSTEST_SERVER the address of a server of another origin that fails in
// every way a test may need (see faults.go). It has no files; -test.testlogfile
// is taken away for that.
package main
