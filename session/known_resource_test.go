//go:build known

package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// "what ends first counts" (User.left) of both clocks: who does nothing is signed
// out, also where the clock is set back meanwhile.
func TestKnownIdleWhereTheClockGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime = 24 * time.Hour
		w.settings.Idle = IdleSettings{Timeout: time.Minute, RemoveOnly: true}
		var back time.Duration
		w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Now: func() time.Time { return time.Now().Add(-back) }})
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		time.Sleep(10 * time.Second)
		back = time.Hour
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if client.Current() != nil {
			t.Error("nobody has done anything for ten minutes, and the user is there")
		}
		_ = client.RemoveUser(t.Context())
	})
}
