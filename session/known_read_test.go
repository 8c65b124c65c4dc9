//go:build known

package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// Right: a sign-in that the app asks for after a sign-out succeeds, also if its page has
// found that sign-out in storage before the message of the other program is here. The
// message tells of the act of that very order, and is no other sign-out.
func TestKnownSignoutReadBeforeHeard(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1 subject-1")
		o.late = true
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
