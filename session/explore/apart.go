//go:build !js

package explore

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// apart are the parts of a world that find faults of the engine that are known, by
// name, and what those are. They are off unless a flag has them on: a part is taken
// off this list when the fault is mended.
var apart = map[string]string{
	"clear":    "a new program that signs out after localStorage.clear() has a low order",
	"last":     "at the order 2^53-1 every act is a tie",
	"late":     "a tab comes back to a new program after a sign-out and another act: that knows the last order alone",
	"again":    "a call joins one of the same kind that began for the person before",
	"asleep":   "a program whose pages all slept while somebody signed in does not look who that is",
	"disorder": "not looked at yet",
}

// on are the parts that a flag has on.
var on = map[string]bool{}

// switchOn has parts on, by names with commas in between; "all" is all of them.
func switchOn(names string) {
	for name := range strings.SplitSeq(names, ",") {
		if name == "all" {
			for name := range apart {
				on[name] = true
			}
		} else if name != "" {
			on[name] = true
		}
	}
}

// has tells whether a part of the worlds is there.
func has(part string) bool { return apart[part] == "" || on[part] }

// extras are the operations of such parts, beside [deeds].
var extras = []struct {
	part string
	deed
}{
	{"clear", deed{"clear", 1, false, func(w *world, n uint64) string {
		w.erased = w.tick()
		for _, a := range w.apps {
			w.storage[a], w.kept[a] = pagemodel.Standing{}, nil
			if n%2 == 0 { // by a page
				w.tellStored(a, nil)
			} else { // by the browser, which tells nobody
				w.cleared = w.erased
			}
		}
		time.Sleep(100 * time.Millisecond) // nobody is as fast as the clock that orders follow
		return "the storage of the origin is cleared"
	}}},
	{"last", deed{"last order", 1, false, func(w *world, n uint64) string { // a script of the origin writes it
		if w.unkept {
			return ""
		}
		a, in, order := w.apps[n%uint64(len(w.apps))], n/4%2 == 0, 2*time.Now().UnixMilli()
		if n/8%2 == 0 { // which is none
			order = 1<<53 - 1
		} else {
			w.rumour(w.programs[0], a, !in, order-1)
			w.acts[len(w.acts)-1].done = 0 // programs hear of it one after the other
		}
		w.erased = w.tick()
		w.storage[a], w.kept[a] = pagemodel.Standing{SignedIn: in, Order: strconv.FormatInt(order, 10)}, nil
		w.tellStored(a, nil)
		time.Sleep(100 * time.Millisecond)
		return fmt.Sprintf("somebody writes that the order of %s is %d", a.name, order)
	}}},
	{"again", deed{"again", 3, false, func(w *world, n uint64) string { return w.again(n) }}},
	{"asleep", deed{"all asleep", 2, false, func(w *world, n uint64) string {
		p := w.programs[n%uint64(len(w.programs))]
		if p.ended || p.onePage {
			return ""
		}
		for _, page := range w.pages() {
			if page.program == p && !page.frozen {
				page.freeze(true)
			}
		}
		return "all pages of " + p.name + " are frozen"
	}}},
	{"disorder", deed{"old news", 3, false, func(w *world, n uint64) string {
		if len(w.said) == 0 {
			return ""
		}
		m, to := w.said[n%uint64(len(w.said))], w.programs[n/64%uint64(len(w.programs))]
		if to.ended || to == m.by {
			return ""
		}
		m.deliver(to, "")
		return "old news of " + m.by.name + " come to " + to.name
	}}},
}

// extra returns the operations that are on, by their place after [deeds].
func extra() []int {
	var kinds []int
	for i, e := range extras {
		if has(e.part) {
			for range e.weight {
				kinds = append(kinds, len(deeds)+i)
			}
		}
	}
	return kinds
}

// deedOf returns a kind of operation.
func deedOf(kind int) *deed {
	if kind < len(deeds) {
		return &deeds[kind]
	}
	return &extras[kind-len(deeds)].deed
}

// parts are the names of all, for who asks.
func parts() string { return strings.Join(slices.Sorted(maps.Keys(apart)), ",") }
