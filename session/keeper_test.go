package session

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A shelf is a keeper without a browser: what it has been given last, and how often.
type shelf struct {
	mu      sync.Mutex
	record  []byte
	given   int
	program int  // that gives; those before have ended
	lost    bool // the program slept, and another has taken it
	asked   func()
}

// keeper is for the next program.
func (s *shelf) keeper() Keeper {
	return Keeper{Give: s.giver(), Owns: s.owns, Answer: answerUser}
}

// end ends the program: it gives nothing more.
func (s *shelf) end() (next int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.program++
	return s.program
}

// giver is for the next program.
func (s *shelf) giver() func([]byte) {
	program := s.end()
	return func(record []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.program == program {
			s.record, s.given = record, s.given+1
		}
	}
}

func (s *shelf) owns(context.Context) bool {
	if s.asked != nil {
		s.asked()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.lost
}

func (s *shelf) has() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.record)
}

// put lays down what no program has given.
func (s *shelf) put(record string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record = []byte(record)
}

// times says how often something was given.
func (s *shelf) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given
}

// lose says whether another program has taken the record.
func (s *shelf) lose(lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = lost
}

// reload ends the program, and starts one that takes what the shelf has.
func (w *world) reload(s *shelf) {
	w.t.Helper()
	w.restart()
	w.registry.TakeOver([]byte(s.has()), s.keeper())
}

// withShelf runs a test of a world whose program has a keeper; one is signed in.
func withShelf(t *testing.T, run func(t *testing.T, w *world, s *shelf, client *Client, tab *tab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t), &shelf{}
		w.op.RefreshTokens = true
		w.reload(s)
		client, tab := w.open(false)
		w.signIn(client, tab)
		run(t, w, s, client, tab)
	})
}

// requests counts those to the provider, and hidden frames.
func (w *world) requests(tabs ...*tab) int {
	n := len(w.op.Requests())
	for _, tab := range tabs {
		n += tab.frames
	}
	return n
}

// The next program has the user as the one before, and asks nobody.
func TestKeeper(t *testing.T) {
	withShelf(t, func(t *testing.T, w *world, s *shelf, client *Client, tab *tab) {
		before := client.Current()
		hint := client.session.standing.keeps()
		client.Close()
		w.reload(s)
		w.op.ResetRequests()
		time.Sleep(time.Second)
		again, other := w.open(true)
		user, err := again.User(t.Context())
		if err != nil || user == nil {
			t.Fatalf("%v, %v", user, err)
		}
		if n := w.requests(other); n != 0 {
			t.Errorf("%d requests", n)
		}
		if got := other.heard(); len(got) != 0 {
			t.Errorf("the page heard %v", got)
		}
		if got := again.session.standing.keeps(); got != hint {
			t.Errorf("the hint is %v, was %v", got, hint)
		}
		if got, want := user.left(time.Now()), before.left(time.Now()); (got - want).Abs() > time.Millisecond {
			t.Errorf("the token lives %v, want %v", got, want)
		}
		// All of it, but for what counts from when the program has begun.
		one, two := *before, *user
		one.deadline, two.deadline = time.Time{}, time.Time{}
		one.asked, two.asked = again.settings.again(&one), again.settings.again(&two)
		one.Profile, two.Profile = nil, nil
		if !reflect.DeepEqual(one, two) {
			t.Errorf("the user is %#v, was %#v", two, one)
		}
		if fmt.Sprint(user.Profile) != fmt.Sprint(before.Profile) {
			t.Errorf("the profile is %s, was %s", user.Profile, before.Profile)
		}
		// It goes on: its refresh token is good.
		if _, err := again.SigninSilent(t.Context(), SigninArgs{}); err != nil || other.frames != 0 {
			t.Errorf("renewal: %v, %d frames", err, other.frames)
		}
	})
}

// onToken does something when there is a token request, which has that answer if any.
func onToken(do func(), answer fault) func(string, http.ResponseWriter, *http.Request) bool {
	return func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
		if endpoint != oidctest.Token {
			return false
		}
		if do != nil {
			do()
		}
		if answer != nil {
			answer(w)
		}
		return answer != nil
	}
}

