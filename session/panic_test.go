package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// A bug in a watch that no call waits for does not end the program: whoever looks
// after it hears of it, and the session goes on.
func TestPanicsOfWatches(t *testing.T) {
	for _, what := range []string{"monitor", "idle"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatchedWorld(t)
				w.settings.ManualRenew = true
				w.settings.Idle = IdleSettings{Timeout: time.Hour, Warn: time.Minute}
				heard := make(chan any, 10)
				w.registry = NewRegistry(Config{Transport: w.transport, OnPanic: func(value any, _ []byte) { heard <- value }})
				client, tab, frame := w.watched(says("unchanged"))
				w.signIn(client, tab)
				switch what {
				case "monitor":
					frame.mu.Lock()
					frame.answer = func(int) (string, error) { panic(what) }
					frame.mu.Unlock()
				default:
					tab.set(func() {
						tab.onEvent = func(event Event) {
							if event.Name == IdleCountdown {
								panic(what)
							}
						}
					})
				}
				time.Sleep(time.Hour - time.Second)
				synctest.Wait()
				if got := <-heard; got != what || len(heard) > 0 {
					t.Errorf("heard of %v, and %d more", got, len(heard))
				}
				if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
					t.Errorf("the session does not go on: %v", err)
				}
				tab.set(func() { tab.onEvent = nil })
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}
