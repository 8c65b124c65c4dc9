package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

const apiURL = "https://api.example.test/v1/things"

// api is an API without a network. It keeps what it was sent.
type api struct {
	mu   sync.Mutex
	sent []map[string]string
	err  error

	mayRedirect bool // the last request

	// answer is asked for each request; nil is 200 for everybody.
	answer func(n int, header map[string]string) *oidc.Response
}

func (a *api) Do(_ context.Context, req *oidc.Request) (*oidc.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, req.Header)
	a.mayRedirect = req.MayRedirect
	if a.err != nil {
		return nil, a.err
	}
	if a.answer == nil {
		return &oidc.Response{Status: 200}, nil
	}
	return a.answer(len(a.sent), req.Header), nil
}

// tokens returns what came as Authorization.
func (a *api) tokens() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var tokens []string
	for _, header := range a.sent {
		tokens = append(tokens, header["Authorization"])
	}
	return tokens
}

func challenged(status int, challenge string) *oidc.Response {
	return &oidc.Response{Status: status, Header: map[string]string{"www-authenticate": challenge}}
}

// newFetcher is a world with somebody signed in who may call the API.
func newFetcher(t *testing.T, edit func(w *world)) (*world, *Client, *tab, *api) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	w.settings.Fetch.Allow = []API{{URL: "https://api.example.test/v1"}}
	if edit != nil {
		edit(w)
	}
	client, tab := w.open(false)
	w.signIn(client, tab)
	w.op.ResetRequests()
	tab.heard()
	return w, client, tab, &api{}
}

func get(client *Client, a *api) (*oidc.Response, error) {
	return client.Fetch(context.Background(), &FetchRequest{Method: "GET", URL: apiURL, Repeatable: true}, a)
}

// mustGet returns the status.
func mustGet(t *testing.T, client *Client, a *api) int {
	t.Helper()
	resp, err := get(client, a)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status
}

func TestFetch(t *testing.T) {
	w, client, _, a := newFetcher(t, nil)
	user, _ := client.session.current()
	header := map[string]string{"accept": "application/json"}
	resp, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: apiURL, Header: header}, a)
	if err != nil || resp.Status != 200 {
		t.Fatal(resp, err)
	}
	if got := a.sent[0]; got["Authorization"] != "Bearer "+user.AccessToken.Reveal() || got["accept"] != "application/json" || len(got) != 2 {
		t.Errorf("the API got %d headers, or another token", len(got))
	}
	if n := len(w.op.Requests()); n != 0 {
		t.Errorf("%d requests to the provider", n)
	}
}

func TestFetchRefusals(t *testing.T) {
	tests := []struct {
		name   string
		url    string
		header string
		want   oidc.Code
	}{
		{"another origin", "https://evil.example/v1", "", ErrFetchNotAllowed},
		{"a token of the app's", apiURL, "authorization", oidc.ErrInvalidArgument},
		{"a proof of the app's", apiURL, "dpop", oidc.ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, client, _, a := newFetcher(t, nil)
			req := &FetchRequest{Method: "GET", URL: tt.url, Header: map[string]string{tt.header: "x"}}
			_, err := client.Fetch(t.Context(), req, a)
			mustFail(t, "Fetch", err, tt.want)
			if len(a.sent) != 0 {
				t.Error("the request was sent")
			}
		})
	}
}

func TestFetchNobody(t *testing.T) {
	_, client, _, a := newFetcher(t, nil)
	_ = client.RemoveUser(t.Context())
	_, err := get(client, a)
	mustFail(t, "Fetch", err, ErrNotSignedIn)
	if len(a.sent) != 0 {
		t.Error("the request was sent")
	}
}

