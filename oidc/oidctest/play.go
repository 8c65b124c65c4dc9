package oidctest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Play has op answer as the profile says, at the addresses of the profile: those
// of op where that is served over HTTP.
func (p *Profile) Play(op *OP) {
	op.Edit(func() {
		origin := originOf(op.Issuer)
		mapped := func(text string) string { return exampleHost.ReplaceAllString(text, origin) }
		if origin == originOf(New(op.tb).Issuer) {
			mapped = func(text string) string { return text }
		}
		op.profile, op.mapped = p, mapped
		op.Issuer = mapped(p.Authority)
		if p.Subject != "" {
			op.Subject = p.Subject
		}
		alg := p.Alg
		if alg == "" {
			alg = "RS256"
		}
		op.Keys = []*Key{NewKey(alg, "key-1"), NewKey(alg, "key-2")}
		op.RefreshTokens = strings.Contains(p.Tokens, "$refresh_token")
		op.KeepRefreshTokens = !strings.Contains(p.Refreshed, "$refresh_token")
		op.RepeatNonce = p.RepeatsNonce
		op.paths = p.paths()
	})
}

// Address returns an address of the profile as op serves it.
func (op *OP) Address(address string) string {
	if op.mapped == nil {
		return address
	}
	return op.mapped(address)
}

var exampleHost = regexp.MustCompile(`https://([a-z0-9-]+\.)*op\.example\.test`)

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// paths returns the endpoints by the paths that the metadata has for them.
func (p *Profile) paths() map[string]string {
	metadata := map[string]any{}
	if err := json.Unmarshal([]byte(p.Metadata), &metadata); err != nil {
		panic("oidctest: " + p.Name + ": Metadata: " + err.Error()) // the profile is wrong
	}
	configuration := p.MetadataURL
	if configuration == "" {
		configuration = strings.TrimSuffix(p.Authority, "/") + "/.well-known/openid-configuration"
	}
	paths := map[string]string{pathOf(configuration): Discovery}
	for member, endpoint := range map[string]string{
		"authorization_endpoint": Authorize, "token_endpoint": Token, "userinfo_endpoint": Userinfo,
		"jwks_uri": JWKS, "end_session_endpoint": EndSession, "revocation_endpoint": Revocation,
		"pushed_authorization_request_endpoint": PAR, "check_session_iframe": CheckSessionFrame,
	} {
		if address, ok := metadata[member].(string); ok {
			paths[pathOf(address)] = endpoint
		}
	}
	return paths
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic("oidctest: " + err.Error()) // the profile is wrong
	}
	return u.Path
}

// values are what strings stand for that begin with $: $client, $sub, $issuer,
// $kid, $kid2, what the keys consist of ($n, $e, $crv, $x, $y, $x5c; with a 2 those of the
// second), $random, $now with a difference ($now+3600), and where there is a grant
// $nonce, $auth_time, $scope, $scopes (an array), $at_hash, $access_token, $expires_in,
// $id_token and $refresh_token. A member whose value is empty is left out.
type values map[string]any

// base returns the values that there are always.
func (op *OP) base() values {
	v := values{"client": op.ClientID, "sub": op.Subject, "issuer": op.Issuer}
	for i, key := range op.Keys {
		suffix := []string{"", "2"}[i]
		for name, value := range key.JWK() {
			v[name+suffix] = value
		}
		v["x5c"+suffix] = key.Certificate // which takes its time
	}
	return v
}

// fill returns the JSON of a text with the values in it.
func (op *OP) fill(text string, v values) map[string]any {
	object := map[string]any{}
	if text == "" {
		return object
	}
	decoder := json.NewDecoder(strings.NewReader(op.mapped(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		op.tb.Errorf("oidctest: profile %s: %v in %s", op.profile.Name, err, text)
	}
	filled, _ := op.filled(object, v).(map[string]any)
	return filled
}

func (op *OP) filled(value any, v values) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if value[name] = op.filled(member, v); value[name] == "" && member != "" {
				delete(value, name)
			}
		}
	case []any:
		for i := range value {
			value[i] = op.filled(value[i], v)
		}
	case string:
		name, ok := strings.CutPrefix(value, "$")
		switch {
		case !ok:
		case name == "random":
			return random()
		case strings.HasPrefix(name, "now"):
			seconds, _ := strconv.ParseInt(strings.TrimPrefix(name, "now"), 10, 64)
			return time.Now().Unix() + seconds
		default:
			known, there := v[name]
			if !there {
				op.tb.Errorf("oidctest: profile %s: nothing is known as $%s", op.profile.Name, name)
			}
			if slow, ok := known.(func() string); ok {
				return slow()
			}
			return known
		}
	}
	return value
}

// jwt signs a token of the profile.
func (op *OP) jwt(token TokenShape, claims string, v values) string {
	if token.Claims == "" {
		return token.Opaque + random()
	}
	key := op.Keys[0]
	if token.Second {
		key = op.Keys[1]
	}
	header := op.fill(token.Header, v)
	input := encode(op.marshal(header)) + "." + encode(op.marshal(op.fill(claims, v)))
	signature, err := key.sign(input)
	if err != nil {
		op.tb.Errorf("oidctest: sign: %v", err)
	}
	return input + "." + encode(signature)
}

