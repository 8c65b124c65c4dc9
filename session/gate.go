package session

import "time"

// gate is called by who is about to wait, or to start a goroutine; what it
// returns is called, with no lock held, before whoever has waited, or begins, does
// anything.
func (c *Config) gate(point string) (pass func()) {
	if c == nil || c.Gate == nil {
		return free
	}
	return c.Gate(point)
}

func free() {}

// after is spawn when d is over.
func (c *Config) after(d time.Duration, fn func()) *time.Timer {
	pass := c.gate("timer")
	return time.AfterFunc(d, func() { c.guarded(pass, fn) })
}