// A token that is about to expire is renewed before it is sent, once.
func TestFetchRenewsFirst(t *testing.T) {
	tests := []struct {
		name  string
		after time.Duration
		want  int // renewals
	}{
		{"fresh", 0, 0},
		{"good for 11 s", time.Hour - 11*time.Second, 0},
		{"good for 10 s", time.Hour - 10*time.Second, 1},
		{"expired", 2 * time.Hour, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, client, _, a := newFetcher(t, func(w *world) { w.settings.ManualRenew = true })
				before, _ := client.session.current()
				time.Sleep(tt.after)
				var calls sync.WaitGroup
				for range 20 {
					calls.Go(func() {
						if status := mustGet(t, client, a); status != 200 {
							t.Errorf("status %d", status)
						}
					})
				}
				calls.Wait()
				if n := w.op.Count(oidctest.Token); n != tt.want {
					t.Errorf("%d renewals, want %d", n, tt.want)
				}
				if tt.want > 0 && slices.Contains(a.tokens(), "Bearer "+before.AccessToken.Reveal()) {
					t.Error("the old token was sent")
				}
				client.session.stopTimer()
			})
		})
	}
}

// An expired token is not sent, whatever fails; one that is still good is.
func TestFetchRenewalFails(t *testing.T) {
	tests := []struct {
		name  string
		after time.Duration
		want  error
	}{
		{"still good", time.Hour - 5*time.Second, nil},
		{"expired", time.Hour, oidc.ErrNetwork},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, client, _, a := newFetcher(t, func(w *world) { w.settings.ManualRenew = true })
				w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
				time.Sleep(tt.after)
				_, err := get(client, a)
				if !errors.Is(err, tt.want) {
					t.Errorf("Fetch = %v, want %v", err, tt.want)
				}
				if sent := len(a.sent) == 1; sent != (tt.want == nil) {
					t.Errorf("sent: %t", sent)
				}
				client.session.stopTimer()
			})
		})
	}
}

// What a 401 says decides whether the token is renewed and the request sent
// again.
func TestFetchRefusedToken(t *testing.T) {
	tests := []struct {
		name     string
		answer   *oidc.Response
		renewals int
	}{
		{"6750-3.1 invalid_token", challenged(401, `Bearer error="invalid_token"`), 1},
		{"6750-3.1 no error", challenged(401, `Bearer realm="x"`), 1},
		{"9110-11.6.1 one of two challenges", challenged(401, `Basic realm="x", Bearer error="invalid_token"`), 1},
		{"hidden by CORS", &oidc.Response{Status: 401}, 1},
		{"6750-3.1 invalid_request", challenged(400, `Bearer error="invalid_request"`), 0},
		{"9449-7.1 invalid_dpop_proof", challenged(401, `DPoP error="invalid_dpop_proof"`), 0},
		{"another scheme", challenged(401, `Basic realm="x"`), 0},
		{"11.6.1 malformed", challenged(401, `Bearer error="`), 1},
		{"9470-3 step-up", challenged(401, `Bearer error="insufficient_user_authentication"`), 0},
		{"403", &oidc.Response{Status: 403}, 0},
		{"503", &oidc.Response{Status: 503}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, client, _, a := newFetcher(t, nil)
			a.answer = func(n int, _ map[string]string) *oidc.Response {
				if n == 1 {
					return tt.answer
				}
				return &oidc.Response{Status: 200}
			}
			want := tt.answer.Status
			if tt.renewals > 0 {
				want = 200
			}
			if status := mustGet(t, client, a); status != want {
				t.Errorf("status %d, want %d", status, want)
			}
			if n := w.op.Count(oidctest.Token); n != tt.renewals || len(a.sent) != 1+tt.renewals {
				t.Errorf("%d renewals, %d requests; want %d renewals", n, len(a.sent), tt.renewals)
			}
			if sent := slices.Compact(a.tokens()); len(sent) != 1+tt.renewals {
				t.Errorf("%d different tokens were sent", len(sent))
			}
		})
	}
}

// Twenty requests with a token that was revoked renew it once.
func TestFetchConcurrentRefusals(t *testing.T) {
	w, client, _, a := newFetcher(t, nil)
	user, _ := client.session.current()
	bad := "Bearer " + user.AccessToken.Reveal()
	a.answer = func(_ int, header map[string]string) *oidc.Response {
		if header["Authorization"] == bad {
			return challenged(401, `Bearer error="invalid_token"`)
		}
		return &oidc.Response{Status: 200}
	}
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			if status := mustGet(t, client, a); status != 200 {
				t.Errorf("status %d", status)
			}
		})
	}
	calls.Wait()
	if n := w.op.Count(oidctest.Token); n != 1 {
		t.Errorf("%d renewals, want 1", n)
	}
}

