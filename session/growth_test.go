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
			const n = 1000
			var few, many time.Duration
			for begin := time.Now(); time.Since(begin) < 10*time.Second; { // whatever else the machine does, one run is quick
				few, many = took(tt.do(n)), took(tt.do(16*n))
				if many <= 100*few+200*time.Millisecond { // with the square 256 times, and seconds
					return
				}
			}
			t.Errorf("%d take %v, and sixteen times as many %v", n, few, many)
		})
	}
}

func took(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}
