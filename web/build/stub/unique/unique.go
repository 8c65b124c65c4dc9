// Package unique stands in for the package of Go in the wasm, where it keeps
// the zones of IPv6 addresses alone. Those are so few that they are kept for
// good: Go's own forgets them, and needs more of the runtime for that than
// all addresses do.
package unique

import "sync"

// A Handle stands for a value; handles are equal if their values are.
type Handle[T comparable] struct{ value *T }

// Value returns the value.
func (h Handle[T]) Value() T { return *h.value }

var (
	mu      sync.Mutex
	handles = make(map[any]any)
)

// Make returns the handle of a value.
func Make[T comparable](value T) Handle[T] {
	mu.Lock()
	defer mu.Unlock()
	handle, ok := handles[value].(Handle[T])
	if !ok {
		handle = Handle[T]{&value}
		handles[value] = handle
	}
	return handle
}