// An API that refuses every token makes one renewal a minute.
func TestFetchRefusedForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, _, a := newFetcher(t, nil)
		a.answer = func(int, map[string]string) *oidc.Response { return challenged(401, `Bearer error="invalid_token"`) }
		for range 5 {
			if status := mustGet(t, client, a); status != 401 {
				t.Errorf("status %d", status)
			}
		}
		if n := w.op.Count(oidctest.Token); n != 1 || len(a.sent) != 6 {
			t.Errorf("%d renewals and %d requests, want 1 and 6", n, len(a.sent))
		}
		time.Sleep(refusalPause)
		_ = mustGet(t, client, a)
		if n := w.op.Count(oidctest.Token); n != 2 {
			t.Errorf("%d renewals a minute later, want 2", n)
		}
		client.session.stopTimer()
	})
}

// A renewal that fails leaves the app with the answer of the API.
func TestFetchRefusedAndOffline(t *testing.T) {
	w, client, _, a := newFetcher(t, nil)
	a.answer = func(int, map[string]string) *oidc.Response { return challenged(401, `Bearer error="invalid_token"`) }
	w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
	if status := mustGet(t, client, a); status != 401 || len(a.sent) != 1 {
		t.Errorf("status %d after %d requests", status, len(a.sent))
	}
}

// A body that can be read once is sent once; the next request has the token
// that the refusal brought.
func TestFetchUnrepeatable(t *testing.T) {
	w, client, _, a := newFetcher(t, nil)
	a.answer = func(n int, _ map[string]string) *oidc.Response {
		if n == 1 {
			return challenged(401, `Bearer error="invalid_token"`)
		}
		return &oidc.Response{Status: 200}
	}
	for _, want := range []int{401, 200} {
		resp, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL}, a)
		if err != nil || resp.Status != want {
			t.Errorf("got %v, %v; want %d", resp, err, want)
		}
	}
	if n := w.op.Count(oidctest.Token); n != 1 || len(a.sent) != 2 || a.tokens()[0] == a.tokens()[1] {
		t.Errorf("%d renewals, %d requests", n, len(a.sent))
	}
}

// A transport may follow a redirect only where every path of the origin has
// the same token, or the app said so, and no proof goes along.
func TestFetchRedirects(t *testing.T) {
	const path, origin = "https://api.example.test/v1", "https://api.example.test"
	tests := []struct {
		name  string
		allow []API
		bound bool
		want  bool // may follow
	}{
		{"a path", []API{{URL: path}}, false, false},
		{"a path, and the app does not mind", []API{{URL: path, TokenFollowsRedirects: true}}, false, true},
		{"a path, and the app does not mind another", []API{{URL: path}, {URL: path + "/x", TokenFollowsRedirects: true}}, false, false},
		{"a path in an origin of the list", []API{{URL: path}, {URL: origin}}, false, false},
		{"the origin", []API{{URL: origin}}, false, true},
		{"the origin with a slash", []API{{URL: origin + "/"}}, false, true},
		{"the origin and a path of its token", []API{{URL: origin}, {URL: origin + "/v2"}}, false, true},
		{"the origin and a path of another token", []API{{URL: origin}, {URL: origin + "/v2", Resource: "urn:v2"}}, false, false},
		{"the origin and another origin's path", []API{{URL: origin}, {URL: "https://other.example/v2", Resource: "urn:v2"}}, false, true},
		{"the origin, bound to a key", []API{{URL: origin}}, true, false},
		{"a path, bound to a key", []API{{URL: path}}, true, false},
		{"a path, bound to a key, and the app does not mind", []API{{URL: path, TokenFollowsRedirects: true}}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if tt.bound {
				w, _ = newBound(t)
			}
			w.settings.Fetch.Allow = tt.allow
			client, tab := w.open(false)
			w.signIn(client, tab)
			a := &api{}
			mustGet(t, client, a)
			if got := a.mayRedirect; got != tt.want {
				t.Errorf("may follow a redirect: %t, want %t", got, tt.want)
			}
		})
	}
}

