// Package jsonrpc speaks JSON-RPC 2.0 over any channel that carries whole
// messages. Both ends are equal: each may call the other.
//
// A call that its caller gives up on is announced with the notification
// "$/cancel" and the parameters {"id": N}; the context of the handler on the
// other end then ends with [ErrCancelled].
//
// Two things the specification leaves open are closed here: batches are
// refused, and a request's id is a string or a number, never null.
//
// Sections cited are those of the JSON-RPC 2.0 Specification (2013-01-04).
package jsonrpc
