// Package repotest holds the rules of the whole repository as tests: what may
// import what, what may be linked into the wasm, how long a file may be, and
// what the documents have to say. Each failure says what to do.
package repotest
