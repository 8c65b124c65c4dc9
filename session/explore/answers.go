//go:build !js

package explore

import (
	"net/url"
	"strconv"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// An asking is a request that a provider is about to answer.
type asking struct {
	by            *program
	kind          string // grant_type
	key, resource string
	main          *accessToken // of the refresh token that came
}

// A gift is what a token endpoint gave with one answer.
type gift struct {
	access  *accessToken
	refresh *refreshToken // nil without one
	to      *program
	typed   bool   // somebody has signed in for it
	fault   string // why nothing of it is to be used; empty: nothing is wrong
	came    bool   // the answer has arrived
	shown   bool   // somebody was signed in with it
	at      int    // the step at which it came
}

// endpoint answers at the token endpoint, with what the request proves.
func (p *provider) endpoint(req *oidc.Request, form url.Values) *oidc.Response {
	key, refusal := p.w.prove(req, "")
	if refusal != nil {
		return refusal
	}
	p.asking.kind, p.asking.key, p.asking.resource = form.Get("grant_type"), key, form.Get("resource")
	if key != "" && p.asking.kind != "refresh_token" {
		if p.w.taken[key] {
			p.w.violate("proof", "two sign-ins have one key")
		}
		p.w.taken[key] = true
	}
	if p.w.sulk != nil {
		return p.w.sulk.endpoint()
	}
	return p.token(form)
}

// holds tells whether who brings a refresh token has the key that it is bound to.
func (p *provider) holds(t *refreshToken) bool {
	if t.key == p.asking.key {
		return true
	}
	p.w.violate("proof", "a refresh token that is bound to "+strconv.Quote(t.key)+" comes with a proof of "+strconv.Quote(p.asking.key))
	return false
}

// reused is for a code that is not good any more. Programs do not know which codes
// others have used: a person can copy an address.
func (p *provider) reused(code string) {
	if by := p.spent[code]; by == nil || by == p.asking.by {
		p.w.violate("codes", "a code that was never given, or a second time")
	}
}

// faults are what may be wrong with an answer, by what it answers.
var faults = map[string][]string{
	"authorization_code": {"iss", "aud", "nonce", "exp", "sig", "alg", "none", "page", "cut"},
	"refresh_token":      {"iss", "aud", "nonce", "sub", "exp", "sig", "alg", "page", "cut"},
	"password":           {"iss", "aud", "exp", "sig", "alg", "page", "cut"},
}

// gives makes the answer of what was issued; body lacks the ID Token and its end.
func (p *provider) gives(g *grant, access *accessToken, refresh *refreshToken, body string) *oidc.Response {
	w := p.w
	given := &gift{access: access, refresh: refresh, to: p.asking.by, typed: g.typed && p.asking.kind != "refresh_token"}
	access.gift, p.given = given, given
	w.gifts = append(w.gifts, given)
	if g.weak && p.asking.kind == "authorization_code" {
		given.fault = "acr"
	}
	if w.fickle && w.dice.IntN(8) == 0 {
		some := faults[p.asking.kind]
		if p.asking.kind == "refresh_token" && (w.terse || p.asking.resource != "") { // who asks for a resource asks for no ID Token
			some = []string{"page", "cut"}
		}
		given.fault = some[w.dice.IntN(len(some))]
	}
	switch given.fault {
	case "page":
		return answer(200, "<!doctype html>")
	case "none":
		return answer(200, body+"}")
	case "cut":
		resp := answer(200, "")
		resp.Header["cut"] = "yes"
		return resp
	}
	if w.terse && p.asking.kind == "refresh_token" { // OIDC Core 12.2
		return answer(200, body+"}")
	}
	return answer(200, body+`,"id_token":"`+p.idToken(g, time.Now().Unix(), given.fault)+`"}`)
}

// gave is for the program that gets an answer.
func (g *gift) gave(step int) {
	if g != nil {
		g.came, g.at = true, step
	}
}

// tells is the userinfo endpoint.
func (p *provider) tells(req *oidc.Request) *oidc.Response {
	w := p.w
	text, bound := bearer(req)
	token := p.access[text]
	if token == nil {
		w.violate("issuer", "a userinfo request without a token of this provider")
		return answer(401, "")
	}
	if token.resource != "" {
		w.violate("list", "the token of a resource goes to the userinfo endpoint")
	}
	w.checkGift(token.gift, "goes to the userinfo endpoint")
	key, refusal := w.prove(req, text)
	switch {
	case !w.proves(token, bound, key), time.Now().After(token.expires):
		return answer(401, "")
	case refusal != nil:
		return refusal
	}
	subject := token.subject
	if w.fickle && w.dice.IntN(8) == 0 {
		subject, token.gift.fault = "mallory", "userinfo"
	}
	return answer(200, `{"sub":"`+subject+`","nickname":"`+subject+`"}`)
}

// bringsBack is for an app that brings a user again. Its refresh token may have been
// used since, for a resource or for somebody who is not there any more.
func (p *provider) bringsBack(user *session.User) {
	if user == nil {
		return
	}
	if t := p.refresh[user.RefreshToken.Reveal()]; t != nil {
		t.doubt, t.brought = true, true
	}
}