// issueAs answers with the tokens of the profile.
func (op *OP) issueAs(w http.ResponseWriter, g *grant, rotate bool) {
	p, v := op.profile, op.base()
	scopes := []any{}
	for _, scope := range strings.Fields(g.scope) {
		scopes = append(scopes, scope)
	}
	maps.Copy(v, values{"nonce": g.nonce, "auth_time": g.authTime, "scope": g.scope, "scopes": scopes})
	accessToken := op.jwt(p.AccessToken, p.AccessToken.Claims, v)
	v["access_token"], v["at_hash"], v["expires_in"] = accessToken, halfHash(op.Keys[0].Alg, accessToken), 3600
	if p.TokenScope != "" && !slices.Contains(scopes, any(p.TokenScope)) {
		v["access_token"], v["at_hash"], v["expires_in"] = "", "", ""
	}
	claims, answer := p.IDToken.Claims, p.Tokens
	if g.refreshed {
		answer = p.Refreshed
		if p.RefreshedID != "" {
			claims = p.RefreshedID
		}
	}
	v["id_token"] = op.jwt(p.IDToken, claims, v)
	if op.RefreshTokens && rotate {
		token := "refresh-" + random()
		op.refresh[token], v["refresh_token"] = g, token
		op.remember(token)
	}
	response := op.fill(answer, v)
	idToken, _ := response["id_token"].(string)
	op.remember(accessToken, idToken)
	op.issued = Issued{AccessToken: accessToken, IDToken: idToken}
	op.answer(w, Token, http.StatusOK, response, op.EditTokenResponse)
}

// Issued are tokens that a profile has given out last.
type Issued struct{ AccessToken, IDToken string }

// Issued returns the last ones.
func (op *OP) Issued() Issued {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.issued
}

// deny answers to a refresh token that is not good any more.
func (op *OP) deny(w http.ResponseWriter) {
	if op.profile == nil || op.profile.RefreshDenied.Status == 0 {
		op.refuse(w, Token, "invalid_grant")
		return
	}
	denial := op.profile.RefreshDenied
	if denial.Type == "" {
		denial.Type = jsonType
	}
	w.Header().Set("Content-Type", denial.Type)
	w.WriteHeader(denial.Status)
	_, _ = w.Write([]byte(op.mapped(denial.Body)))
}

// denySilently answers a request with prompt=none where nobody is signed in.
func (op *OP) denySilently(w http.ResponseWriter, r *http.Request, q url.Values) {
	if op.profile == nil {
		op.respond(w, r, q, url.Values{"error": {"login_required"}})
		return
	}
	if op.profile.SilentDenied == "" {
		w.Header().Set("Content-Type", htmlType)
		w.Header().Set("X-Frame-Options", "DENY")
		_, _ = w.Write([]byte(page))
		return
	}
	op.respond(w, r, q, parametersOf(op.fill(op.profile.SilentDenied, op.base())))
}

// respondAs sends the End-User back with the parameters of the profile.
func (op *OP) respondAs(w http.ResponseWriter, r *http.Request, q, response url.Values) {
	response.Set("state", q.Get("state"))
	v := op.base()
	v["scope"] = q.Get("scope")
	maps.Copy(response, parametersOf(op.fill(op.profile.Callback, v)))
	redirect(w, r, q.Get("redirect_uri"), inFragment(q), response, op.EditCallback)
}

func parametersOf(object map[string]any) url.Values {
	parameters := url.Values{}
	for name, value := range object {
		text, _ := value.(string)
		parameters.Set(name, text)
	}
	return parameters
}

// signoutAs is the end_session_endpoint of the profile.
func (op *OP) signoutAs(w http.ResponseWriter, r *http.Request) {
	q, signout := r.URL.Query(), op.profile.Signout
	op.remember(q.Get("state"))
	for _, name := range signout.Requires {
		if q.Get(name) == "" {
			http.Error(w, "Required: "+name, http.StatusBadRequest)
			return
		}
	}
	op.SignedIn = false
	to := ""
	if signout.Returns != "" {
		to = q.Get(signout.Returns)
	}
	if to == "" {
		_, _ = w.Write([]byte("signed out"))
		return
	}
	parameters := url.Values{}
	if state := q.Get("state"); signout.State && state != "" {
		parameters.Set("state", state)
	}
	redirect(w, r, to, false, parameters, op.EditSignout)
}

// hasEndpoint tells whether an address is one of a profile's.
func (op *OP) hasEndpoint(address string) bool {
	return slices.Contains([]string{Authorize, EndSession}, op.paths[pathOf(address)])
}

// metadataOf and keysOf are the documents of a profile.
func (op *OP) metadataOf() map[string]any { return op.fill(op.profile.Metadata, op.base()) }

func (op *OP) keysOf() map[string]any { return op.fill(op.profile.Keys, op.base()) }

// userinfoOf are the claims of a profile's userinfo endpoint.
func (op *OP) userinfoOf() map[string]any { return op.fill(op.profile.Userinfo, op.base()) }

// sameQuery tells whether a request to the token endpoint has the query of the
// metadata, or none.
func (op *OP) sameQuery(r *http.Request) bool {
	if op.profile == nil {
		return r.URL.RawQuery == ""
	}
	endpoint, _ := op.metadataOf()["token_endpoint"].(string)
	_, query, _ := strings.Cut(endpoint, "?")
	return r.URL.RawQuery == query
}

// withoutMembers returns a document less some members.
func withoutMembers(document string, members ...string) string {
	object := map[string]any{}
	if err := json.Unmarshal([]byte(document), &object); err != nil {
		panic("oidctest: " + err.Error()) // a profile is wrong
	}
	for _, member := range members {
		delete(object, member)
	}
	return asJSON(object)
}
