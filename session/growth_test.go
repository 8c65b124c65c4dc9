package session

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Nothing interrupts a program in a worker, and all tabs wait for it: what a page
// or a provider makes longer takes longer in proportion, not with the square.
func TestGrowth(t *testing.T) {
	tests := []struct {
		name string
		do   func(n int) func() // what to measure
	}{
		{"fetch.allow", func(n int) func() {
			f := FetchSettings{Allow: make([]API, n)}
			for i := range f.Allow {
				f.Allow[i].URL = "https://a"
			}
			return func() { _ = f.check() }
		}},
		{"refreshTokenAllowedScope", func(n int) func() {
			s := Settings{RefreshScope: strings.Repeat("b ", n)}
			granted := strings.Repeat("a ", n)
			return func() { s.refreshScope(granted) }
		}},
		{"the scopes of a challenge", func(n int) func() {
			var scopes strings.Builder
			for i := range n {
				fmt.Fprintf(&scopes, "%x ", i)
			}
			c, user := &Client{}, &User{Scope: scopes.String()}
			return func() { c.stepUpArgs(user, &StepUp{Scope: "other"}) }
		}},
		{"scopes that were granted", func(n int) func() {
			all := strings.Split(strings.Repeat("a ", n)+"b", " ")
			some := strings.Split(strings.Repeat("b ", n)+"b", " ")
			return func() { contains(all, some) }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// With the square it would be 256 times, and seconds; whatever else the
			// machine does is far from either.
			const n = 1000
			if few, many := fastest(tt.do(n)), fastest(tt.do(16*n)); many > 100*few+200*time.Millisecond {
				t.Errorf("%d take %v, and sixteen times as many %v", n, few, many)
			}
		})
	}
}

// fastest returns the shortest of some runs: others share the machine.
func fastest(do func()) time.Duration {
	best := time.Duration(1 << 62)
	for range 2 {
		start := time.Now()
		do()
		best = min(best, time.Since(start))
	}
	return best
}
