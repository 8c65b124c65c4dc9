package api

import "runtime/debug"

// spawn runs what no call waits for. A bug in it must not end the program, which
// serves all pages.
func (c *Connection) spawn(name string, fn func()) { go c.guarded(name, fn) }

func (c *Connection) guarded(name string, fn func()) {
	defer func() {
		if value := recover(); value != nil && c.conn.OnPanic != nil {
			c.conn.OnPanic(name, value, debug.Stack())
		}
	}()
	fn()
}
