//go:build !js

package explore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// A result is what became of a schedule.
type result struct {
	seed      uint64
	violation *violation
	trace     string
	coverage  map[string]int
	done      int // operations that did something
	programs  int
	tabs      int
	steps     int
}

// run runs a schedule.
func run(t *testing.T, seed uint64, ops []operation, traced bool) (r result) {
	r.seed = seed
	defer func() {
		if leak := recover(); leak != nil {
			if r.violation == nil {
				r.violation = &violation{"memory", fmt.Sprint(leak)}
			}
		}
	}()
	synctest.Test(t, func(*testing.T) {
		var trace *strings.Builder
		if traced {
			trace = new(strings.Builder)
			defer func() { r.trace = trace.String() }()
		}
		w := newWorld(seed, trace)
		var index uint64
		for _, op := range ops {
			index++
			if op.steps < 0 { // taken out
				continue
			}
			if w.do(op, index); w.violation != nil {
				break
			}
		}
		if w.violation == nil {
			w.quiet()
		}
		r.tabs, r.programs = len(w.tabs), len(w.programs)
		found := w.violation
		w.finish()
		if found != nil {
			w.violation = found
		}
		r.violation, r.coverage, r.steps = w.violation, w.coverage, w.steps
		for _, n := range w.coverage {
			r.done += n
		}
	})
	return r
}

// quiet has everybody come back, and ask.
func (w *world) quiet() {
	w.late, w.refusing = 0, false
	w.say("== everybody comes back, and asks")
	for _, p := range w.providers {
		p.down = false
	}
	w.settle(time.Minute)
	for _, t := range w.tabs {
		switch {
		case t.page != nil && t.page.frozen:
			t.page.thaw()
		case t.cached != nil && t.page == nil:
			t.comeBack()
		}
	}
	w.settle(2 * time.Minute)
	if w.violation == nil {
		w.checkSettled()
	}
	if w.violation == nil {
		w.checkUsers(false)
	}
	if w.violation == nil {
		w.checkTold()
	}
	for _, p := range w.pages() {
		if w.cleared > 0 { // by the browser, which tells nobody: who looks at a page has it look, too
			p.react(pagemodel.Woken)
		}
		p.ask()
	}
	w.settle(2 * time.Minute)
	if w.violation == nil {
		w.checkSettled()
		w.checkStep()
		w.checkQuiet()
		w.checkUsers(true)
		w.checkRevoked()
	}
	if w.violation == nil && mix(w.seed, 11)%8 == 0 {
		w.checkWorks()
	}
}

// shrink takes operations out of a schedule as long as the same rule is broken.
func shrink(t *testing.T, seed uint64, ops []operation, rule string) []operation {
	ops = slices.Clone(ops)
	broken := func(ops []operation) bool {
		r := run(t, seed, ops, false)
		return r.violation != nil && r.violation.rule == rule
	}
	for size := len(ops) / 2; size > 0; size /= 2 {
		for at := 0; at < len(ops); at += size {
			fewer := slices.Clone(ops)
			changed := false
			for i := at; i < min(at+size, len(ops)); i++ {
				changed = changed || fewer[i].steps >= 0
				fewer[i].steps = -1
			}
			if changed && broken(fewer) {
				ops = fewer
			}
		}
	}
	for i := range ops { // and fewer steps in between
		for _, steps := range []int{0, 2, 8} {
			if ops[i].steps <= steps {
				break
			}
			fewer := slices.Clone(ops)
			fewer[i].steps, fewer[i].rest = steps, 0
			if broken(fewer) {
				ops = fewer
				break
			}
		}
	}
	return ops
}

// words are the operations of a trace, and what was wrong.
func words(trace string) string {
	var lines []string
	for line := range strings.Lines(trace) {
		if strings.Contains(line, " == ") || strings.Contains(line, "VIOLATION") {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return strings.Join(lines, "\n")
}
