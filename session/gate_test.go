package session

import (
	"slices"
	"testing"
	"testing/synctest"
)

// TestGate starts goroutines that do nothing before they may pass, and go on in
// the order in which they are let.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waiting []chan struct{}
		config := &Config{Gate: func(string) func() {
			let := make(chan struct{})
			waiting = append(waiting, let)
			return func() { <-let }
		}}
		var order []int
		for i := range 3 {
			config.spawn(func() { order = append(order, i) })
		}
		for _, let := range slices.Backward(waiting) {
			synctest.Wait()
			close(let)
		}
		synctest.Wait()
		if want := []int{2, 1, 0}; !slices.Equal(order, want) {
			t.Errorf("they went on in the order %v, want %v", order, want)
		}
	})
}
