//go:build !js

package api

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// locks are the locks of a browser.
type locks struct {
	none bool // it has none

	mu   sync.Mutex
	free map[string]chan string // closed when a lock is free; guarded by mu
}

// of returns what tells that a lock is free; nil for one that never is.
func (l *locks) of(name string) chan string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.free[name]
}

// Gone is [Connection.Gone].
func (l *locks) Gone(ctx context.Context, name string) error {
	switch {
	case l.none, strings.HasSuffix(name, "-"): // a name that is refused
		return errors.New("no locks")
	case strings.HasPrefix(name, "oidcspa.nobody."):
		return nil
	}
	select {
	case <-l.of(name):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// What becomes of a connection whose page says nothing, or lives.
func TestConnectionLife(t *testing.T) {
	free := make(chan string)
	close(free)
	tests := []struct {
		name   string
		opens  bool
		lock   string
		none   bool // the browser has no locks
		lives  bool // the page answers
		asleep time.Duration
		ends   time.Duration // 0 for never
		asked  [2]int        // times in the first ten minutes, at least and at most
	}{
		{name: "never opened", ends: time.Minute},
		{name: "never opened, and it lives", lives: true, ends: time.Minute},
		{name: "no lock", opens: true, asleep: 6 * time.Second, ends: 46 * time.Second, asked: [2]int{1, 1}},
		{name: "no lock, and it lives", opens: true, lives: true, asked: [2]int{590, 600}},
		{name: "no locks", opens: true, none: true, asleep: 6 * time.Second, ends: time.Second + longSilence, asked: [2]int{1, 1}},
		{name: "no locks, and it lives", opens: true, none: true, lives: true, asked: [2]int{590, 600}},
		{name: "a lock that is held", opens: true, lock: "oidcspa.page.held", asleep: 25 * time.Second, ends: 20*time.Second + longSilence, asked: [2]int{1, 1}},
		{name: "a lock that is held, and it lives", opens: true, lock: "oidcspa.page.held", lives: true, asked: [2]int{29, 30}},
		{name: "a lock of the app", opens: true, lock: "leader", asleep: 6 * time.Second, ends: 46 * time.Second, asked: [2]int{1, 1}},
		{name: "a lock of the app, and it lives", opens: true, lock: "leader", lives: true, asked: [2]int{590, 600}},
		{name: "the lock of a host", opens: true, lock: "oidcspa.host.0.1", asleep: 6 * time.Second, ends: 46 * time.Second, asked: [2]int{1, 1}},
		{name: "a lock that is free", opens: true, lock: "oidcspa.page.free", ends: 2 * time.Second, asked: [2]int{1, 1}},
		{name: "a lock that is free, and it lives", opens: true, lock: "oidcspa.page.free", lives: true, asked: [2]int{590, 601}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				tab := w.connect()
				tab.connection.Gone = (&locks{none: tt.none, free: map[string]chan string{"oidcspa.page.free": free}}).Gone
				var asked, told atomic.Int32
				tab.offer("stopped", func(context.Context, []byte) (any, error) { told.Add(1); return nil, nil })
				tab.offer("ping", func(ctx context.Context, _ []byte) (any, error) {
					asked.Add(1)
					if !tt.lives {
						<-ctx.Done()
					}
					return nil, ctx.Err()
				})
				start := time.Now()
				if tt.opens {
					tab.must("open", object{"version": Version, "signed_in": false, "lock": tt.lock, "settings": w.settings}, nil)
				}
				var asleep, ended time.Duration
				for time.Since(start) < 10*time.Minute {
					time.Sleep(time.Second / 2)
					synctest.Wait()
					if asleep == 0 && tab.connection.asleep.Load() {
						asleep = time.Since(start)
					}
				}
				if n := int(asked.Load()); n < tt.asked[0] || n > tt.asked[1] {
					t.Errorf("asked %d times in ten minutes, want %v", n, tt.asked)
				}
				select {
				case <-tab.connection.Done():
					ended = time.Since(start)
				case <-time.After(time.Hour):
				}
				synctest.Wait()
				if ended > 10*time.Minute && ended != tt.ends || (ended != 0) != (tt.ends != 0) || asleep != tt.asleep {
					t.Errorf("passed over after %v, ended after %v; want %v and %v", asleep, ended, tt.asleep, tt.ends)
				}
				if want := ended != 0; (told.Load() == 1) != want {
					t.Errorf("told %d times", told.Load())
				}
				tab.connection.Close()
			})
		})
	}
}

// The end of a connection comes when it is due.
func TestConnectionEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params object
		want   time.Duration
	}{
		{"never opened", nil, openLimit},
		{"opened in vain", object{"version": Version + 1}, openLimit},
		{"no lock", object{"version": Version, "lock": ""}, askedOften + silence},
		{"a lock of a name that is refused", object{"version": Version, "lock": "oidcspa.page.-"}, patience},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			tab := w.connect()
			tab.connection.Gone = (&locks{}).Gone
			tab.offer("stopped", func(context.Context, []byte) (any, error) { return nil, nil })
			tab.offer("ping", func(ctx context.Context, _ []byte) (any, error) { <-ctx.Done(); return nil, nil })
			if tt.params != nil {
				tt.params["settings"] = w.settings
				_ = tab.call("open", tt.params, nil)
			}
			start := time.Now()
			<-tab.connection.Done()
			if took := time.Since(start); took != tt.want {
				t.Errorf("%s: it ended after %v, want %v", tt.name, took, tt.want)
			}
			time.Sleep(time.Minute)
			if sessions, providers, uris := w.registry.Known(); sessions+providers+uris > 0 {
				t.Errorf("%s: %d sessions, %d providers and %d redirect URIs are left", tt.name, sessions, providers, uris)
			}
		})
	}
}

