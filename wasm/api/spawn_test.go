//go:build !js

package api

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// broken is a relay that panics when the body of an answer is wanted.
type broken struct{ closed chan struct{} }

func (broken) Do(context.Context, *oidc.Request) (*oidc.Response, error) {
	return &oidc.Response{Status: 200}, nil
}
func (broken) Answer() Answer { return Answer{HasBody: true} }
func (broken) Deliver()       { panic("a bug") }
func (b broken) Close()       { close(b.closed) }

// A bug in what no call waits for does not end the program: whoever looks after it
// hears of it.
func TestPanicsOfWhatNobodyWaitsFor(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, w *world, tab *tab){
		"the watch of a page": func(t *testing.T, w *world, tab *tab) {
			tab.connection.Gone = func(context.Context, string) error { panic("a bug") }
			tab.must("open", object{"version": Version, "signed_in": false, "settings": w.settings}, nil)
		},
		"the lock of a page": func(t *testing.T, w *world, tab *tab) {
			tab.connection.Gone, tab.connection.Pages = func(context.Context, string) error { panic("a bug") }, &Pages{}
			tab.must("open", object{"version": Version, "signed_in": false, "settings": w.settings, "lock": pageLock + "1"}, nil)
		},
		"the body of an answer": func(t *testing.T, w *world, tab *tab) {
			r := broken{make(chan struct{})}
			tab.connection.Relay = func(int, RelayOptions) (Relay, error) { return r, nil }
			tab.must("open", object{"version": Version, "signed_in": false, "settings": w.with("fetch", allowed)}, nil)
			tab.signIn(w.op)
			tab.must("fetch", request(nil), nil)
			<-r.closed
		},
		"a timer": func(t *testing.T, w *world, tab *tab) {
			late := NewConnection(w.registry, func([]byte) error { panic("a bug") }, tab.connection.conn.OnPanic)
			time.Sleep(openLimit)
			synctest.Wait()
			late.conn.Close(nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				tab := w.connect()
				heard := make(chan any, 10)
				tab.connection.conn.OnPanic = func(_ string, value any, stack []byte) {
					if len(stack) > 0 {
						heard <- value
					}
				}
				quiet := func(context.Context, []byte) (any, error) { return nil, nil }
				tab.offer("ping", quiet)
				tab.offer("stopped", quiet)
				run(t, w, tab)
				if value := <-heard; value != "a bug" {
					t.Errorf("heard of %v", value)
				}
				if err := w.open().conn.Call(t.Context(), "getUser", nil, nil); err != nil {
					t.Errorf("the program does not answer any more: %v", err)
				}
			})
		})
	}
}