// What another program gets of a record, and what it does not.
func TestKeeperRefuses(t *testing.T) {
	edit := func(change func(kept map[string]any)) func(*testing.T, *world, *shelf) {
		return func(t *testing.T, w *world, s *shelf) {
			var all []map[string]any
			if err := json.Unmarshal([]byte(s.has()), &all); err != nil || len(all) != 1 {
				t.Fatalf("%v, %d sessions", err, len(all))
			}
			change(all[0])
			changed, _ := json.Marshal(all)
			s.put(string(changed))
		}
	}
	now := func() int64 { return time.Now().UnixMilli() }
	tests := []struct {
		name  string
		do    func(*testing.T, *world, *shelf)
		hint  func(Hint) Hint // what the page keeps; nil: what it did
		found bool
	}{
		{"as it is", nil, nil, true},
		{"a minute old", func(*testing.T, *world, *shelf) { time.Sleep(keptFor) }, nil, true},
		{"older", func(*testing.T, *world, *shelf) { time.Sleep(keptFor + time.Second) }, nil, false},
		{"of a clock that was set back", edit(func(k map[string]any) { k["At"] = now() + 61_000 }), nil, false},
		{"of a user who was idle for too long", edit(func(k map[string]any) { k["IdleAt"] = now() }), nil, false},
		{"of a user who may be idle for longer", edit(func(k map[string]any) { k["IdleAt"] = now() + 5_000 }), nil, true},
		{"of a client with another key", edit(func(k map[string]any) { k["Key"] = "other" }), nil, false},
		{"with an order that is none", edit(func(k map[string]any) { k["Standing"].(map[string]any)["Order"] = 1e15 }), nil, false},
		{"cut off", func(_ *testing.T, _ *world, s *shelf) { s.put(s.has()[:len(s.has())-1]) }, nil, false},
		{"no list", func(_ *testing.T, _ *world, s *shelf) { s.put(`{}`) }, nil, false},
		{"empty", func(_ *testing.T, _ *world, s *shelf) { s.put("") }, nil, false},
		{"somebody has signed out since", nil, func(h Hint) Hint { return Hint{Order: h.Order + 1, Out: h.Order + 1} }, false},
		{"somebody was idle since", nil, func(h Hint) Hint { return Hint{Order: h.Order + 1} }, false},
		{"somebody else has signed in since", nil, func(h Hint) Hint { return Hint{SignedIn: true, Order: h.Order + 1, Who: stamp(h.Order+1, "other")} }, false},
		{"the page keeps nothing", nil, func(Hint) Hint { return Hint{} }, true},
		{"the page keeps an older order", nil, func(h Hint) Hint { return Hint{SignedIn: true, Order: h.Order - 1} }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withShelf(t, func(t *testing.T, w *world, s *shelf, client *Client, _ *tab) {
				hint := client.session.standing.keeps()
				client.Close()
				s.end()
				w.settings.Restore = RestoreOff
				w.op.Edit(func() { w.op.SignedIn = false })
				if tt.do != nil {
					tt.do(t, w, s)
				}
				if tt.hint != nil {
					hint = tt.hint(hint)
				}
				w.reload(s)
				tab := newTab(w.op)
				again, err := w.registry.Open(w.settings, tab.page(), hint)
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				defer again.session.stopTimer()
				user, err := again.User(t.Context())
				if found := user != nil; found != tt.found || err != nil {
					t.Errorf("found %t, %v; want %t", found, err, tt.found)
				}
			})
		})
	}
}

// What ends a session is gone from the keeper before a page hears of it.
func TestKeeperForgetsFirst(t *testing.T) {
	tests := []struct {
		name string
		end  func(t *testing.T, w *world, c *Client)
	}{
		{"removeUser", func(t *testing.T, _ *world, c *Client) { _ = c.RemoveUser(t.Context()) }},
		{"sign-out by redirect", func(t *testing.T, _ *world, c *Client) { _ = c.SignoutRedirect(t.Context(), SignoutArgs{}) }},
		{"sign-out in another program", func(_ *testing.T, w *world, _ *Client) {
			w.registry.Heard(fmt.Appendf(nil, `{"issuer":%q,"client_id":%q,"who":"","order":%d}`, w.op.Issuer, w.op.ClientID, time.Now().UnixMilli()+1))
			synctest.Wait()
		}},
		{"the provider ends the grant, and the session", func(_ *testing.T, w *world, _ *Client) {
			w.op.Edit(func() { w.op.SignedIn = false })
			w.op.Respond = onToken(nil, refuse(400, "invalid_grant"))
			time.Sleep(time.Hour)
			synctest.Wait()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withShelf(t, func(t *testing.T, w *world, s *shelf, client *Client, tab *tab) {
				if s.has() == "" {
					t.Fatal("nothing was given")
				}
				heard := 0
				tab.set(func() {
					tab.onEvent = func(e Event) {
						if e.Name == UserUnloaded || e.Name == UserSignedOut {
							heard++
							if s.has() != "" {
								t.Errorf("the keeper has something when the page hears %s", e.Name)
							}
						}
					}
				})
				tt.end(t, w, client)
				if heard == 0 || s.has() != "" {
					t.Errorf("the page heard %d, the keeper has %d bytes", heard, len(s.has()))
				}
				time.Sleep(time.Minute)
				if s.has() != "" {
					t.Error("it was given something later")
				}
			})
		})
	}
}