// A redirect that is refused is not sent again, and says whose it is.
func TestFetchRedirectRefused(t *testing.T) {
	_, client, _, a := newFetcher(t, nil)
	a.err = oidc.ErrRedirectRefused
	_, err := get(client, a)
	mustFail(t, "Fetch", err, oidc.ErrRedirectRefused)
	if !strings.Contains(err.Error(), "the API redirects") || len(a.sent) != 1 {
		t.Errorf("%v, after %d requests", err, len(a.sent))
	}
}

// A token that is bound to a key goes with a proof, and with the nonce that
// the API wants.
func TestFetchDPoP(t *testing.T) {
	w, _ := newBound(t)
	w.settings.Fetch.Allow = []API{{URL: "https://api.example.test/v1"}}
	client, tab := w.open(false)
	user := w.signIn(client, tab)
	a := &api{answer: func(n int, _ map[string]string) *oidc.Response {
		if n > 1 {
			return &oidc.Response{Status: 200}
		}
		return &oidc.Response{Status: 401, Header: map[string]string{
			"www-authenticate": `DPoP error="use_dpop_nonce"`, "dpop-nonce": "nonce-1",
		}}
	}}
	resp, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Repeatable: true}, a)
	if err != nil || resp.Status != 200 || len(a.sent) != 2 {
		t.Fatalf("got %v, %v after %d requests", resp, err, len(a.sent))
	}
	for i, nonce := range []string{"", "nonce-1"} {
		if a.sent[i]["Authorization"] != "DPoP "+user.AccessToken.Reveal() {
			t.Error("not the bound token, or not with the scheme DPoP")
		}
		expected := &oidc.ExpectedDPoPProof{
			Method: "POST", URL: apiURL, AccessToken: user.AccessToken,
			Thumbprint: user.key.Thumbprint(),
		}
		proof, err := expected.VerifyDPoPProof(a.sent[i]["DPoP"], client.session.config.Now())
		if err != nil || proof.Nonce != nonce {
			t.Errorf("proof %d: %v", i, err)
		}
	}
	// Sent once, the next one has the nonce at once.
	a.sent, a.answer = nil, nil
	if _, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL}, a); err != nil || len(a.sent) != 1 {
		t.Errorf("%d requests, %v", len(a.sent), err)
	}
}

// A body that can be sent once is sent once, also where the API wants a nonce:
// the app gets the 401, and the next request has the nonce.
func TestFetchUnrepeatableDPoP(t *testing.T) {
	w, _ := newBound(t)
	w.settings.Fetch.Allow = []API{{URL: "https://api.example.test/v1"}}
	client, tab := w.open(false)
	w.signIn(client, tab)
	a := &api{answer: func(n int, _ map[string]string) *oidc.Response {
		if n > 1 {
			return &oidc.Response{Status: 200}
		}
		return &oidc.Response{Status: 401, Header: map[string]string{
			"www-authenticate": `DPoP error="use_dpop_nonce"`, "dpop-nonce": "nonce-1",
		}}
	}}
	for i, want := range []int{401, 200} {
		resp, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL}, a)
		if err != nil || resp.Status != want || len(a.sent) != i+1 {
			t.Errorf("got %v, %v after %d requests; want %d", resp, err, len(a.sent), want)
		}
	}
}

// newResources is a world with three APIs and a log of token requests.
func newResources(t *testing.T, edit func(w *world)) (w *world, client *Client, forms func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	w, client, _, _ = newFetcher(t, func(w *world) {
		w.settings.Fetch.Allow = []API{
			{URL: "https://api.example.test/v1"},
			{URL: "https://files.example.test", Resource: "urn:files"},
			{URL: "https://mail.example.test", Resource: "urn:mail"},
		}
		if edit != nil {
			edit(w)
		}
		w.op.Hold = func(endpoint string, r *http.Request) {
			if endpoint != oidctest.Token {
				return
			}
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r.PostForm.Get("grant_type")+" "+r.PostForm.Get("resource")+" "+r.PostForm.Get("scope"))
		}
	})
	return w, client, func() []string {
		mu.Lock()
		defer mu.Unlock()
		all := seen
		seen = nil
		return all
	}
}

