//go:build known

package session

import (
	"testing"
	"testing/synctest"
)

// Right: a page that sleeps in the back/forward cache while somebody signs out, and the
// app then clears the storage, does not bring the user back.
func TestKnownClearAfterSignoutAndBack(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1 subject-1")
		o.deaf[0] = true
		_ = o.clients[1].RemoveUser(t.Context())
		synctest.Wait()
		o.clear()
		o.deaf[0], o.deaf[1] = false, true // the page that signed out is left
		o.clients[0].Hinted(o.kept)
		o.want("the page is shown again", "nobody nobody")
	})
}

// Right: two settings of idle that differ do not keep anybody from being signed out; holds.
func TestKnownMessagesWhileNobody(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		for _, m := range []string{`{"who":"","how":"over","order":3}`, `{"who":"x","how":"idle","order":4}`, `{"who":"","how":"idle","order":5,"at":-9223372036854775808}`, `{"who":"","how":"` + "\\u0000" + `","order":6,"at":9223372036854775807}`} {
			o.clients[0].session.registry.Heard([]byte(`{"issuer":"` + o.w.op.Issuer + `","client_id":"` + o.w.op.ClientID + `",` + m[1:]))
			synctest.Wait()
		}
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("after odd messages", "subject-1")
	})
}
