package session

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What comes back from the provider to a program that is new, and knows what the
// pages keep alone.

// reload gives the tab of a program that ended a new one; what the tab kept stays.
func (o *origin) reload(i int) (*Client, *tab) {
	o.clients[i].Close()
	o.sleeps(i, true)
	client, tab := o.open()
	tab.set(func() { tab.transactions = o.tabs[i].transactions })
	return client, tab
}

// Of what happened while a tab was at the provider, a sign-out that somebody asked
// for alone ends the sign-in, whoever has come or gone since.
func TestSigninReturnsToANewProgram(t *testing.T) {
	signsOut := func(o *origin) { _ = o.clients[0].RemoveUser(o.w.t.Context()) }
	signsIn := func(o *origin) {
		o.person("bob")
		o.w.signIn(o.clients[0], o.tabs[0])
	}
	isIdle := func(o *origin) { o.clients[0].session.signOut((*standing).idled) }
	ends := func(o *origin) { o.clients[0].session.endIf(func(*User) bool { return true }) }
	tests := []struct {
		name  string
		do    []func(o *origin)
		loses bool
	}{
		{"nothing", nil, false},
		{"a sign-out", []func(*origin){signsOut}, true},
		{"somebody else signs in", []func(*origin){signsIn}, false},
		{"nobody is there", []func(*origin){isIdle}, false},
		{"the session ends", []func(*origin){ends}, false},
		{"somebody signs in, and that session ends", []func(*origin){signsIn, ends}, false},
		{"a sign-out, and somebody else signs in", []func(*origin){signsOut, signsIn}, true},
		{"the same, and nobody is there", []func(*origin){signsOut, signsIn, isIdle}, true},
		{"the same, and the session ends", []func(*origin){signsOut, signsIn, ends}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, reload := range []bool{true, false} {
				withOrigin(t, 2, func(t *testing.T, o *origin) {
					o.w.signIn(o.clients[0], o.tabs[0])
					o.want("a sign-in", "subject-1 subject-1")
					back := o.clients[1]
					callback := o.w.redirect(back, o.tabs[1])
					if reload {
						back.Close() // its page is left
						o.sleeps(1, true)
					}
					for _, do := range tt.do {
						do(o)
						time.Sleep(time.Second)
						synctest.Wait()
					}
					if reload {
						back, _ = o.reload(1)
						synctest.Wait()
					}
					o.person("subject-1") // the code is
					_, err := back.SigninCallback(t.Context(), callback)
					if tt.loses {
						mustFail(t, "the sign-in", err, ErrNotSignedIn)
					} else if err != nil {
						t.Errorf("a new program %t: %v", reload, err)
					}
				})
			}
		})
	}
}

// A restore by redirect brings back neither who has signed out meanwhile nor who was
// there before somebody else signed in.
func TestRestoreReturnsToANewProgram(t *testing.T) {
	for name, signsOut := range map[string]bool{"after a sign-out and a sign-in": true, "after a sign-in": false} {
		t.Run(name, func(t *testing.T) {
			withOrigin(t, 1, func(t *testing.T, o *origin) {
				o.w.signIn(o.clients[0], o.tabs[0])
				o.w.settings.Restore = RestoreRedirect
				leaves, tab := o.open()
				o.w.settings.Restore = ""
				go func() { _, _ = leaves.Restore(t.Context(), "https://app.example.test/page") }()
				synctest.Wait()
				if tab.address == "" {
					t.Fatal("the tab did not leave")
				}
				callback := o.w.op.Visit(tab.address)
				leaves.Close()
				if signsOut {
					_ = o.clients[0].RemoveUser(t.Context())
				}
				o.person("bob")
				o.w.signIn(o.clients[0], o.tabs[0])
				time.Sleep(time.Second)
				back, _ := o.reload(1)
				o.person("subject-1") // the code is
				if user, err := back.SigninCallback(t.Context(), callback); user != nil || err != nil {
					t.Errorf("SigninCallback = %v, %v", user != nil, err)
				}
				o.person("bob")
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := back.Current(); got != nil && got.Subject() != "bob" {
					t.Errorf("once all is quiet: %s", got.Subject())
				}
			})
		})
	}
}

// A sign-out ends what was asked for before it in its program, also where nobody has
// signed in yet and the clock is set back meanwhile.
func TestSignoutAfterTheClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var back atomic.Int64
		w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Now: func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }})
		client, tab := w.open(false)
		callback := w.redirect(client, tab)
		back.Store(int64(time.Second))
		if err := client.SignoutSilent(t.Context(), SignoutArgs{}); err != nil {
			t.Log(err)
		}
		_, err := client.SigninCallback(t.Context(), callback)
		mustFail(t, "a sign-in of before the sign-out", err, ErrNotSignedIn)
	})
}