func getAt(t *testing.T, client *Client, url string, a *api) int {
	t.Helper()
	resp, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: url, Repeatable: true}, a)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status
}

// Each resource has a token of its own, fetched once when it is needed, and
// the refresh token is used by one request at a time.
func TestFetchResources(t *testing.T) {
	w, client, forms := newResources(t, nil)
	forms()
	a := &api{}
	var calls sync.WaitGroup
	for i := range 30 {
		calls.Go(func() {
			switch host := []string{"files", "mail", "api"}[i%3]; {
			case i == 20:
				if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
					t.Error(err)
				}
			case host == "api":
				getAt(t, client, apiURL, a)
			default:
				getAt(t, client, "https://"+host+".example.test/", a)
			}
		})
	}
	calls.Wait()
	for _, host := range []string{"files", "mail"} { // the renewal was before or after
		getAt(t, client, "https://"+host+".example.test/", a)
	}
	seen := forms()
	if n := len(seen); n < 3 || n > 5 {
		t.Errorf("%d token requests: %q", n, seen)
	}
	for _, want := range []string{"refresh_token urn:files ", "refresh_token urn:mail ", "refresh_token  openid profile"} {
		if !slices.Contains(seen, want) {
			t.Errorf("no request %q in %q", want, seen)
		}
	}
	user, _ := client.session.current()
	if got := getAt(t, client, "https://files.example.test/", a); got != 200 || slices.Index(a.tokens(), "Bearer "+user.AccessToken.Reveal()) == len(a.sent)-1 {
		t.Error("a resource got the token of the sign-in")
	}
	// The rotated refresh token is the one that counts.
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
		t.Error(err)
	}
	if n := w.op.Count(oidctest.Authorize); n != 0 {
		t.Errorf("%d frames", n)
	}
}

func TestFetchResourceRefused(t *testing.T) {
	_, client, forms := newResources(t, nil)
	a := &api{}
	getAt(t, client, "https://files.example.test/", a)
	forms()
	bad := a.tokens()[0]
	a.answer = func(_ int, header map[string]string) *oidc.Response {
		if header["Authorization"] == bad {
			return challenged(401, `Bearer error="invalid_token"`)
		}
		return &oidc.Response{Status: 200}
	}
	if status := getAt(t, client, "https://files.example.test/", a); status != 200 {
		t.Errorf("status %d", status)
	}
	if seen := forms(); !slices.Equal(seen, []string{"refresh_token urn:files "}) {
		t.Errorf("token requests %q", seen)
	}
}

// Without a refresh token the frame asks for the resource.
func TestFetchResourceByFrame(t *testing.T) {
	w, client, forms := newResources(t, func(w *world) { w.op.RefreshTokens = false })
	forms()
	a := &api{}
	before, _ := client.session.current()
	getAt(t, client, "https://files.example.test/", a)
	getAt(t, client, "https://files.example.test/", a)
	asked := forms()
	if len(asked) != 1 || !strings.HasPrefix(asked[0], "authorization_code") || w.op.Count(oidctest.Authorize) != 1 {
		t.Errorf("token requests %q", asked)
	}
	if now, _ := client.session.current(); now != before {
		t.Error("the user was replaced")
	}
}

// Who signs out takes the tokens along.
func TestFetchResourceAfterSignout(t *testing.T) {
	_, client, _ := newResources(t, nil)
	getAt(t, client, "https://files.example.test/", &api{})
	_ = client.RemoveUser(t.Context())
	if n := len(client.session.fetches.tokens); n != 0 {
		t.Errorf("%d tokens are left", n)
	}
	_, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: "https://files.example.test/"}, &api{})
	mustFail(t, "Fetch", err, ErrNotSignedIn)
}

