// Package api is the contract between the program and the JavaScript in the
// page: the methods, the services that the page offers in turn, and the JSON
// of both. Names in the JSON are the specifications' for protocol values, and
// those of the JavaScript API for the rest.
//
// The connection is JSON-RPC 2.0, both ways. The first call is "open".
package api
