//go:build !js

package api

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/jsonrpc"
)

// A page whose lock is free is asked before it counts as gone.
func TestPageLock(t *testing.T) {
	refuses := func(context.Context, []byte) (any, error) {
		return nil, &jsonrpc.Error{Code: applicationError, Message: "page", Data: []byte(`{"code":"internal"}`)}
	}
	tests := []struct {
		name string
		ping func(tab *tab) service
		ends bool
	}{
		{"the page answers", func(*tab) service { return refuses }, false},
		{"the page is gone", func(tab *tab) service {
			return func(ctx context.Context, _ []byte) (any, error) {
				<-tab.connection.Done()
				return nil, ctx.Err()
			}
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				tab := w.connect()
				tab.offer("stopped", func(context.Context, []byte) (any, error) { return nil, nil })
				tab.offer("ping", tt.ping(tab))
				var free atomic.Bool
				asked := make(chan string, 10)
				tab.connection.Gone = func(ctx context.Context, lock string) error {
					if strings.HasPrefix(lock, "oidcspa.nobody.") {
						return nil
					}
					asked <- lock
					for !free.Load() {
						select {
						case <-ctx.Done():
							return context.Cause(ctx)
						case <-time.After(time.Millisecond):
						}
					}
					return nil
				}
				tab.must("open", object{"version": Version, "signed_in": false, "lock": "oidcspa.page.1", "settings": w.settings}, nil)
				if lock := <-asked; lock != "oidcspa.page.1" {
					t.Errorf("waits for the lock %q", lock)
				}
				free.Store(true)
				time.Sleep(patience + time.Second/2)
				ended := false
				select {
				case <-tab.connection.Done():
					ended = true
				default:
				}
				if ended != tt.ends {
					t.Errorf("the connection has ended: %t, want %t", ended, tt.ends)
				}
				if told := bytes.Contains(bytes.Join(tab.told(), nil), []byte("runtime_stopped")); told != tt.ends {
					t.Errorf("the page was told: %t, want %t", told, tt.ends)
				}
			})
		})
	}
}
