//go:build !js

package explore

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"
)

var mutationFlag = flag.Duration("mutation", 0, "how long to look for schedules that break a rule, for internal/claims/mutate")

// TestMutation is for an engine of which a rule has been taken away: it prints each
// schedule that breaks an invariant when it is found. Whether the mutation is why is
// for who reads that.
func TestMutation(t *testing.T) {
	if *mutationFlag == 0 {
		t.Skip("no mutation")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	began := time.Now()
	var next atomic.Uint64
	t.Run("worlds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for time.Since(began) < *mutationFlag {
					n := next.Add(1)
					if r := run(t, *firstFlag+n, plan(*firstFlag+n), false); r.violation != nil {
						fmt.Printf("\nBROKEN %d %d %s: %s\n", *firstFlag+n, n, r.violation.rule, r.violation.what)
					}
				}
			})
		}
	})
	fmt.Printf("\nEND %d\n", next.Load())
}
