//go:build known

package session

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

// An end that the front channel names by sid is the end of that session, and of
// no other (front-channel logout 3; "Nobody is signed out by an engine whose access
// token is new, and no API has refused it", habits "goes"): what a program that slept says
// of the session that it had does not end the one after it.
func TestKnownOverOfTheSessionBefore(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.op.Edit(func() { o.w.op.SessionID = "sid-1" })
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1")
		o.deaf[0] = true // the browser freezes the page
		// At the provider Ann signs out and in again.
		o.w.op.Edit(func() { o.w.op.SessionID = "sid-2" })
		next, _ := o.open()
		if user, err := next.User(t.Context()); err != nil || user == nil {
			t.Fatalf("User = %v, %v", user, err)
		}
		synctest.Wait()
		o.deaf[0] = false // the page goes on, and hears what it has missed
		o.clients[0].session.registry.FrontChannelLogout("https://app.example.test/frontchannel.html?" + url.Values{"iss": {o.w.op.Issuer}, "sid": {"sid-1"}}.Encode())
		synctest.Wait()
		time.Sleep(time.Second)
		if user := next.Current(); user == nil || user.claims.SessionID != "sid-2" {
			t.Error("the session sid-2 lives, and is over here because sid-1 is")
		}
	})
}

// "Of two sign-ins of one order the provider knows the right one: everybody
// looks" (docs/who-is-signed-in.md, rule 4), also programs that hear of each other by
// storage alone.
func TestKnownTieByStorageAlone(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.mu.Lock()
		o.late, o.still = true, true // messages are lost, and storage events come later
		o.mu.Unlock()
		o.person("subject-1")
		o.w.signIn(o.clients[0], o.tabs[0])
		o.person("subject-2")
		o.w.signIn(o.clients[1], o.tabs[1])
		synctest.Wait()
		o.mu.Lock()
		o.still = false
		kept := o.kept
		o.mu.Unlock()
		for _, c := range o.clients {
			c.Hinted(kept)
		}
		o.want("both have read what is kept", "subject-2 subject-2")
	})
}

// "Where nothing fails, the refresh token of who signs out at the provider is
// revoked" (promises "revoked"), and idle signs out there by default: also while all
// pages are frozen, which is when nobody is there.
func TestKnownIdleWhileAllSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime, w.op.RefreshTokens = 24*time.Hour, true
		w.settings.Idle = IdleSettings{Timeout: time.Minute}
		client, tab, _ := w.watched(says("unchanged"))
		user := w.signIn(client, tab)
		client.Sleeps(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if client.Current() != nil {
			t.Error("the idle user is there")
		}
		if liveRefreshToken(t, w, user.RefreshToken) {
			t.Error("the idle user is signed out, and the refresh token is still good")
		}
	})
}
