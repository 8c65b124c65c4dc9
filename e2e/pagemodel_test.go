//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// A pageStep is something that happens to a page: its storage is written to by
// whoever may, its program tells or ends, or there is an event.
type pageStep struct {
	Write *[2]*string         `json:"write,omitempty"` // hint and order
	Told  *pagemodel.Standing `json:"told,omitempty"`
	Page  *pagemodel.Page     `json:"page,omitempty"`
	Event pagemodel.Event     `json:"event,omitempty"`
	Runs  bool                `json:"runs"` // a program that can be found
	Holds bool                `json:"holds"`
}

// pageTime is when all of it happens.
var pageTime = time.UnixMilli(1 << 40)

// A pageTrace is what a page knows and does after a step.
type pageTrace struct {
	Stored  pagemodel.Standing `json:"stored"`
	Follows string             `json:"follows"`
	Leaves  bool               `json:"leaves"`
	Page    pagemodel.Page     `json:"page"`
}

// tracePages plays steps with the model.
func tracePages(steps []pageStep) []pageTrace {
	var hint, order *string
	var page pagemodel.Page
	var traces []pageTrace
	for _, step := range steps {
		trace := pageTrace{}
		stored := pagemodel.StandingOf(hint, order)
		switch {
		case step.Write != nil:
			hint, order = step.Write[0], step.Write[1]
		case step.Page != nil:
			page = *step.Page
		case step.Told != nil && pagemodel.IsNews(stored, *step.Told, pageTime):
			hint = nil
			if step.Told.SignedIn {
				hint = new(string)
				*hint = "1"
			}
			order = &step.Told.Order
		case step.Event != "":
			trace.Follows = pagemodel.Reaction(step.Event, stored, page)
			trace.Leaves = pagemodel.MayLeave(step.Event, step.Holds)
			asks := trace.Follows == pagemodel.Ask || trace.Follows == pagemodel.Find && step.Runs
			page = pagemodel.Page{Connected: page.Connected || asks}
		}
		trace.Stored, trace.Page = pagemodel.StandingOf(hint, order), page
		traces = append(traces, trace)
	}
	return traces
}

// tracePagesScript does the same with the module of the page.
const tracePagesScript = `(async (steps, now) => {
	const { isNews, mayLeave, reaction, standingOf } = await import("./standing.js");
	let hint = null, order = null, page = { connected: false, left: false };
	return steps.map(({ write, told, page: becomes, event, runs, holds }) => {
		let follows = "", leaves = false;
		const stored = standingOf(hint, order);
		if (write) [hint, order] = write;
		else if (becomes) page = becomes;
		else if (told && isNews(stored, told, now)) {
			hint = told.signed_in ? "1" : null;
			order = told.order;
		} else if (event) {
			follows = reaction(event, { ...stored, ...page });
			leaves = mayLeave(event, holds);
			page = { connected: page.connected || follows === "ask" || follows === "find" && runs, left: false };
		}
		return { stored: standingOf(hint, order), follows, leaves, page };
	});
})`

// The page and its model in Go do the same, whatever happens in whatever order.
func TestPageModel(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "web", "shim", "standing.js"))
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t)
	newHostile(t, a)
	a.respond("/standing.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(source)
	})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	const seed = 13
	dice := rand.New(rand.NewPCG(seed, seed))
	for schedule := range 20 {
		steps := make([]pageStep, 500)
		for i := range steps {
			steps[i] = randomPageStep(dice)
		}
		given, err := json.Marshal(steps)
		if err != nil {
			t.Fatal(err)
		}
		want := tracePages(steps)
		got := eval[[]pageTrace](tab, fmt.Sprint(tracePagesScript, "(", string(given), ", ", pageTime.UnixMilli(), ")"))
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("schedule %d, step %d, %+v: the page has %+v, the model %+v", schedule, i, steps[i], got[i], want[i])
			}
		}
	}
}

// randomPageStep is one of all that can happen.
func randomPageStep(dice *rand.Rand) pageStep {
	hints := []string{"", "1", "null"}
	orders := []string{
		"", "0", "1", "2", "3", "17", "-1", "01", "1e3", " 5", "5 ", "0x10", "1.5", "NaN", "Infinity", "null", "undefined",
		"2199023255551", "2199023255552", "2199023255553", "2199023255552 7 8",
		"9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
		"99999999999999999999999999999999", "3 2 1", "2 2", "2 1 2", "3,5", "٣", "5 17 x", "\u00a04", "\ufeff 2", "\u20283", "\u00854", "+3", "-0", "- 3", "\v5", "0b1",
	}
	told := []string{"", "1 0 1", "2 0 1", "3 0 1", "3 3 3", "5 3 4", "17 0 0", "2199023255553 1 1", "9007199254740991 0 0"}
	some := func(of []string) *string {
		if dice.IntN(4) == 0 {
			return nil
		}
		return &of[dice.IntN(len(of))]
	}
	events := []pagemodel.Event{pagemodel.Call, pagemodel.Lost, pagemodel.Shown, pagemodel.Woken, pagemodel.Stored}
	switch dice.IntN(8) {
	case 0:
		return pageStep{Write: &[2]*string{some(hints), some(orders)}}
	case 1, 2:
		return pageStep{Told: &pagemodel.Standing{SignedIn: dice.IntN(2) == 0, Order: told[dice.IntN(len(told))]}}
	case 3:
		return pageStep{Page: &pagemodel.Page{Connected: dice.IntN(2) == 0, Left: dice.IntN(2) == 0}}
	}
	return pageStep{Event: events[dice.IntN(len(events))], Runs: dice.IntN(2) == 0, Holds: dice.IntN(2) == 0}
}
