//go:build known

package session

import (
	"testing"
)

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