// A page that sleeps is passed over until it says anything at all.
func TestPageThatSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tab := w.connect()
		tab.connection.Gone = (&locks{none: true}).Gone
		sleeping := make(chan struct{})
		tab.offer("ping", func(context.Context, []byte) (any, error) { <-sleeping; return nil, nil })
		tab.must("open", object{"version": Version, "signed_in": false, "settings": w.settings}, nil)
		tab.signIn(w.op)
		time.Sleep(10 * time.Second)
		asked := func() bool {
			other := w.open()
			defer other.connection.Close()
			other.freeze()
			before := len(tab.frames)
			_ = other.call(silent, nil, nil)
			return len(tab.frames) > before
		}
		if asked() {
			t.Error("a page that sleeps was asked")
		}
		if err := tab.conn.Notify("wake", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !asked() {
			t.Error("a page that has said something was not asked")
		}
		close(sleeping)
		tab.must("removeUser", nil, nil)
	})
}

// A page sleeps with all its connections: one that is silent while another of
// the same lock answers has borrowed that lock.
func TestBorrowedLock(t *testing.T) {
	for _, sleeps := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			pages := &Pages{}
			open := func(lives func() bool) *tab {
				tab := w.connect()
				tab.connection.Gone, tab.connection.Pages = (&locks{}).Gone, pages
				tab.offer("stopped", func(context.Context, []byte) (any, error) { return nil, nil })
				tab.offer("ping", func(ctx context.Context, _ []byte) (any, error) {
					if !lives() {
						<-ctx.Done()
					}
					return nil, ctx.Err()
				})
				tab.must("open", object{"version": Version, "signed_in": false, "lock": "oidcspa.page.1", "settings": w.settings}, nil)
				return tab
			}
			honest := open(func() bool { return !sleeps })
			time.Sleep(7 * time.Second) // they are not asked at the same time
			hostile := open(func() bool { return false })
			time.Sleep(time.Minute)
			select {
			case <-hostile.connection.Done():
				if sleeps {
					t.Error("a page that sleeps with all its connections was closed")
				}
			default:
				if !sleeps {
					t.Error("the connection with the lock of another page is there")
				}
			}
			select {
			case <-honest.connection.Done():
				t.Error("the page whose lock it is was closed")
			default:
			}
			honest.connection.Close()
			hostile.connection.Close()
			synctest.Wait()
			if len(pages.pages) != 0 {
				t.Errorf("%d pages are remembered", len(pages.pages))
			}
		})
	}
}

// What a page named does not count while it is silent, even if a page of
// another program holds its lock, and counts as soon as it says anything.
func TestSilentPageNames(t *testing.T) {
	for _, steps := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
			honest := w.open()
			hostile := w.connect()
			hostile.connection.Gone = (&locks{}).Gone
			hostile.offer("ping", func(ctx context.Context, _ []byte) (any, error) { <-ctx.Done(); return nil, ctx.Err() })
			settings := object{}
			for name, value := range w.settings {
				settings[name] = value
			}
			settings["redirect_uri"] = "https://app.example.test/own.html"
			hostile.must("open", object{
				"version": Version, "signed_in": false, "lock": "oidcspa.page.2", "steps": steps, "settings": settings,
				"peers": []any{[]any{"https://evil.example", w.settings["redirect_uri"]}},
			}, nil)
			check := func(what string, want bool) {
				t.Helper()
				err := honest.call("signinRedirect", object{}, nil)
				if (err == nil) != want {
					t.Errorf("steps %t, %s: signinRedirect: %v", steps, what, err)
				}
				_, _, uris := w.registry.Known()
				if both := uris == 2; both == want {
					t.Errorf("steps %t, %s: %d redirect URIs are known", steps, what, uris)
				}
			}
			check("while it answers", false)
			time.Sleep(askedSeldom + silence + time.Second)
			synctest.Wait()
			check("while it is silent", true)
			if err := hostile.conn.Notify("wake", nil); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			check("when it has said something", false)
			hostile.connection.Close()
			check("when it is gone", true)
			honest.connection.Close()
		})
	}
}

// A page whose lock was stolen for a moment lives, and may be busy for as long as
// one that has none.
func TestStolenLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stolen := make(chan string)
		tab := w.connect()
		tab.connection.Gone = (&locks{free: map[string]chan string{"oidcspa.page.1": stolen}}).Gone
		tab.connection.Pages = &Pages{}
		var pause atomic.Int64
		tab.offer("ping", func(context.Context, []byte) (any, error) {
			time.Sleep(time.Duration(pause.Load()))
			return nil, nil
		})
		tab.must("open", object{"version": Version, "lock": "oidcspa.page.1", "settings": w.settings}, nil)
		time.Sleep(time.Minute)
		close(stolen)
		time.Sleep(time.Minute)
		pause.Store(int64(20 * time.Second))
		time.Sleep(time.Minute)
		select {
		case <-tab.connection.Done():
			t.Error("the page is lost")
		default:
		}
		tab.connection.Close()
		time.Sleep(time.Minute)
	})
}
