//go:build !js

package explore

import (
	"flag"
	"maps"
	"slices"
	"testing"
	"time"
)

var (
	seedFlag    = flag.Uint64("seed", 0, "of one schedule, whose trace is printed")
	exploreFlag = flag.Duration("explore", 0, "how long to explore; 0: as many schedules as belong to the tests")
	countFlag   = flag.Int("schedules", 20000, "how many schedules belong to the tests")
	shrinkFlag  = flag.Bool("shrink", true, "make a schedule small that breaks a rule")
)

func TestSeed(t *testing.T) {
	if *seedFlag == 0 {
		t.Skip("no seed")
	}
	ops := plan(*seedFlag)
	r := run(t, *seedFlag, ops, true)
	if r.violation != nil && *shrinkFlag {
		ops = shrink(t, *seedFlag, ops, r.violation.rule)
		r = run(t, *seedFlag, ops, true)
	}
	t.Log("\n" + r.trace)
	if r.violation != nil {
		t.Errorf("seed %d: %s: %s\n%s", *seedFlag, r.violation.rule, r.violation.what, words(r.trace))
	}
}

func TestSame(t *testing.T) {
	for seed := range uint64(1000) {
		a, b := run(t, seed, plan(seed), true), run(t, seed, plan(seed), true)
		if a.trace != b.trace {
			t.Fatalf("seed %d: two runs differ:\n%s\n---\n%s", seed, a.trace, b.trace)
		}
	}
}

func TestExplore(t *testing.T) {
	began := time.Now()
	coverage := map[string]int{}
	found := map[string][]uint64{}
	var done, programs, tabs []int
	n := 0
	for seed := uint64(1); ; seed++ {
		if *exploreFlag == 0 && n == *countFlag || *exploreFlag > 0 && time.Since(began) > *exploreFlag {
			break
		}
		n++
		r := run(t, seed, plan(seed), false)
		for what, times := range r.coverage {
			coverage[what] += times
		}
		done, programs, tabs = append(done, r.done), append(programs, r.programs), append(tabs, r.tabs)
		if r.violation != nil {
			found[r.violation.rule] = append(found[r.violation.rule], seed)
		}
	}
	for _, all := range [][]int{done, programs, tabs} {
		slices.Sort(all)
	}
	t.Logf("%d schedules in %v; the median has %d operations, %d programs, %d tabs", n, time.Since(began).Round(time.Millisecond), done[n/2], programs[n/2], tabs[n/2])
	for _, what := range slices.Sorted(maps.Keys(coverage)) {
		t.Logf("%7d  %s", coverage[what], what)
	}
	for rule, seeds := range found {
		t.Errorf("%s: %d seeds: %v", rule, len(seeds), seeds[:min(10, len(seeds))])
	}
}
