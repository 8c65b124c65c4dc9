//go:build !js

package explore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// oddDeeds are the operations that apps and people seldom do.
var oddDeeds = []deed{
	{"clear", 1, false, func(w *world, n uint64) string {
		w.erased = w.tick()
		for _, a := range w.apps {
			w.storage[a], w.kept[a] = pagemodel.Standing{}, nil
			if n%2 == 0 { // by a page
				w.tellStored(a, nil)
			} else { // by the browser, which tells nobody
				w.cleared = w.erased
			}
		}
		<-time.After(100 * time.Millisecond) // nobody is as fast as the clock that orders follow
		return "the storage of the origin is cleared"
	}},
	{"last order", 1, false, func(w *world, n uint64) string { // a script of the origin writes it
		if w.unkept {
			return ""
		}
		a, in, order := w.apps[n%uint64(len(w.apps))], n/4%2 == 0, 2*time.Now().UnixMilli()
		if n/8%2 == 0 { // which is none
			if order = 1<<53 - 1; in { // and so it is no news, but worth a look
				w.rumour(w.programs[0], a, false, 0)
			}
		} else {
			w.rumour(w.programs[0], a, !in, order-1)
			w.acts[len(w.acts)-1].done = 0 // programs hear of it one after the other
		}
		w.erased = w.tick()
		w.storage[a], w.kept[a] = pagemodel.Standing{SignedIn: in, Order: strconv.FormatInt(order, 10)}, nil
		w.tellStored(a, nil)
		<-time.After(100 * time.Millisecond)
		return fmt.Sprintf("somebody writes that the order of %s is %d", a.name, order)
	}},
	{"again", 2, false, func(w *world, n uint64) string { return w.again(n) }},
	{"all asleep", 2, false, func(w *world, n uint64) string {
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
	}},
	{"old news", 2, false, func(w *world, n uint64) string {
		if len(w.said) == 0 {
			return ""
		}
		m, to := w.said[n%uint64(len(w.said))], w.programs[n/64%uint64(len(w.programs))]
		if to.ended || to == m.by {
			return ""
		}
		m.deliver(to, "")
		return "old news of " + m.by.name + " come to " + to.name
	}},
}
