//go:build known

package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// reload gives the tab of a program that ended a new one; what the tab kept stays.
func (o *origin) reload(i int) (*Client, *tab) {
	o.clients[i].Close()
	o.deaf[i] = true
	client, tab := o.open()
	tab.set(func() { tab.transactions = o.tabs[i].transactions })
	return client, tab
}

// Right: "nobody is there (idle) in one tab and somebody signs in in another? Who
// signs in stays", and "an interactive sign-in is stronger than the end of the session
// before it", also where each page has its own program, and the sign-in began in the
// one before. The new program finds an order above that of the record and no hint,
// and takes it for a sign-out, although the program that knows better runs.
func TestKnownRedirectWhileTheSessionEnds(t *testing.T) {
	for how, end := range map[string]func(o *origin){
		"idle": func(o *origin) { o.clients[0].session.signOutIdle() },
		"somebody signs in and that session ends": func(o *origin) {
			o.w.signIn(o.clients[0], o.tabs[0])
			o.clients[0].session.endIf(func(*User) bool { return true })
		},
	} {
		t.Run(how, func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("a sign-in", "subject-1 subject-1")
				callback := o.w.redirect(o.clients[1], o.tabs[1])
				o.clients[1].Close()
				end(o)
				time.Sleep(time.Second)
				synctest.Wait()
				client, _ := o.reload(1)
				synctest.Wait()
				if _, err := client.SigninCallback(t.Context(), callback); err != nil {
					t.Errorf("the sign-in: %v", err)
				}
			})
		})
	}
}

// Right: as "somebody signs in elsewhere": a request of a person of whom nobody says
// who that is does not get the token of another such person.
func TestKnownFetchOfNobodysName(t *testing.T) {
	w, client, _, a := newFetcher(t, func(w *world) { w.settings.ManualRenew = true })
	other, _ := w.open(true)
	if err := client.StoreUser(t.Context(), &User{AccessToken: "anns"}); err != nil {
		t.Fatal(err)
	}
	shown := client.Current().person() // what the page has shown, and knows
	if err := other.StoreUser(t.Context(), &User{AccessToken: "bobs"}); err != nil {
		t.Fatal(err)
	}
	_, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: apiURL, Shown: &shown}, a)
	if err == nil {
		t.Errorf("the request of the first went out with %v", a.tokens())
	}
	_ = client.RemoveUser(t.Context())
}
