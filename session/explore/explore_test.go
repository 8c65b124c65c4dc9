//go:build !js

package explore

import (
	"flag"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

var (
	seedFlag    = flag.Uint64("seed", 0, "of one schedule, whose trace is printed")
	exploreFlag = flag.Duration("explore", 0, "how long to explore; 0: as many schedules as belong to the tests")
	countFlag   = flag.Uint64("schedules", 20000, "how many schedules belong to the tests")
	firstFlag   = flag.Uint64("first", 0, "the seeds come after this one")
	strictFlag  = flag.Bool("strict", false, "what is known fails, too")
	shrinkFlag  = flag.Int("shrink", 3, "how many schedules of those that break a rule are made small")
)

// TestRules has every rule that is checked be one that is written down.
func TestRules(t *testing.T) {
	for rule := range known {
		if promiseOf(rule) == "" {
			t.Errorf("the rule %q is not in the list", rule)
		}
	}
}

// known are violations whose cause is known: a rule, and after the comma the cause,
// which invariants.go tells from the schedule. They are printed by every run. All else
// fails, also where the same rule is broken.
var known = map[string]string{}

// TestSeed prints the trace of one seed, made small if it breaks a rule.
func TestSeed(t *testing.T) {
	if *seedFlag == 0 {
		t.Skip("no seed")
	}
	ops := plan(*seedFlag)
	r := run(t, *seedFlag, ops, true)
	if r.violation != nil && *shrinkFlag > 0 {
		ops = shrink(t, *seedFlag, ops, r.violation.rule)
		r = run(t, *seedFlag, ops, true)
	}
	t.Log("\n" + r.trace)
	if r.violation != nil {
		t.Errorf("seed %d: %s: %s\n%s", *seedFlag, r.violation.rule, r.violation.what, words(r.trace))
	}
}

// found are seeds whose schedules have broken a rule, and why.
var found = []struct {
	seed uint64
	rule string
	why  string
}{
	{356217, "goes", "a page that came back was judged by the token that it had left with"},
	{465749, "needless", "of two calls that asked for more, the other one was taken for the reason"},
	{704088, "restores", "a session was judged by what its program had heard, and had not heard of it"},
	{719783, "won", "a page that was closed in the back/forward cache still had its calls"},
	{728744, "refusals", "the renewals of silent sign-ins in the air were counted, too"},
	{729209, "leaves", "news came late of somebody else who was there with the same order"},
	{35160, "proof", "whom the app stored had the refresh token of a silent sign-in meanwhile, with the key of the one before"},
	{705074, "revoked", "a script had written that somebody is there, and not who"},
}

// TestFound runs the schedules that have broken a rule.
func TestFound(t *testing.T) {
	for _, f := range found {
		if r := run(t, f.seed, plan(f.seed), false); r.violation != nil {
			t.Errorf("seed %d, once %q because %s: %s: %s", f.seed, f.rule, f.why, r.violation.rule, r.violation.what)
		}
	}
}

// TestSame runs schedules twice: the traces are the same, byte for byte.
func TestSame(t *testing.T) {
	count := uint64(1000)
	if raced {
		count = 25
	}
	for seed := range count {
		a, b := run(t, seed, plan(seed), true), run(t, seed, plan(seed), true)
		if a.trace != b.trace {
			t.Fatalf("seed %d: two runs differ:\n%s\n---\n%s", seed, a.trace, b.trace)
		}
	}
}

// TestExplore looks for a schedule that breaks a rule. It prints how often each
// operation met which state.
func TestExplore(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1600))
	if raced && *countFlag == 20000 {
		*countFlag = 500
	}
	began := time.Now()
	var next atomic.Uint64
	all := make([]tally, runtime.GOMAXPROCS(0))
	t.Run("worlds", func(t *testing.T) {
		for i := range all {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for {
					seed := next.Add(1)
					if *exploreFlag == 0 && seed > *countFlag || *exploreFlag > 0 && time.Since(began) > *exploreFlag {
						return
					}
					all[i].add(seed+*firstFlag, run(t, seed+*firstFlag, plan(seed+*firstFlag), false))
				}
			})
		}
	})
	sum := tally{}
	for _, each := range all {
		sum.merge(each)
	}
	n := len(sum.done)
	t.Logf("%d schedules in %v; the median has %d operations, %d programs, %d tabs",
		n, time.Since(began).Round(time.Millisecond), median(sum.done), median(sum.programs), median(sum.tabs))
	for _, what := range slices.Sorted(maps.Keys(sum.coverage)) {
		t.Logf("%7d  %s", sum.coverage[what], what)
	}
	for _, rule := range slices.Sorted(maps.Keys(sum.found)) {
		seeds := sum.found[rule]
		slices.Sort(seeds)
		report := t.Errorf
		if why := known[rule]; why != "" && !*strictFlag {
			report = t.Logf
			t.Logf("known: %s: %s", rule, why)
		}
		report("%s: %d seeds: %v", rule, len(seeds), seeds[:min(cond(*shrinkFlag == 0, len(seeds), 20), len(seeds))])
		if *shrinkFlag == 0 {
			continue
		}
		r := smallest(t, seeds[:min(*shrinkFlag, len(seeds))])
		t.Logf("seed %d: %s: %s\n%s\n%s", r.seed, r.violation.rule, r.violation.what, promiseOf(rule), words(r.trace))
	}
}

// smallest makes the schedules of seeds small, and returns the shortest.
func smallest(t *testing.T, seeds []uint64) (best result) {
	for _, seed := range seeds {
		found := run(t, seed, plan(seed), false)
		small := shrink(t, seed, plan(seed), found.violation.rule)
		r := run(t, seed, small, true)
		if best.violation == nil || len(words(r.trace)) < len(words(best.trace)) {
			best = r
		}
	}
	return best
}

// A tally is what many schedules came to.
type tally struct {
	coverage             map[string]int
	found                map[string][]uint64
	done, programs, tabs []int
}

func (a *tally) add(seed uint64, r result) {
	if a.coverage == nil {
		a.coverage, a.found = map[string]int{}, map[string][]uint64{}
	}
	for what, times := range r.coverage {
		a.coverage[what] += times
	}
	a.done, a.programs, a.tabs = append(a.done, r.done), append(a.programs, r.programs), append(a.tabs, r.tabs)
	if r.violation != nil {
		a.found[r.violation.rule] = append(a.found[r.violation.rule], seed)
	}
}

func (a *tally) merge(b tally) {
	if a.coverage == nil {
		a.coverage, a.found = map[string]int{}, map[string][]uint64{}
	}
	for what, times := range b.coverage {
		a.coverage[what] += times
	}
	for rule, seeds := range b.found {
		a.found[rule] = append(a.found[rule], seeds...)
	}
	a.done, a.programs, a.tabs = append(a.done, b.done...), append(a.programs, b.programs...), append(a.tabs, b.tabs...)
}

func median(all []int) int {
	slices.Sort(all)
	return all[len(all)/2]
}