// What others have given, who are gone, is forgotten with a sign-out, also where nobody is.
func TestKeeperForgetsOthers(t *testing.T) {
	const of = `[{"Issuer":"another"}]`
	tests := []struct {
		name    string
		end     func(t *testing.T, w *world, c *Client) error
		forgets bool
	}{
		{"removeUser", func(t *testing.T, _ *world, c *Client) error { return c.RemoveUser(t.Context()) }, true},
		{"sign-out by redirect", func(t *testing.T, _ *world, c *Client) error { return c.SignoutRedirect(t.Context(), SignoutArgs{}) }, true},
		{"nobody is found", func(t *testing.T, _ *world, c *Client) error {
			_, err := c.User(t.Context())
			return err
		}, false},
		{"a page that keeps a sign-out", func(_ *testing.T, _ *world, c *Client) error {
			now := time.Now().UnixMilli()
			c.Hinted(Hint{Order: now, Out: now})
			return nil
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := newWorld(t), &shelf{}
				w.op.SignedIn = false
				w.reload(s)
				client, _ := w.open(true)
				s.put(of)
				if err := tt.end(t, w, client); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if forgets := s.has() != of; forgets != tt.forgets {
					t.Errorf("forgotten %t, want %t", forgets, tt.forgets)
				}
			})
		})
	}
}

// A user who may be idle may be that for the next program, too, from the first moment on.
func TestKeeperOfAnIdleUser(t *testing.T) {
	withShelf(t, func(t *testing.T, w *world, s *shelf, client *Client, _ *tab) {
		client.Close()
		w.reload(s)
		w.settings.Idle = IdleSettings{Timeout: time.Minute}
		again, _ := w.open(true)
		defer again.session.idle.stop()
		synctest.Wait()
		var all []*keptSession
		if err := json.Unmarshal([]byte(s.has()), &all); err != nil || len(all) != 1 || all[0].IdleAt != time.Now().Add(time.Minute).UnixMilli() {
			t.Errorf("%v, %d sessions, idle in %d ms", err, len(all), all[0].IdleAt-time.Now().UnixMilli())
		}
	})
}

// A refresh token is in doubt while a request with it is in the air, and the newest is
// given when that has come.
func TestKeeperDuringRefresh(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer fault
	}{{"answered", nil}, {"refused for a while", status(503)}} {
		t.Run(tt.name, func(t *testing.T) {
			withShelf(t, func(t *testing.T, w *world, s *shelf, client *Client, _ *tab) {
				grantOf := func() keptGrant {
					var all []*keptSession
					if err := json.Unmarshal([]byte(s.has()), &all); err != nil || len(all) != 1 {
						t.Fatalf("%v, %q", err, s.has())
					}
					return all[0].Grant
				}
				before, asked, during := grantOf(), keptGrant{}, keptGrant{}
				s.asked = func() { asked = grantOf() }
				w.op.Respond = onToken(func() { during = grantOf() }, tt.answer)
				_, _ = client.SigninSilent(t.Context(), SigninArgs{})
				if asked.Token != before.Token || asked.Lost != 1 {
					t.Errorf("before the request the keeper is asked: the same token %t, lost %d", asked.Token == before.Token, asked.Lost)
				}
				if during.Token != before.Token || during.Lost != 1 {
					t.Errorf("during the request: the same token %t, lost %d", during.Token == before.Token, during.Lost)
				}
				after := grantOf()
				if after.Lost != 0 || (after.Token == before.Token) != (tt.answer != nil) {
					t.Errorf("afterwards: the same token %t, lost %d", after.Token == before.Token, after.Lost)
				}
				if string(client.Current().RefreshToken) != after.Token {
					t.Error("afterwards: not that of the user")
				}
			})
		})
	}
}

