//go:build !js

package explore

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// lifetime is that of an access token.
const lifetime = 5 * time.Minute

// A provider answers as the specifications say, from memory. It has one session
// with the browser, as a provider has by its cookie.
type provider struct {
	w      *world
	issuer string

	subject      string // who is signed in with the browser; empty for nobody
	session      int    // counts them, as sid and session_state do
	codes        map[string]*grant
	refresh      map[string]*refreshToken
	access       map[string]*accessToken
	issued       int
	about        string // its metadata
	down         bool
	named        int                 // when the front channel named a session last
	spent        map[string]*program // codes
	asking       asking              // what is being answered
	given        *gift               // with that answer
	namedSession int                 // by it
	entries      []entry
}

// A grant is what a sign-in at the provider gave.
type grant struct {
	subject, client, nonce, scope, redirect string
	session                                 int
	authTime                                int64
	acr                                     string
	key, resource                           string // that the tokens are bound to, and for
	code                                    string // that it was given with; empty: none
	typed                                   bool   // somebody has signed in for it
	weak                                    bool   // without the acr that was asked for
	revoked                                 *bool  // shared by all that come of a sign-in
}

type refreshToken struct {
	*grant
	used    bool
	doubt   bool         // the answer with the next one did not arrive
	brought bool         // the app has brought it back
	lost    int          // answers
	denied  bool         // the answer said so
	main    *accessToken // of the sign-in, which it renews
}

type accessToken struct {
	*grant
	expires    time.Time
	refused    bool // the API does not take it any more
	gift       *gift
	turnedDown bool // an API has refused it
}

var (
	signingKey = ed25519.NewKeyFromSeed([]byte("a key of nobody for simulations!"))
	jwks       = []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"1","x":"` +
		encode(signingKey.Public().(ed25519.PublicKey)) + `"}]}`)
	jwsHeader = encode([]byte(`{"alg":"EdDSA","kid":"1"}`))
)

