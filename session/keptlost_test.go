package session

import (
	"context"
	"net/url"
	"testing"
	"testing/synctest"
)

const logoutPage = "https://app.example.test/frontchannel.html"

// The provider ends a session that the next program has, before its page has come.
func TestKeptSessionEndsBeforeItsPage(t *testing.T) {
	for _, named := range []bool{false, true} {
		t.Run(map[bool]string{false: "all", true: "sid"}[named], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := newWorld(t), &shelf{}
				w.op.RefreshTokens, w.op.SessionID = true, "sid-1"
				w.reload(s)
				client, tab := w.asks("one", Hint{})
				w.signIn(client, tab)
				hint := client.session.standing.keeps()
				client.Close()
				w.op.Edit(func() { w.op.SignedIn = false })
				w.reload(s)
				address := logoutPage
				if named {
					address += "?" + url.Values{"iss": {w.op.Issuer}, "sid": {"sid-1"}}.Encode()
				}
				heard := w.registry.FrontChannelLogout(address)
				w.op.ResetRequests()
				again, other := w.asks("one", hint)
				user, err := again.Restore(t.Context(), "")
				synctest.Wait()
				if user != nil {
					t.Errorf("named %t: heard %t, still signed in (%v), %d requests", named, heard, err, w.requests(other))
				}
				again.session.stopTimer()
			})
		})
	}
}

// The second client of a page comes after the provider has ended the sessions of both.
func TestKeptSessionOfAnotherClientEnds(t *testing.T) {
	withShelf(t, func(t *testing.T, w *world, s *shelf, first *Client, _ *tab) {
		settings := w.settings
		w.settings.ClientID = "second"
		w.op.Edit(func() { w.op.ClientID = "second" })
		second, tab := w.open(false)
		w.signIn(second, tab)
		first.Close()
		second.Close()
		w.reload(s)
		other := w.settings
		w.settings = settings
		again, _ := w.open(true)
		w.op.Edit(func() { w.op.SignedIn = false })
		if !w.registry.FrontChannelLogout(logoutPage) || again.Current() != nil {
			t.Fatal("the first stays")
		}
		synctest.Wait()
		w.op.ResetRequests()
		w.settings = other
		late, lateTab := w.open(true)
		user, err := late.Restore(t.Context(), "")
		if user != nil {
			t.Errorf("the second is signed in (%v), %d requests", err, w.requests(lateTab))
		}
		late.session.stopTimer()
	})
}

// A program that slept has two sessions, both of which are another's now.
func TestKeeperSaysOnceWhatIsLost(t *testing.T) {
	withShelf(t, func(t *testing.T, w *world, s *shelf, first *Client, firstTab *tab) {
		settings := w.settings
		w.settings.ClientID = "second"
		w.op.Edit(func() { w.op.ClientID = "second" })
		second, secondTab := w.open(false)
		w.signIn(second, secondTab)
		w.op.Edit(func() { w.op.ClientID = settings.ClientID })
		lost := true
		w.registry.handover.Owns = func(context.Context) bool { // as keeper.js answers
			was := lost
			lost = false
			return !was
		}
		framed := firstTab.frames
		_, err := first.SigninSilent(t.Context(), SigninArgs{})
		if firstTab.frames == framed {
			t.Errorf("the first uses the refresh token that is another's: %v", err)
		}
		w.op.Edit(func() { w.op.ClientID = "second" })
		w.op.ResetRequests()
		frames := secondTab.frames
		_, err = second.SigninSilent(t.Context(), SigninArgs{})
		if secondTab.frames == frames {
			t.Errorf("the second uses the refresh token that is another's: %v, %v", err, w.op.Requests())
		}
	})
}
