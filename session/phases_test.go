package session

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// inOrder fails unless exactly the named phases are known, in this order.
func inOrder(t *testing.T, phases *SigninPhases, want string) {
	t.Helper()
	data, err := json.Marshal(phases)
	if err != nil || phases == nil {
		t.Fatalf("phases %s, %v; want %s", data, err, want)
	}
	var times map[string]int64
	_ = json.Unmarshal(data, &times) // all but the flag
	delete(times, "ahead")
	names := strings.Fields(want)
	if known := slices.Sorted(maps.Keys(times)); !slices.Equal(known, slices.Sorted(slices.Values(names))) {
		t.Errorf("%s are known, want %s", known, want)
	}
	for i := range len(names) - 1 {
		if times[names[i]] > times[names[i+1]] {
			t.Errorf("%s is after %s: %s", names[i], names[i+1], data)
		}
	}
}

// step takes the least time that shows.
func step() { time.Sleep(time.Millisecond) }

// What is known of a sign-in is in the order in which it was, whoever made the
// token request; what the program cannot know is absent.
func TestSigninPhases(t *testing.T) {
	const first, second = "called ready metadata left ", "exchange tokens verified user"
	told := func(w *world, url string, arrival Arrival) string {
		w.registry.Arrive(url, arrival)
		synctest.Wait()
		return url
	}
	tests := []struct {
		name  string
		edit  func(w *world)
		begin func(w *world, client *Client)                          // before the call
		back  func(w *world, url string, arrival Arrival) (as string) // before the tab asks
		want  string
		ahead bool
	}{
		{name: "by the page", want: first + "returned " + second},
		{name: "ahead", back: func(w *world, url string, arrival Arrival) string {
			w.registry.Arrive(url, arrival)
			time.Sleep(time.Second)
			return url
		}, want: first + "arrived exchange tokens verified returned user", ahead: true},
		{name: "the tab is faster", back: told, want: first + "arrived exchange returned tokens verified user", ahead: true},
		{name: "not to be made ahead", edit: func(w *world) {
			w.settings.Provider.Headers = `{"X-Tenant":null}`
		}, back: told, want: first + "arrived returned " + second},
		{name: "told of another response", back: func(w *world, url string, arrival Arrival) string {
			w.registry.Arrive(strings.Replace(url, "iss=", "iss=x", 1), arrival)
			time.Sleep(time.Second)
			return url
		}, want: first + "returned " + second},
		{name: "prepared", begin: func(w *world, client *Client) {
			if err := client.Prepare(w.t.Context()); err != nil {
				w.t.Error(err)
			}
			step()
		}, want: "metadata called ready left returned " + second},
		{name: "another program", back: func(w *world, url string, arrival Arrival) string {
			w.restart()
			return told(w, url, arrival)
		}, want: "returned " + second},
		{name: "a program of the page", edit: func(w *world) {
			w.onePage = true
			w.restart()
		}, back: func(w *world, url string, _ Arrival) string {
			w.restart()
			return url
		}, want: "returned " + second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				if tt.edit != nil {
					tt.edit(w)
				}
				w.transport.Fail = func(*oidc.Request) error { step(); return nil }
				client, tab := w.open(false)
				tab.headers = func([]string) (map[string]string, error) { return map[string]string{"X-Tenant": "a"}, nil }
				if tt.begin != nil {
					tt.begin(w, client)
				}
				called := time.Now().UnixMilli()
				step()
				if err := client.SigninRedirect(t.Context(), SigninArgs{Called: called}); err != nil {
					t.Fatal(err)
				}
				step()
				url, arrival := tab.handOn(w.op.Visit(tab.address))
				client.Close()
				if tt.back != nil {
					url = tt.back(w, url, arrival)
				}
				client = w.openIn(tab, false)
				if client.Stats().Signin != nil {
					t.Error("there are phases before there is a user")
				}
				if _, err := client.SigninCallback(t.Context(), url); err != nil {
					t.Fatal(err)
				}
				phases := client.Stats().Signin
				inOrder(t, phases, tt.want)
				if phases.Ahead != tt.ahead {
					t.Errorf("ahead: %t, want %t", phases.Ahead, tt.ahead)
				}
				other, _ := w.open(false)
				if got := other.Stats().Signin; got == nil || *got != *phases {
					t.Errorf("another tab hears of %+v", got)
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

func TestPopupPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		w.transport.Fail = func(*oidc.Request) error { step(); return nil }
		client, tab := w.open(false)
		tab.popup = func(_ context.Context, p Popup) (string, error) {
			step()
			return w.op.Visit(p.URL), nil
		}
		called := time.Now().UnixMilli()
		step()
		if _, err := client.SigninPopup(t.Context(), SigninArgs{Called: called}); err != nil {
			t.Fatal(err)
		}
		phases := client.Stats().Signin
		inOrder(t, phases, "called ready metadata left arrived exchange tokens verified user")
		if phases.Ahead {
			t.Error("a window has nothing to be ahead of")
		}
		_ = client.RemoveUser(t.Context())
	})
}

// A sign-in that fails, and what the app did not ask for, leave what is known of
// the last one.
func TestPhasesOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		w.settings.Restore = RestoreRedirect
		client, tab := w.open(false)
		w.signIn(client, tab)
		last := *client.Stats().Signin
		step()
		w.op.EditIDToken = func(_, claims map[string]any) { claims["nonce"] = "another" }
		_, err := client.SigninCallback(t.Context(), w.redirect(client, tab))
		mustFail(t, "SigninCallback", err, oidc.ErrNonceMismatch)
		w.op.EditIDToken = nil
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		if got := client.Stats().Signin; got == nil || *got != last {
			t.Errorf("got %+v, want %+v", got, last)
		}
		_ = client.RemoveUser(t.Context())

		w.restart()
		client = w.openIn(tab, true)
		go func() { _, _ = client.Restore(t.Context(), "https://app.example.test/") }()
		synctest.Wait()
		user, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address))
		if err != nil || user == nil {
			t.Fatalf("%v, %v", user, err)
		}
		if got := client.Stats().Signin; got != nil {
			t.Errorf("a restored session has the phases %+v", got)
		}
		_ = client.RemoveUser(t.Context())
		time.Sleep(departure)
	})
}
