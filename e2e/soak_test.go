//go:build !js

package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/domdebugger"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// usage is what a leak would let grow.
type usage struct {
	Callbacks int    `json:"callbacks"`
	Memory    uint64 `json:"memory"`
	Frames    int    `json:"frames"`
	Listeners int    `json:"listeners"`
}

// measure reads the usage of the page and of the program.
func measure(tab *tab) usage {
	tab.t.Helper()
	u := eval[usage](tab, `um.stats({ collect: true }).then(({runtime}) => ({...runtime, frames: document.querySelectorAll("iframe").length}))`)
	tab.do("count listeners", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		window, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: "window"})
		if err != nil {
			return err
		}
		listeners, err := cdp.Call(ctx, target, domdebugger.GetEventListeners,
			domdebugger.GetEventListenersParams{ObjectID: window.Result.ObjectID})
		if err != nil {
			return err
		}
		u.Listeners = len(listeners.Listeners)
		return nil
	}))
	return u
}

// TestSoak: 500 renewals with the refresh token, and 25 in the frame, leave
// callbacks, frames and listeners where they were, and the memory flat.
func TestSoak(t *testing.T) {
	a := newApp(t)
	p := newGoOIDC(t, a, options{refreshTokens: true})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	p.signIn(tab)
	renew := func(n int) {
		t.Helper()
		for range n / 25 { // so that no step takes long
			if got := eval[string](tab, `(async () => { for (let i = 0; i < 25; i++) await um.signinSilent(); })().then(() => "", String)`); got != "" {
				t.Fatal(got)
			}
		}
	}
	renew(100) // until the heap has its size
	before := measure(tab)
	renew(500)
	after := measure(tab)
	t.Logf("before %+v, after 500 renewals %+v", before, after)
	wantSame(t, "500 renewals with the refresh token", before, after)

	app2 := newApp(t)
	p2 := newGoOIDC(t, app2, options{})
	tab.visit(app2.origin + "/")
	p2.signIn(tab)
	renew(25)
	before = measure(tab)
	renew(25)
	wantSame(t, "25 renewals in the frame", before, measure(tab))
}

func wantSame(t *testing.T, what string, before, after usage) {
	t.Helper()
	// The heap grows in steps of 4 MiB: one step is the collector's business,
	// a leak in every renewal would take more.
	const step = 4 << 20
	if after.Memory > before.Memory+step {
		t.Errorf("%s: %d bytes of memory became %d", what, before.Memory, after.Memory)
	}
	before.Memory, after.Memory = 0, 0
	if before != after {
		t.Errorf("%s: %s became %s", what, fmt.Sprintf("%+v", before), fmt.Sprintf("%+v", after))
	}
}
