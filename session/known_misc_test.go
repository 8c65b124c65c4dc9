//go:build known

package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// Right: every waiting call settles when the tab closes and others go on.
func TestKnownCloseDuringRestore(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		client, _ := o.open()
		release := o.slow(1)
		done := make(chan error, 2)
		for range 2 {
			go func() { _, err := client.User(t.Context()); done <- err }()
		}
		synctest.Wait()
		client.Close()
		client.Close()
		close(release)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for range 2 {
			select {
			case <-done:
			default:
				t.Error("a call hangs")
			}
		}
	})
}