// A request that is given up does not take the renewal of others with it.
func TestFetchAborted(t *testing.T) {
	w, client, _, a := newFetcher(t, nil)
	user, _ := client.session.current()
	bad := "Bearer " + user.AccessToken.Reveal()
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("given up")
	a.answer = func(_ int, header map[string]string) *oidc.Response {
		if header["Authorization"] == bad {
			cancel(gone)
			return challenged(401, `Bearer error="invalid_token"`)
		}
		return &oidc.Response{Status: 200}
	}
	resp, err := client.Fetch(ctx, &FetchRequest{Method: "GET", URL: apiURL, Repeatable: true}, a)
	if err == nil && resp.Status == 200 {
		t.Error("a request that was given up was repeated")
	}
	if status := mustGet(t, client, a); status != 200 {
		t.Errorf("the next one: status %d", status)
	}
	if n := w.op.Count(oidctest.Token); n != 1 {
		t.Errorf("%d renewals, want 1", n)
	}
}

// The answer with which a session has ended is the answer: the app knows what a 401 is.
func TestFetchWithWhichTheSessionEnds(t *testing.T) {
	w, client, _, a := newFetcher(t, nil)
	w.op.Edit(func() { w.op.SignedIn = false })
	a.answer = func(int, map[string]string) *oidc.Response {
		w.op.RevokeRefreshTokens()
		return challenged(401, `Bearer error="invalid_token"`)
	}
	if status := mustGet(t, client, a); status != 401 || client.Current() != nil {
		t.Errorf("status %d, and the user is %v", status, client.Current())
	}
}

// A request that one End-User made is not sent again with the token of another
// one who has signed in meanwhile.
func TestFetchOfAnotherEndUser(t *testing.T) {
	for name, challenge := range map[string]*oidc.Response{
		"invalid_token":      challenged(401, `Bearer error="invalid_token"`),
		"insufficient_scope": challenged(403, `Bearer error="insufficient_scope", scope="x"`),
	} {
		t.Run(name, func(t *testing.T) {
			w, client, _, a := newFetcher(t, nil)
			other, tab := w.open(false)
			a.answer = func(n int, _ map[string]string) *oidc.Response {
				if n > 1 {
					return &oidc.Response{Status: 200}
				}
				w.op.Edit(func() { w.op.Subject = "subject-2" })
				w.signIn(other, tab)
				return challenge
			}
			_, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Repeatable: true}, a)
			if len(a.sent) != 1 {
				t.Errorf("%d requests", len(a.sent))
			}
			mustFail(t, "Fetch", err, oidc.ErrSubjectChanged)
		})
	}
}

// A program that is new finds who is signed in at the provider by now: a request of
// the page that shows somebody else is not that one's.
func TestFetchOfWhomThePageShows(t *testing.T) {
	ann, bob, unnamed := "subject-1", "subject-2", ""
	tests := []struct {
		name  string
		shown *string
		want  oidc.Code
	}{
		{"the same", &ann, ""},
		{"somebody else", &bob, oidc.ErrSubjectChanged},
		{"a user without a subject", &unnamed, oidc.ErrSubjectChanged},
		{"nobody", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings.Fetch.Allow = []API{{URL: apiURL}}
			client, _ := w.open(true)
			a := &api{}
			_, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Shown: tt.shown}, a)
			if tt.want != "" {
				mustFail(t, "Fetch", err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
			if sent := len(a.sent) > 0; sent != (tt.want == "") {
				t.Errorf("sent: %t", sent)
			}
		})
	}
}

