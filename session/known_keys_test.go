//go:build known

package session

import (
	"context"
	"testing"
	"testing/synctest"
)

// "the same person: nothing happens but that the order is taken"
// (docs/who-is-signed-in.md), whichever comes first, the storage event or the message.
func TestKnownSamePersonByStorageFirst(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.op.RefreshTokens = true
		o.w.signIn(o.clients[0], o.tabs[0])
		ann := o.clients[0].Current()
		o.tabs[0].heard()
		o.open() // the next program has restored nobody yet
		o.mu.Lock()
		o.late = true // messages come after storage events
		o.mu.Unlock()
		o.w.signIn(o.clients[1], o.tabs[1])
		synctest.Wait()
		if heard := o.tabs[0].heard(); len(heard) > 0 {
			t.Errorf("the same person signs in elsewhere, and the page hears %v", heard)
		}
		o.arrive()
		o.want("afterwards", "subject-1 subject-1")
		if !liveRefreshToken(t, o.w, ann.RefreshToken) {
			t.Error("the refresh token of the same person was revoked")
		}
	})
}

// As TestKnownSamePersonByStorageFirst; a page that slept gets no messages at all,
// and where frames see no cookies the look at the provider finds nobody.
func TestKnownSamePersonWhileAsleep(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.op.RefreshTokens = true
		o.w.signIn(o.clients[0], o.tabs[0])
		ann := o.clients[0].Current()
		o.deaf[0] = true // the page sleeps in the back/forward cache
		blocked := func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		next, tab := o.open()
		tab.frame, o.tabs[0].frame = blocked, blocked
		if user, _ := next.User(t.Context()); user != nil {
			t.Fatal("a frame that sees no cookies has found somebody")
		}
		o.w.signIn(next, tab)
		synctest.Wait()
		o.deaf[0] = false
		o.mu.Lock()
		kept := o.kept
		o.mu.Unlock()
		o.clients[0].Hinted(kept) // it is shown again
		o.want("the same person has signed in in another tab", "subject-1 subject-1")
		if !liveRefreshToken(t, o.w, ann.RefreshToken) {
			t.Error("the refresh token of the same person was revoked")
		}
	})
}
