//go:build known

package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A mark keeps a tab from going to the provider again for 15 minutes (README: "a
// reload within 15 minutes"), whatever the clock said when it was made; notes of other
// things end when the clock is set back (notes.has).
func TestKnownRestoreMarkOfAWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tab := newRedirectWorld(t)
		w.op.SignedIn = false
		now := func() time.Time { return time.Now().Add(10 * 365 * 24 * time.Hour) }
		w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Now: now})
		client := w.openIn(tab, true)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _ = client.Restore(ctx, "https://app.example.test/") }()
		synctest.Wait()
		if tab.transactions[client.restoreMark()].Record == nil {
			t.Fatal("no mark")
		}
		client.Close()
		w.restart() // the clock is right again
		client = w.openIn(tab, true)
		if marked, _ := client.hasMark(t.Context(), 0); marked {
			t.Error("the tab is kept back for ten years")
		}
	})
}