// The same for users that the app stores without an ID Token: what the profile
// says counts, and of whom it says nothing is the one before only with a token of
// that one's.
func TestFetchOfAnotherStoredUser(t *testing.T) {
	profile := func(sub string) map[string]strictjson.RawMessage {
		return map[string]strictjson.RawMessage{"sub": []byte(`"` + sub + `"`)}
	}
	number := map[string]strictjson.RawMessage{"sub": []byte(`7`)}
	tests := []struct {
		name       string
		first, now User
		same       bool
	}{
		{"two of whom nobody knows who they are", User{}, User{}, false},
		{"two subjects", User{Profile: profile("ann")}, User{Profile: profile("bob")}, false},
		{"two subjects, one refresh token", User{Profile: profile("ann"), RefreshToken: "r"}, User{Profile: profile("bob"), RefreshToken: "r"}, false},
		{"a subject and none", User{Profile: profile("ann")}, User{}, false},
		{"one subject that is no string", User{Profile: number}, User{Profile: number}, true},
		{"one subject", User{Profile: profile("ann")}, User{Profile: profile("ann")}, true},
		{"the same refresh token", User{RefreshToken: "r"}, User{RefreshToken: "r"}, true},
		{"two refresh tokens", User{RefreshToken: "r"}, User{RefreshToken: "r2"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings.ManualRenew = true
			w.settings.Fetch.Allow = []API{{URL: apiURL}}
			client, _ := w.open(false)
			store := func(user User, token oidc.Secret) {
				user.AccessToken = token
				if err := client.StoreUser(t.Context(), &user); err != nil {
					t.Error(err)
				}
			}
			store(tt.first, "first")
			a := &api{}
			a.answer = func(n int, _ map[string]string) *oidc.Response {
				if n > 1 {
					return &oidc.Response{Status: 200}
				}
				store(tt.now, "second")
				return challenged(401, `Bearer error="invalid_token"`)
			}
			_, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Repeatable: true}, a)
			if repeated := len(a.sent) > 1; repeated != tt.same || errors.Is(err, oidc.ErrSubjectChanged) == tt.same {
				t.Errorf("sent %q, %v", a.tokens(), err)
			}
		})
	}
}

// Renewed without an ID Token, a user of whom nobody knows who that is stays the
// same person: what was refused goes out with the new token.
func TestFetchRenewsStoredUser(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	w.settings.Fetch.Allow = []API{{URL: apiURL}}
	client, _ := w.open(false)
	user := w.kept(time.Hour)
	user.IDToken, user.Profile = "", nil
	w.op.Edit(func() {
		w.op.EditTokenResponse = func(response map[string]any) { delete(response, "id_token") }
	})
	if err := client.StoreUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	a := &api{answer: func(n int, _ map[string]string) *oidc.Response {
		if n > 1 {
			return &oidc.Response{Status: 200}
		}
		return challenged(401, `Bearer error="invalid_token"`)
	}}
	if status := mustGet(t, client, a); status != 200 || len(a.sent) != 2 {
		t.Errorf("status %d, %d requests", status, len(a.sent))
	}
}

// An API that asks for something else each time gets three sign-ins a minute.
func TestStepUpsOfOneAPI(t *testing.T) {
	w, client, tab, a := newFetcher(t, func(w *world) { w.settings.Fetch.StepUp = StepUpPopup })
	popups := 0
	tab.popup = func(_ context.Context, popup Popup) (string, error) { popups++; return w.op.Visit(popup.URL), nil }
	a.answer = func(n int, _ map[string]string) *oidc.Response {
		return challenged(403, fmt.Sprintf(`Bearer error="insufficient_scope", scope="s%d"`, n))
	}
	for range 5 {
		if got := mustGet(t, client, a); got != 403 {
			t.Errorf("status %d", got)
		}
	}
	if popups != stepUpLimit {
		t.Errorf("%d windows, want %d", popups, stepUpLimit)
	}
}

// An API that refuses every token has it renewed once in a while, also for
// requests that cannot be repeated.
func TestFetchRenewsInVain(t *testing.T) {
	for _, repeatable := range []bool{true, false} {
		w, client, _, a := newFetcher(t, func(w *world) { w.settings.ManualRenew = true })
		a.answer = func(int, map[string]string) *oidc.Response { return challenged(401, `Bearer error="invalid_token"`) }
		for range 10 {
			if _, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Repeatable: repeatable}, a); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.op.Count(oidctest.Token); n != 1 {
			t.Errorf("repeatable %t: %d renewals", repeatable, n)
		}
	}
}
