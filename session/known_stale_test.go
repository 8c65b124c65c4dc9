//go:build known

package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// Right: a restore by redirect that began before an explicit sign-out brings nobody
// back, also where the page has a program of its own and somebody else has signed in
// since. What the page keeps is the order of the last act alone: that there was a
// sign-out before it, and who it was, the new program does not know, and nobody tells it.
func TestKnownRestoreByRedirectOverSignout(t *testing.T) {
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
		callback := o.w.op.Visit(tab.address) // the code is Ann's
		leaves.Close()
		_ = o.clients[0].RemoveUser(t.Context())
		o.person("bob")
		o.w.signIn(o.clients[0], o.tabs[0])
		time.Sleep(time.Second)
		back, _ := o.reload(1)
		o.person("subject-1") // the code is
		user, err := back.SigninCallback(t.Context(), callback)
		o.person("bob")
		t.Log(user != nil, err)
		if user != nil && user.Subject() == "subject-1" {
			t.Error("who has signed out is signed in")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := back.Current(); got != nil && got.Subject() != "bob" {
			t.Errorf("once all is quiet: %s in one program, %s in the other", o.clients[0].Current().Subject(), got.Subject())
		}
	})
}

// Right: an interactive sign-in that was asked for before an explicit sign-out fails
// with not_signed_in, also in a new program, and if somebody has signed in since. It
// does where there is one program (the first case, which holds).
func TestKnownRedirectOverSignoutAndSignin(t *testing.T) {
	for _, reload := range []bool{false, true} {
		withOrigin(t, 2, func(t *testing.T, o *origin) {
			o.w.signIn(o.clients[0], o.tabs[0])
			o.want("a sign-in", "subject-1 subject-1")
			back := o.clients[1]
			callback := o.w.redirect(back, o.tabs[1])
			_ = o.clients[0].RemoveUser(t.Context())
			synctest.Wait()
			o.person("bob")
			o.w.signIn(o.clients[0], o.tabs[0])
			time.Sleep(time.Second)
			synctest.Wait()
			if reload {
				back, _ = o.reload(1)
				synctest.Wait()
			}
			o.person("subject-1")
			_, err := back.SigninCallback(t.Context(), callback)
			o.person("bob")
			if err == nil {
				t.Errorf("a new program %t: the sign-in of before the sign-out succeeds, and signs out who came since", reload)
			}
		})
	}
}
