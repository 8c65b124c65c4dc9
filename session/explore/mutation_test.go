//go:build unix

package explore

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var mutationFlag = flag.Duration("mutation", 0, "how much time of a processor to look for a schedule that breaks a rule, for internal/claims/mutate")

// endless is how much of it a schedule takes that does not come to an end.
const endless = 20 * time.Second

// TestMutation is for an engine of which a rule has been taken away: it prints each
// schedule that breaks an invariant when it is found, but for what is known of the
// sources as they are. Whether the mutation is why is for who reads that.
func TestMutation(t *testing.T) {
	if *mutationFlag == 0 {
		t.Skip("no mutation")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	var n, since atomic.Int64
	go func() {
		for range time.Tick(time.Second) {
			if used()-time.Duration(since.Load()) > endless {
				fmt.Printf("\nBROKEN %d settles: a schedule without an end\n", n.Load())
				os.Exit(1)
			}
		}
	}()
	began := used()
	for used()-began < *mutationFlag {
		since.Store(int64(used()))
		seed := *firstFlag + uint64(n.Add(1))
		if r := run(t, seed, plan(seed), false); r.violation != nil && known[r.violation.rule] == "" {
			fmt.Printf("\nBROKEN %d %s: %.200q\n", seed, r.violation.rule, r.violation.what)
		}
	}
	fmt.Printf("\nEND %d %v\n", n.Load(), used()-began)
}

// used is the time of processors that this process has had.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestKept runs a schedule with the dice of its seed and with others: operations that
// are taken out before it change these alone. A mutation moves the dice, and what
// breaks then may be something else.
func TestKept(t *testing.T) {
	if *mutationFlag > 0 || *seedFlag == 0 {
		t.Skip("no seed")
	}
	for i := range 100 {
		ops := slices.Concat(slices.Repeat([]operation{{steps: -1}}, 100*i), plan(*seedFlag))
		if r := run(t, *seedFlag, ops, false); r.violation != nil && known[r.violation.rule] == "" {
			t.Fatalf("with other dice (%d): %s: %s", i, r.violation.rule, r.violation.what)
		}
	}
}