// It is given again as long as somebody is signed in, so that it is never older than that.
func TestKeeperStaysAwake(t *testing.T) {
	withShelf(t, func(t *testing.T, _ *world, s *shelf, client *Client, _ *tab) {
		for range 10 {
			before := s.times()
			time.Sleep(keptAgain + time.Millisecond)
			synctest.Wait()
			if s.times() == before {
				t.Fatalf("nothing was given for %v", keptAgain)
			}
		}
		_ = client.RemoveUser(t.Context())
		before := s.times()
		time.Sleep(10 * keptAgain)
		if s.times() != before {
			t.Errorf("given %d times since", s.times()-before)
		}
	})
}

// Of two clients of an app each has its own; the second may come later, but not after the
// record has become old, nor after another program has told of it.
func TestKeeperOfTwoClients(t *testing.T) {
	for _, tt := range []struct {
		name  string
		wait  time.Duration
		told  bool
		found bool
	}{
		{"at once", 0, false, true},
		{"before it is old", keptFor - time.Second, false, true},
		{"after that", keptFor + time.Second, false, false},
		{"another program has signed out", 0, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withShelf(t, func(t *testing.T, w *world, s *shelf, first *Client, _ *tab) {
				settings := w.settings
				w.settings.ClientID = "second"
				w.op.Edit(func() { w.op.ClientID = "second" })
				second, tab := w.open(false)
				w.signIn(second, tab)
				first.Close()
				second.Close()
				w.reload(s)
				w.settings.Restore, settings.Restore = RestoreOff, RestoreOff
				other := w.settings
				w.settings = settings
				again, _ := w.open(true)
				if user, _ := again.User(t.Context()); user == nil {
					t.Fatal("the first is not found")
				}
				if tt.told {
					w.registry.Heard(fmt.Appendf(nil, `{"issuer":%q,"client_id":"second","who":"","order":%d}`, w.op.Issuer, time.Now().UnixMilli()+1))
					if strings.Contains(s.has(), `"second"`) {
						t.Error("the keeper has the second")
					}
				}
				time.Sleep(tt.wait)
				synctest.Wait()
				w.settings = other
				late, _ := w.open(true)
				if user, _ := late.User(t.Context()); (user != nil) != tt.found {
					t.Errorf("the second: found %t, want %t", user != nil, tt.found)
				}
			})
		})
	}
}

// What there is for a session is for the first that asks.
func TestKeeperTakesOnce(t *testing.T) {
	withShelf(t, func(t *testing.T, w *world, s *shelf, client *Client, _ *tab) {
		client.Close()
		w.reload(s)
		k, name := &w.registry.handover, client.session.id.name()
		if k.take(name) == nil {
			t.Fatal("there is nothing")
		}
		if k.take(name) != nil {
			t.Error("it is there a second time")
		}
	})
}

// A session that is bound to a key stays where the key is.
func TestKeeperWithoutKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t), &shelf{}
		w.settings.DPoP = true
		w.registry = NewRegistry(Config{Transport: w.transport, NewKey: newES256, Logf: t.Logf})
		w.registry.TakeOver(nil, s.keeper())
		client, tab := w.open(false)
		w.signIn(client, tab)
		if s.times() != 0 {
			t.Errorf("given %d times", s.times())
		}
	})
}

// One that nobody asked for gives nothing, and costs nothing.
func TestNoKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		w.signIn(client, tab)
		if k := &w.registry.handover; len(k.sessions) != 0 || k.awake {
			t.Error("something is kept")
		}
	})
}

// A program that has slept while another has taken what it gave leaves the refresh token alone: it
// asks the frame.
func TestKeeperHasGivenItAway(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			withShelf(t, func(t *testing.T, w *world, s *shelf, client *Client, tab *tab) {
				w.op.SignedIn = true
				w.op.ResetRequests()
				before := tab.frames
				s.lose(lost)
				if user, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || user == nil {
					t.Fatalf("nobody: %v", err)
				}
				if framed := tab.frames > before; framed != lost {
					t.Errorf("the frame was asked: %t; requests: %v", framed, w.op.Requests())
				}
			})
		})
	}
}