// sign signs with a nonce that is always the same, which costs a tenth of another one
// and gives the key away: it is nobody's (RFC 8032 5.1.6).
var sign = func() func(message []byte) []byte {
	public := signingKey.Public().(ed25519.PublicKey)
	number := func(parts ...[]byte) *big.Int {
		sum := sha512.Sum512(slices.Concat(parts...))
		slices.Reverse(sum[:])
		return new(big.Int).SetBytes(sum[:])
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	expanded := sha512.Sum512(signingKey.Seed())
	scalar := expanded[:32]
	scalar[0], scalar[31] = scalar[0]&248, scalar[31]&63|64
	nonce, point := number(expanded[32:]), ed25519.Sign(signingKey, nil)[:32] // as for an empty message
	slices.Reverse(scalar)
	secret := new(big.Int).SetBytes(scalar)
	return func(message []byte) []byte {
		s := number(point, public, message)
		s.Mod(s.Add(s.Mul(s, secret), nonce), order)
		rest := s.FillBytes(make([]byte, 32))
		slices.Reverse(rest)
		return slices.Concat(point, rest)
	}
}()

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func newProvider(w *world, issuer string) *provider {
	return &provider{
		w: w, issuer: issuer, about: metadata(issuer),
		codes: map[string]*grant{}, refresh: map[string]*refreshToken{}, access: map[string]*accessToken{}, spent: map[string]*program{},
	}
}

func metadata(issuer string) string {
	return strings.ReplaceAll(`{"issuer":"ISS","authorization_endpoint":"ISS/authorize","token_endpoint":"ISS/token",`+
		`"jwks_uri":"ISS/jwks","revocation_endpoint":"ISS/revoke","end_session_endpoint":"ISS/end","userinfo_endpoint":"ISS/userinfo",`+
		`"check_session_iframe":"ISS/check","response_types_supported":["code"],"subject_types_supported":["public"],`+
		`"id_token_signing_alg_values_supported":["EdDSA"],"code_challenge_methods_supported":["S256"],"dpop_signing_alg_values_supported":["EdDSA"],`+
		`"authorization_response_iss_parameter_supported":true}`, "ISS", issuer)
}

// kindOf names a request for the trace.
func kindOf(req *oidc.Request) string {
	path := req.URL[strings.LastIndexByte(req.URL, '/')+1:]
	if path == "token" && strings.Contains(req.Body, "grant_type=refresh_token") {
		return "refresh"
	}
	return path
}

// serve answers a request.
func (p *provider) serve(req *oidc.Request) *oidc.Response {
	path := strings.TrimPrefix(req.URL, p.issuer)
	form, _ := url.ParseQuery(req.Body)
	switch path {
	case "/.well-known/openid-configuration":
		return answer(200, p.about)
	case "/jwks":
		return answer(200, string(jwks))
	case "/token":
		return p.endpoint(req, form)
	case "/userinfo":
		return p.tells(req)
	case "/revoke":
		if t := p.refresh[form.Get("token")]; t != nil {
			*t.revoked = true
		}
		return answer(200, "")
	}
	return answer(404, "")
}

func answer(status int, body string) *oidc.Response {
	return &oidc.Response{Status: status, Header: map[string]string{"content-type": "application/json"}, Body: []byte(body)}
}

func refusal(code string) *oidc.Response { return answer(400, `{"error":"`+code+`"}`) }

func (p *provider) token(form url.Values) *oidc.Response {
	switch form.Get("grant_type") {
	case "authorization_code":
		g := p.codes[form.Get("code")]
		delete(p.codes, form.Get("code"))
		if g == nil {
			p.reused(form.Get("code"))
			return refusal("invalid_grant")
		}
		p.spent[form.Get("code")], g.key = p.asking.by, p.asking.key
		return p.issue(g)
	case "refresh_token":
		t := p.refresh[form.Get("refresh_token")]
		switch {
		case t == nil:
			p.w.violate("issuer", "a refresh token at a provider that it is not of")
			return refusal("invalid_grant")
		case form.Get("client_id") != t.client:
			p.w.violate("issuer", "a refresh token of another client")
			return refusal("invalid_grant")
		case !p.holds(t):
			return refusal("invalid_grant")
		case t.used && !t.doubt:
			p.w.violate("once", "a refresh token is used a second time")
			*t.revoked = true
		case t.used:
			*t.revoked = true // rotation with reuse detection
		}
		if p.asking.resource == "" {
			p.checkNeed(t, form.Get("scope"))
		}
		p.asking.main = t.main
		if *t.revoked {
			return refusal("invalid_grant")
		}
		scope := form.Get("scope")
		t.used = scope == "" || strings.Contains(scope, "offline_access") // another one comes
		if scope != "" {
			next := *t.grant
			next.scope = scope
			return p.issue(&next)
		}
		return p.issue(t.grant)
	case "password":
		who := form.Get("username")
		return p.issue(&grant{subject: who, client: form.Get("client_id"), scope: form.Get("scope"), authTime: time.Now().Unix(), key: p.asking.key, typed: true, revoked: new(bool)})
	}
	return refusal("unsupported_grant_type")
}

func (p *provider) issue(g *grant) *oidc.Response {
	p.issued++
	now, life := time.Now(), cond(p.w.brief, 0, lifetime)
	access := "at-" + g.subject + "-" + strconv.Itoa(p.issued) + p.issuer[len(p.issuer)-1:]
	refresh := "rt-" + g.subject + "-" + strconv.Itoa(p.issued) + p.issuer[len(p.issuer)-1:]
	one := *g
	if p.asking.kind == "refresh_token" {
		one.resource = p.asking.resource
	}
	p.access[access] = &accessToken{grant: &one, expires: now.Add(life)}
	typ := "Bearer"
	if g.key != "" {
		typ = "DPoP"
	}
	body := `{"access_token":"` + access + `","token_type":"` + typ + `","expires_in":` + strconv.Itoa(int(life/time.Second))
	if !p.w.terse {
		body += `,"scope":"` + g.scope + `"`
	}
	if strings.Contains(g.scope, "offline_access") {
		p.refresh[refresh] = &refreshToken{grant: g, main: p.access[access]}
		if p.asking.resource != "" && p.asking.main != nil {
			p.refresh[refresh].main = p.asking.main
		}
		body += `,"refresh_token":"` + refresh + `"`
	}
	return p.gives(g, p.access[access], p.refresh[refresh], body)
}

// idToken makes an ID Token; fault is what is wrong with it.
func (p *provider) idToken(g *grant, now int64, fault string) string {
	issuer, subject, client, nonce, exp, header := p.issuer, g.subject, g.client, g.nonce, now+300, jwsHeader
	switch fault {
	case "iss":
		issuer = "https://elsewhere.example.test"
	case "sub":
		subject = "mallory"
	case "aud":
		client = "somebody"
	case "nonce":
		nonce = "another"
	case "exp":
		exp = now - 3600
	case "alg":
		header = encode([]byte(`{"alg":"none"}`))
	}
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q,"exp":%d,"iat":%d,"auth_time":%d,"sid":"%d"`,
		issuer, subject, client, exp, now, g.authTime, g.session)
	if nonce != "" {
		claims += `,"nonce":"` + nonce + `"`
	}
	if g.acr != "" {
		claims += `,"acr":"` + g.acr + `"`
	}
	input := header + "." + encode([]byte(claims+"}"))
	signature := sign([]byte(input))
	if fault == "sig" {
		signature[0]++
	}
	return input + "." + encode(signature)
}

// authorize is what the browser comes back with from the authorization endpoint,
// empty if a page is shown. person is who types at the login page, empty for a
// request that nobody looks at.
func (p *provider) authorize(address, person string) string {
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, p.issuer+"/") {
		p.w.violate("issuer", "a browser is sent to the wrong provider")
		return ""
	}
	q := u.Query()
	back := q.Get("redirect_uri") + "?state=" + url.QueryEscape(q.Get("state")) + "&iss=" + url.QueryEscape(p.issuer)
	switch hint := subjectOf(q.Get("id_token_hint")); {
	case person == "" && p.w.sulk != nil:
		return back + p.w.sulk.authorize(hint != "")
	case person == "deny":
		return back + "&error=access_denied"
	case person != "":
		if p.subject == "" || q.Get("prompt") == "login" || q.Get("max_age") != "" || person != "sso" && p.w.dice.IntN(3) == 0 {
			if person == "sso" {
				person = "alice"
			}
			p.signIn(person)
		}
	case p.subject == "", hint != "" && hint != p.subject && !p.w.heedless:
		return back + "&error=login_required&session_state=" + p.state()
	}
	p.issued++
	code := "code-" + strconv.Itoa(p.issued) + p.issuer[len(p.issuer)-1:]
	if person != "" {
		p.entries = append(p.entries, entry{q.Get("client_id"), p.session, p.w.tick()})
	}
	p.codes[code] = &grant{
		code:    code,
		subject: p.subject, client: q.Get("client_id"), nonce: q.Get("nonce"), scope: q.Get("scope"),
		redirect: q.Get("redirect_uri"), session: p.session, authTime: time.Now().Unix(), acr: q.Get("acr_values"), resource: q.Get("resource"), typed: person != "", revoked: new(bool),
	}
	if p.w.refusesStepUp {
		p.codes[code].acr, p.codes[code].weak = "", person != "" && q.Get("acr_values") != ""
	}
	return back + "&code=" + code + "&session_state=" + p.state()
}

func (p *provider) state() string {
	return "s" + strconv.Itoa(p.session) + "." + p.issuer[len(p.issuer)-1:]
}

// signIn begins a session with the browser.
func (p *provider) signIn(subject string) {
	p.subject = subject
	p.session++
}

// signOut ends it, and revokes the refresh tokens that hang on it.
func (p *provider) signOut() {
	if p.subject == "" {
		return
	}
	for _, t := range p.refresh {
		if t.session == p.session {
			*t.revoked = true
		}
	}
	p.subject = ""
	p.session++
}

// end is the end_session_endpoint.
func (p *provider) end(address string) string {
	u, _ := url.Parse(address)
	p.signOut()
	if back := u.Query().Get("post_logout_redirect_uri"); back != "" {
		return back + "?state=" + url.QueryEscape(u.Query().Get("state"))
	}
	return ""
}

// subjectOf returns the sub of an ID Token, empty if there is none.
func subjectOf(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	claims, _ := base64.RawURLEncoding.DecodeString(payload)
	_, after, found := strings.Cut(string(claims), `"sub":"`)
	if !found {
		return ""
	}
	subject, _, _ := strings.Cut(after, `"`)
	return subject
}
