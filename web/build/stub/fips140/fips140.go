// Package fips140 stands in for crypto/internal/fips140 in the wasm, for which
// Go does not have the FIPS 140-3 mode. There it is off for good, so that the
// compiler leaves out what only that mode does.
package fips140

import "errors"

// Enabled is whether the mode is on.
const Enabled = false

// Supported returns why the mode cannot be on.
func Supported() error { return errors.New("fips140: not supported in this program") }

// Version is never asked for while the mode is off.
func Version() string { return "" }

// CAST does not run the self-test, as always while the mode is off.
func CAST(string, func() error) {}

// PCT does not run the test of a new key, as always while the mode is off.
func PCT(string, func() error) {}

// RecordApproved does nothing: nobody asks whether an algorithm is approved.
func RecordApproved() {}

// RecordNonApproved does nothing.
func RecordNonApproved() {}
