package session

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// What the pages keep, and what becomes of it: somebody writes it, clears it, or
// reads it before anything else is heard.

// hostileOrders are numbers that nobody can have got to.
var hostileOrders = []int64{1<<53 - 1, 1<<63 - 1, 2 * time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC).UnixMilli()}

// Whatever number a script of the origin writes, or says: people sign in and out, in
// all programs.
func TestOrderThatIsNone(t *testing.T) {
	for _, order := range hostileOrders {
		for _, signedIn := range []bool{false, true} {
			for _, programs := range []int{1, 2} {
				t.Run(fmt.Sprint(order, signedIn, programs), func(t *testing.T) {
					withOrigin(t, 0, func(t *testing.T, o *origin) {
						o.set(func() { o.kept = Hint{SignedIn: signedIn, Order: order, Out: order} })
						nobody, somebody := "nobody", "subject-1"
						client, tab := o.open()
						if programs > 1 {
							o.open()
							nobody, somebody = "nobody nobody", "subject-1 subject-1"
						}
						for range 2 {
							client.session.registry.Heard(fmt.Appendf(nil, `{"issuer":%q,"client_id":%q,"who":"","order":%d}`, o.w.op.Issuer, o.w.op.ClientID, order))
							synctest.Wait()
							_ = client.RemoveUser(t.Context())
							o.want("after a sign-out", nobody)
							o.wantKept("after a sign-out", false)
							o.w.signIn(client, tab)
							o.want("after a sign-in", somebody)
							o.wantKept("after a sign-in", true)
						}
						if now := time.Now().UnixMilli(); o.keeps().Order > now {
							t.Errorf("the tabs keep %v at %d", o.keeps(), now)
						}
					})
				})
			}
		}
	}
}

// The highest number that counts as an order leaves room for acts after it.
func TestHighOrder(t *testing.T) {
	withOrigin(t, 0, func(t *testing.T, o *origin) {
		o.set(func() { o.kept = Hint{Order: 2 * time.Now().UnixMilli()} })
		client, tab := o.open()
		o.open()
		for range 3 {
			_ = client.RemoveUser(t.Context())
			o.want("after a sign-out", "nobody nobody")
			o.w.signIn(client, tab)
			o.want("after a sign-in", "subject-1 subject-1")
		}
	})
}

// A sign-out ends a sign-in that was asked for before, also if a script has written
// such a number.
func TestSignoutDuringRedirectWithAnOrderThatIsNone(t *testing.T) {
	for _, order := range hostileOrders {
		withOrigin(t, 0, func(t *testing.T, o *origin) {
			o.set(func() { o.kept = Hint{SignedIn: true, Order: order} })
			out, _ := o.open()
			client, tab := o.open()
			callback := o.w.redirect(client, tab)
			_ = out.SignoutRedirect(t.Context(), SignoutArgs{})
			time.Sleep(time.Second)
			synctest.Wait()
			back, _ := o.reload(1)
			synctest.Wait()
			_, err := back.SigninCallback(t.Context(), callback)
			mustFail(t, "the sign-in of before the sign-out", err, ErrNotSignedIn)
		})
	}
}

// clear is localStorage.clear() in a page; others are not told.
func (o *origin) clear() {
	o.set(func() { o.kept = Hint{} })
}

// Who clears the storage and signs out, or in, in a program that is new, has signed
// out, or in, everywhere.
func TestActAfterClear(t *testing.T) {
	acts := map[string]struct {
		before, act func(t *testing.T, o *origin, i int)
		want        string
	}{
		"removeUser()": {nil, func(t *testing.T, o *origin, i int) {
			_ = o.clients[i].RemoveUser(t.Context())
		}, "nobody nobody"},
		"signoutRedirect()": {nil, func(t *testing.T, o *origin, i int) {
			_ = o.clients[i].SignoutRedirect(t.Context(), SignoutArgs{})
		}, "nobody nobody"},
		"a sign-in": {func(t *testing.T, o *origin, i int) {
			_ = o.clients[i].RemoveUser(t.Context())
		}, func(_ *testing.T, o *origin, i int) {
			o.w.signIn(o.clients[i], o.tabs[i])
		}, "subject-1 subject-1"},
	}
	for name, tt := range acts {
		t.Run(name, func(t *testing.T) {
			withOrigin(t, 1, func(t *testing.T, o *origin) {
				for range 3 {
					o.w.signIn(o.clients[0], o.tabs[0])
				}
				if tt.before != nil {
					tt.before(t, o, 0)
				}
				time.Sleep(time.Second)
				o.set(func() { o.still = true })
				o.clear()
				o.open()
				tt.act(t, o, 1)
				o.want("after it", tt.want)
			})
		})
	}
}

