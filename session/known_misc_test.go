//go:build known

package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Right: two programs that were at two persons at once end with one. Here after a
// tie one of them looks, and tells nobody what it has found.
func TestKnownTieEndsWithOnePerson(t *testing.T) {
	for _, frames := range []bool{true, false} {
		withOrigin(t, 2, func(t *testing.T, o *origin) {
			o.late = true
			o.still = true
			o.w.signIn(o.clients[0], o.tabs[0])
			o.person("bob")
			o.w.signIn(o.clients[1], o.tabs[1])
			if !frames {
				for _, tab := range o.tabs {
					tab.set(func() {
						tab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
					})
				}
				t.Log("without frames nobody may be signed in, but not two")
			}
			synctest.Wait()
			o.still = false
			o.arrive()
			time.Sleep(time.Minute)
			synctest.Wait()
			a, b := o.clients[0].Current(), o.clients[1].Current()
			if a != nil && b != nil && !same(a, b) {
				t.Errorf("frames %t: %s and %s", frames, a.Subject(), b.Subject())
			}
		})
	}
}

// Right: three programs, of which one restores by redirect a person who is the one
// before last; the others know better.
func TestKnownRestoreByRedirectOverSigninOfAnother(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.w.settings.Restore = RestoreRedirect
		leaves, tab := o.open()
		o.w.settings.Restore = ""
		go func() { _, _ = leaves.Restore(t.Context(), "https://app.example.test/page") }()
		synctest.Wait()
		callback := o.w.op.Visit(tab.address)
		leaves.Close()
		o.person("bob")
		o.w.signIn(o.clients[0], o.tabs[0]) // without a sign-out
		time.Sleep(time.Second)
		back, _ := o.reload(1)
		o.person("subject-1")
		_, _ = back.SigninCallback(t.Context(), callback)
		o.person("bob")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := back.Current(); got != nil && got.Subject() != "bob" {
			t.Errorf("once all is quiet: %s in one program, %s in the other", o.clients[0].Current().Subject(), got.Subject())
		}
	})
}
