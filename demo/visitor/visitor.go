// Package visitor is a person with a browser without scripts: for tests of
// providers, it goes through sign-ins as a client does, and looks at each
// step. Its methods fail the test when a step has no sensible answer.
package visitor

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A Visitor has cookies and belongs to one client of one provider.
type Visitor struct {
	Issuer, ClientID, RedirectURI string

	tb       testing.TB
	browser  *http.Client
	metadata map[string]any // once fetched
}

// New returns a visitor without cookies.
func New(tb testing.TB, issuer, clientID, redirectURI string) *Visitor {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	browser := &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Visitor{Issuer: issuer, ClientID: clientID, RedirectURI: redirectURI, tb: tb, browser: browser}
}

// An Answer is a response that was read.
type Answer struct {
	Status   int
	Header   http.Header
	Body     string
	URL      *url.URL // that gave the answer
	Location *url.URL // where a redirect leads away from the provider, or nil
}

// Do sends a request and follows redirects as long as they stay at the
// provider.
func (v *Visitor) Do(r *http.Request) Answer {
	v.tb.Helper()
	res, err := v.browser.Do(r)
	if err != nil {
		v.tb.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.tb.Fatal(err)
	}
	a := Answer{Status: res.StatusCode, Header: res.Header, Body: string(body), URL: r.URL}
	if a.Location, err = res.Location(); err != nil {
		a.Location = nil
		return a
	}
	if a.Location.Host == r.URL.Host {
		return v.Get(a.Location.String())
	}
	return a
}

// Get visits an address.
func (v *Visitor) Get(address string) Answer {
	v.tb.Helper()
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		v.tb.Fatal(err)
	}
	return v.Do(r)
}

// Post sends a form.
func (v *Visitor) Post(address string, form url.Values) Answer {
	v.tb.Helper()
	r, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		v.tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.Do(r)
}

// Metadata returns the provider's metadata.
func (v *Visitor) Metadata() map[string]any {
	v.tb.Helper()
	if v.metadata == nil {
		v.metadata = v.JSON(v.Get(v.Issuer + "/.well-known/openid-configuration"))
	}
	return v.metadata
}

// Endpoint returns a URL of the metadata.
func (v *Visitor) Endpoint(name string) string {
	v.tb.Helper()
	endpoint, ok := v.Metadata()[name].(string)
	if !ok {
		v.tb.Fatalf("the metadata has no %s", name)
	}
	return endpoint
}

// JSON decodes an answer.
func (v *Visitor) JSON(a Answer) map[string]any {
	v.tb.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
		v.tb.Fatalf("status %d, %v: %s", a.Status, err, a.Body)
	}
	return body
}

// An Attempt is an authorization request and the secret that belongs to it.
type Attempt struct {
	Verifier string
	Params   url.Values
}

// NewAttempt makes a request; set are pairs of a name and a value, where an
// empty value takes the parameter out.
func (v *Visitor) NewAttempt(set ...string) Attempt {
	a := Attempt{Verifier: rand.Text() + rand.Text()}
	challenge := sha256.Sum256([]byte(a.Verifier))
	a.Params = url.Values{
		"client_id":             {v.ClientID},
		"redirect_uri":          {v.RedirectURI},
		"response_type":         {"code"},
		"scope":                 {"openid profile email offline_access api"},
		"state":                 {"state-1"},
		"nonce":                 {"nonce-1"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}
	for i := 0; i < len(set); i += 2 {
		a.Params.Set(set[i], set[i+1])
		if set[i+1] == "" {
			a.Params.Del(set[i])
		}
	}
	return a
}

// Authorize sends the request.
func (v *Visitor) Authorize(a Attempt) Answer {
	v.tb.Helper()
	return v.Get(v.Endpoint("authorization_endpoint") + "?" + a.Params.Encode())
}

var (
	form   = regexp.MustCompile(`<form [^>]*>`)
	action = regexp.MustCompile(` action="([^"]*)"`)
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// Submit sends the form of a page.
func (v *Visitor) Submit(page Answer, fields url.Values) Answer {
	v.tb.Helper()
	tag := form.FindString(page.Body)
	if tag == "" {
		v.tb.Fatalf("no form in the answer with status %d: %s", page.Status, page.Body)
	}
	target := page.URL
	if m := action.FindStringSubmatch(tag); m != nil {
		var err error
		if target, err = page.URL.Parse(html.UnescapeString(m[1])); err != nil {
			v.tb.Fatal(err)
		}
	}
	for _, m := range hidden.FindAllStringSubmatch(page.Body, -1) {
		fields.Set(m[1], html.UnescapeString(m[2]))
	}
	return v.Post(target.String(), fields)
}

// Credentials fills in the form.
func Credentials(name, password string) url.Values {
	return url.Values{"username": {name}, "password": {password}, "action": {"sign-in"}}
}

// SignIn sends the request, fills in the form as the user "demo", and
// returns the parameters of the callback.
func (v *Visitor) SignIn(a Attempt) url.Values {
	v.tb.Helper()
	return v.Callback(v.Submit(v.Authorize(a), Credentials("demo", "demo")))
}

// Callback returns the parameters of a redirect to the client.
func (v *Visitor) Callback(a Answer) url.Values {
	v.tb.Helper()
	if a.Location == nil || !strings.HasPrefix(a.Location.String(), v.RedirectURI+"?") {
		v.tb.Fatalf("status %d and location %v, want a redirect to the client; %s", a.Status, a.Location, a.Body)
	}
	return a.Location.Query()
}

// Token calls the token endpoint.
func (v *Visitor) Token(form url.Values) (status int, body map[string]any) {
	v.tb.Helper()
	form.Set("client_id", v.ClientID)
	a := v.Post(v.Endpoint("token_endpoint"), form)
	return a.Status, v.JSON(a)
}

// Exchange trades the code of a callback for tokens.
func (v *Visitor) Exchange(a Attempt, callback url.Values) (status int, body map[string]any) {
	v.tb.Helper()
	return v.Token(url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {callback.Get("code")},
		"redirect_uri":  {v.RedirectURI},
		"code_verifier": {a.Verifier},
	})
}

// Refresh trades a refresh token for new tokens.
func (v *Visitor) Refresh(token any) (status int, body map[string]any) {
	v.tb.Helper()
	value, _ := token.(string)
	return v.Token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {value}})
}

// Tokens signs in and returns the token response; set is as for NewAttempt.
func (v *Visitor) Tokens(set ...string) map[string]any {
	v.tb.Helper()
	a := v.NewAttempt(set...)
	status, body := v.Exchange(a, v.SignIn(a))
	if status != http.StatusOK {
		v.tb.Fatalf("token endpoint: %d %v", status, body)
	}
	return body
}

// Part decodes one part of a JWT: 0 is the header, 1 are the claims.
func (v *Visitor) Part(token any, i int) map[string]any {
	v.tb.Helper()
	jwt, _ := token.(string)
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		v.tb.Fatalf("a JWT has 3 parts, this has %d", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err != nil {
		v.tb.Fatal(err)
	}
	return v.JSON(Answer{Body: string(raw)})
}

// Check compares the members of got that want names.
func Check(tb testing.TB, what string, got, want map[string]any) {
	tb.Helper()
	for name, value := range want {
		if got[name] != value {
			tb.Errorf("%s: %s = %v, want %v", what, name, got[name], value)
		}
	}
}