// The same person signs in once more elsewhere (a step-up, say): who is there stays,
// also if the page is the first to say so, with frames blocked.
func TestSamePersonFromThePage(t *testing.T) {
	for name, tell := range map[string]func(o *origin){
		"the storage event is here before the message": func(o *origin) {
			o.set(func() { o.late = true })
			o.w.signIn(o.clients[0], o.tabs[0])
			time.Sleep(10 * time.Millisecond)
			o.arrive()
		},
		"the page was in the back/forward cache": func(o *origin) {
			o.sleeps(1, true)
			o.w.signIn(o.clients[0], o.tabs[0])
			synctest.Wait()
			o.sleeps(1, false)
			o.clients[1].Hinted(o.keeps())
		},
	} {
		t.Run(name, func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("a sign-in", "subject-1 subject-1")
				o.tabs[1].set(func() {
					o.tabs[1].frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
				})
				tell(o)
				o.want("the same person again", "subject-1 subject-1")
				tell(o)
				o.want("and once more", "subject-1 subject-1")
				o.person("bob")
				tell(o)
				o.want("somebody else", "bob nobody")
			})
		})
	}
}

// After a sign-out in between the same person is another session, whatever is heard.
func TestSamePersonAfterSignout(t *testing.T) {
	for name, tell := range map[string]func(o *origin){
		"by a page":    func(o *origin) { o.clients[1].Hinted(o.keeps()) },
		"by a message": func(o *origin) { o.clients[1].session.registry.Heard(o.lastSaid()) },
	} {
		t.Run(name, func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				o.w.op.RefreshTokens = true
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("a sign-in", "subject-1 subject-1")
				before := o.clients[1].Current()
				o.sleeps(1, true)
				_ = o.clients[0].RemoveUser(t.Context())
				o.w.signIn(o.clients[0], o.tabs[0])
				o.sleeps(1, false)
				tell(o)
				o.want("signed in again", "subject-1 subject-1")
				if !liveRefreshToken(t, o.w, before.RefreshToken) { // with it Keycloak ends the new one, too
					t.Error("a refresh token of the person who is there is revoked")
				}
			})
		})
	}
}

// A sign-in that the app asks for after a sign-out succeeds, also if its page has
// found that sign-out in storage before the message of the other program is here. The
// message tells of the act of that very order, and is no other sign-out.
func TestSignoutReadBeforeHeard(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1 subject-1")
		o.set(func() { o.late = true })
		_ = o.clients[1].RemoveUser(t.Context())
		time.Sleep(time.Second)
		synctest.Wait()
		if o.clients[0].Current() != nil {
			t.Fatal("the page has not read that somebody has signed out")
		}
		if _, err := o.during(o.clients[0], o.tabs[0], o.arrive); err != nil {
			t.Errorf("the sign-in asked for after the sign-out: %v", err)
		}
		o.want("after it", "subject-1 subject-1")
	})
}

// "the same person: nothing happens but that the order is taken"
// (docs/who-is-signed-in.md), whichever comes first, the storage event or the message.
func TestSamePersonByStorageFirst(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.op.RefreshTokens = true
		o.w.signIn(o.clients[0], o.tabs[0])
		ann := o.clients[0].Current()
		o.tabs[0].heard()
		o.open()                        // the next program has restored nobody yet
		o.set(func() { o.late = true }) // messages come after storage events
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

// As TestSamePersonByStorageFirst; a page that slept gets no messages at all,
// and where frames see no cookies the look at the provider finds nobody.
func TestSamePersonWhileAsleep(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.op.RefreshTokens = true
		o.w.signIn(o.clients[0], o.tabs[0])
		ann := o.clients[0].Current()
		o.sleeps(0, true) // the page sleeps in the back/forward cache
		blocked := func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		next, tab := o.open()
		tab.frame, o.tabs[0].frame = blocked, blocked
		if user, _ := next.User(t.Context()); user != nil {
			t.Fatal("a frame that sees no cookies has found somebody")
		}
		o.w.signIn(next, tab)
		synctest.Wait()
		o.sleeps(0, false)
		kept := o.keeps()
		o.clients[0].Hinted(kept) // it is shown again
		o.want("the same person has signed in in another tab", "subject-1 subject-1")
		if !liveRefreshToken(t, o.w, ann.RefreshToken) {
			t.Error("the refresh token of the same person was revoked")
		}
	})
}

// "Of two sign-ins of one order the provider knows the right one: everybody
// looks" (docs/who-is-signed-in.md, rule 4), also programs that hear of each other by
// storage alone.
func TestTieByStorageAlone(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.set(func() { o.late, o.still = true, true }) // messages are lost, and storage events come later
		o.person("subject-1")
		o.w.signIn(o.clients[0], o.tabs[0])
		o.person("subject-2")
		o.w.signIn(o.clients[1], o.tabs[1])
		synctest.Wait()
		o.set(func() { o.still = false })
		kept := o.keeps()
		for _, c := range o.clients {
			c.Hinted(kept)
		}
		o.want("both have read what is kept", "subject-2 subject-2")
	})
}
