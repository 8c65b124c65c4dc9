//go:build known

// Orders of events that break the rule today; see docs/who-is-signed-in.md. A test
// whose order is right by now loses the tag.

package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Right: at the last order people still sign in after a sign-out, also where two
// programs run (docs/who-is-signed-in.md: "everybody can sign in and out"). The peer's
// sign-out of before wins over the later sign-in, for ever.
func TestKnownLastOrderOfTwoPrograms(t *testing.T) {
	withOrigin(t, 0, func(t *testing.T, o *origin) {
		o.kept = Hint{SignedIn: false, Order: MaxOrder}
		client, tab := o.open()
		o.open()
		_ = client.RemoveUser(t.Context())
		o.want("after a sign-out", "nobody nobody")
		o.w.signIn(client, tab)
		o.want("after a sign-in", "subject-1 subject-1")
	})
}

// Right: the same without any sign-out: a poisoned order and no hint, two programs.
func TestKnownLastOrderFromAMessage(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		for _, c := range o.clients {
			c.session.registry.Heard([]byte(`{"issuer":"` + o.w.op.Issuer + `","client_id":"` + o.w.op.ClientID + `","who":"","order":9007199254740991}`))
		}
		synctest.Wait()
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("after a sign-in", "subject-1 subject-1")
	})
}

// Right: the same person signs in again in another program (a step-up, say), and
// the storage event is here before the message: "The same person: nothing happens
// but that the order is taken." Where frames are blocked the user is lost, and the
// refresh token revoked.
func TestKnownSamePersonByStorageFirst(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1 subject-1")
		blocked := func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		o.tabs[1].set(func() { o.tabs[1].frame = blocked })
		o.late = true
		o.w.signIn(o.clients[0], o.tabs[0]) // again
		synctest.Wait()
		time.Sleep(10 * time.Millisecond)
		o.arrive()
		o.want("the same person again", "subject-1 subject-1")
	})
}

// Right: a page of a program that slept in the back/forward cache while the same
// person signed in once more elsewhere keeps who is there. Where frames are blocked
// the user is lost.
func TestKnownSamePersonAfterBackForwardCache(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1 subject-1")
		o.tabs[1].set(func() {
			o.tabs[1].frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		})
		o.deaf[1] = true
		o.w.signIn(o.clients[0], o.tabs[0]) // again
		o.want("the same person again", "subject-1 subject-1")
		o.deaf[1] = false
		o.clients[1].Hinted(o.kept)
		o.want("the page is shown again", "subject-1 subject-1")
	})
}
