//go:build known

package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// Right: what a page keeps that is too large an order can be got over: a sign-in in a
// new program after a restart of all tabs. It holds where one program runs.
func TestKnownLastOrderAlone(t *testing.T) {
	withOrigin(t, 0, func(t *testing.T, o *origin) {
		o.kept = Hint{SignedIn: false, Order: MaxOrder}
		client, tab := o.open()
		o.w.signIn(client, tab)
		o.want("after a sign-in", "subject-1")
	})
}

// Right: at the last order a sign-out in one program still ends a sign-in by redirect
// that was asked for before, and comes back in a new program.
func TestKnownLastOrderSignoutDuringRedirect(t *testing.T) {
	withOrigin(t, 0, func(t *testing.T, o *origin) {
		o.kept = Hint{SignedIn: true, Order: MaxOrder}
		out, _ := o.open()
		client, tab := o.open()
		callback := o.w.redirect(client, tab)
		_ = out.RemoveUser(t.Context())
		time.Sleep(time.Second)
		synctest.Wait()
		back, _ := o.reload(1)
		synctest.Wait()
		if _, err := back.SigninCallback(t.Context(), callback); err == nil {
			t.Error("the sign-in of before the sign-out succeeds")
		}
	})
}
