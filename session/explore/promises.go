//go:build !js

package explore

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// tokenRules are what the engine promises of tokens; see rules.
var tokenRules = []struct{ name, promise string }{
	{"list", "A token goes to the addresses of the list and nowhere else, whatever an address looks like and wherever an API redirects to. That of a resource goes to its API alone, and never to the userinfo endpoint."},
	{"proof", "A token that is bound to a key goes with a proof of that key, made for that very request alone; so does a refresh token. Each sign-in has a key of its own. A server gets no nonce but its own."},
	{"checked", "Nobody is signed in with an answer, and no token of it is sent, before all of it has passed its checks: issuer, audience, nonce, subject, time, signature, the acr that was demanded, and what the userinfo endpoint says."},
	{"stays", "What a user has stays when the access token is renewed, and when a step-up adds to it: the scopes, and that the tokens are bound to a key."},
	{"revoked", "Where nothing fails, a refresh token with offline_access of who signs out at the provider is revoked, and so is that of a sign-in that came too late, unless that person has signed in again, or may have: of a person who is there the engine revokes none by itself. When revokeTokens() has resolved, the user has none of the sign-in whose tokens were revoked."},
	{"as asked", "A sign-in by redirect asks the provider for what its call says, or the tab leaves for a later one."},
	{"arrives", "Where nothing fails, a sign-in by redirect to which the provider has said yes brings its user, or not_signed_in, whoever else reads the response."},
	{"watch", "That an access token ends is told while somebody is signed in alone."},
	{"refusals", "Where nothing else fails, an API that refuses every token has it renewed three times a minute at most, however often the app asks."},
}

// checkGift is for tokens that are used.
func (w *world) checkGift(g *gift, what string) {
	if g != nil && g.fault != "" {
		w.violate("checked", "a token of an answer that is wrong ("+g.fault+") "+what)
	}
}

// checkEvent is for every event that a page hears.
func (p *page) checkEvent(event session.Event) {
	w := p.w
	p.checkPerson(event)
	switch event.Name {
	case session.AccessTokenExpiring, session.AccessTokenExpired:
		if p.client != nil && p.client.Current() == nil {
			w.violate("watch", p.name+" is told that an access token ends, and nobody is signed in")
		}
	case session.UserLoaded:
		if token := p.app.provider.access[event.User.AccessToken.Reveal()]; token != nil {
			w.checkGift(token.gift, "signs "+name(event.User)+" in")
			token.gift.shown = true
		}
		if p.told == name(event.User) && p.loaded != nil && !w.explained(p) {
			p.checkStays(p.loaded, event.User)
		}
		p.loaded, p.shows = event.User, name(event.User)
	case session.UserUnloaded:
		p.loaded, p.shows = nil, ""
	}
}

func (p *page) checkStays(before, now *session.User) {
	for _, scope := range before.Scopes() {
		if !slices.Contains(now.Scopes(), scope) {
			p.w.violate("stays", fmt.Sprintf("the scope %s of %s is gone: %q became %q", scope, p.name, before.Scope, now.Scope))
		}
	}
	if strings.EqualFold(before.TokenType, "DPoP") && !strings.EqualFold(now.TokenType, "DPoP") {
		p.w.violate("stays", "the tokens of "+p.name+" are bound to a key no more")
	}
}

// explained tells whether the app has asked for another user than it was told of
// last, or may have: not by the act that brought that one, nor by a step-up of it, nor
// by a silent sign-in for the same. What a page that is gone has asked for may come yet.
func (w *world) explained(p *page) bool {
	return w.gaveUp(p.app) || slices.ContainsFunc(w.acts, func(a *act) bool {
		if a.app != p.app || a.done != 0 && (a.done <= p.toldAt || a.brought == p.loaded.AccessToken) {
			return false
		}
		if a.stepUp {
			return a.since < p.toldAt
		}
		return !a.silent || a.more || a.asked < p.toldAt
	})
}

// A leaver is who signs out at the provider.
type leaver struct {
	call    *call
	refresh oidc.Secret
}

// leaves notes who signs out with a call.
func (p *page) leaves(c *call, user *session.User) {
	if user != nil && user.RefreshToken != "" && c.name != "removeUser" && slices.Contains(strings.Fields(user.Scope), "offline_access") {
		p.w.leavers = append(p.w.leavers, leaver{c, user.RefreshToken})
	}
}

// checkNoToken is for when tokens have been revoked, maybe those of before, or of who
// has come since.
func (p *page) checkNoToken(before, user *session.User) {
	if before == nil || user == nil {
		return
	}
	tokens := p.app.provider.refresh
	was, t := tokens[before.RefreshToken.Reveal()], tokens[user.RefreshToken.Reveal()]
	if was != nil && t != nil && t.revoked == was.revoked && *t.revoked {
		p.w.violate("revoked", "revokeTokens() has resolved, and "+name(user)+" has a refresh token of the same sign-in")
	}
}

// checkSpared is for every request of a program: with one refresh token a provider may
// end all that a client has of a person.
func (p *program) checkSpared(req *oidc.Request) {
	provider := p.w.providerOf(req.URL)
	if provider == nil || kindOf(req) != "revoke" || p.w.sources { // of which each hears for itself
		return
	}
	form, _ := url.ParseQuery(req.Body)
	t := provider.refresh[form.Get("token")]
	app := p.w.appOf(provider, t)
	for _, page := range p.w.pages() {
		if app == nil || page.app != app || page.program != p || page.who() != t.subject {
			continue
		}
		if !slices.ContainsFunc(p.w.calls, func(c *call) bool { return c.name == "revokeTokens" && !c.done }) {
			p.w.violate("revoked", p.name+" revokes a refresh token of "+t.subject+", who is signed in")
		}
	}
}

// isBack tells whether the person of a refresh token has signed in since then.
func (w *world) isBack(t *refreshToken, since int) bool {
	return slices.ContainsFunc(w.gifts, func(g *gift) bool {
		return g.shown && g.at > since && g.access.subject == t.subject && g.access.client == t.client
	})
}

// checkRevoked is for the quiet world.
func (w *world) checkRevoked() {
	if !w.calm || w.mixed || slices.ContainsFunc(w.acts, func(a *act) bool { return a.rumour && !a.out }) { // somebody is there, and nobody says who
		return
	}
	for _, l := range w.leavers {
		c := l.call
		t := c.page.app.provider.refresh[l.refresh.Reveal()]
		if c.abandoned || c.page.program.ended || c.page.program.slept || t == nil || t.used || *t.revoked || w.isBack(t, c.step) {
			continue
		}
		w.violate("revoked", fmt.Sprintf("%s has signed %s out by %s, and the refresh token is still good", c.page.name, t.subject, c.name))
	}
	for _, g := range w.gifts {
		if g.refresh == nil || !g.typed || !g.came || g.shown || g.fault != "" || g.refresh.used || *g.refresh.revoked || g.to.ended || g.to.slept {
			continue
		}
		if slices.ContainsFunc(w.calls, func(c *call) bool { return c.abandoned && c.page.program == g.to }) { // who gives up is told nothing
			continue
		}
		left := 0
		for _, a := range w.acts {
			if a.out && !a.rumour && a.app.clientID == g.refresh.client && a.asked <= g.at { // a rumour is of an act that is there
				left = max(left, a.asked)
			}
		}
		if w.isBack(g.refresh, left) {
			continue
		}
		w.violate("revoked", fmt.Sprintf("a sign-in of %s in %s came to nothing, and its refresh token is still good", g.refresh.subject, g.to.name))
	}
}

// goesFor notes what a page is sent to the provider for.
func (p *page) goesFor(address string) {
	if u, err := url.Parse(address); err == nil {
		p.wanted = append(p.wanted, u.Query().Get("scope"))
	}
}

// checkAsked is for a sign-in by redirect that has left.
func (p *page) checkAsked(c *call, args session.SigninArgs, err error) {
	scope := p.settings.Scope
	if args.Scope != "" {
		scope = args.Scope
	}
	later := slices.ContainsFunc(p.w.calls, func(other *call) bool {
		return other.page == p && (other.name == "signinRedirect" && other.step > c.step || other.name == "fetch" && other.moves)
	})
	if err == nil && !c.abandoned && !later && !slices.Contains(p.wanted, scope) {
		p.w.violate("as asked", fmt.Sprintf("%s was to ask for %q, and asked for %q", p.name, scope, p.wanted))
	}
}

// checkArrival is for the end of a sign-in by redirect.
func (p *page) checkArrival(c *call, a *act, back string, err error) {
	w := p.w
	if err == nil || errors.Is(err, session.ErrNotSignedIn) || !w.calm || w.copied || a.silent || w.refusesStepUp || c.abandoned || c.slept || !strings.Contains(back, "&code=") {
		return
	}
	w.violate("arrives", p.name+": the provider has said yes, and the sign-in fails: "+err.Error())
}

// checkPlace is for a request that has come to a server.
func (t *apiTransport) checkPlace(req *oidc.Request, token *accessToken) {
	w := t.page.w
	resource, listed := placeOf(req.URL)
	switch {
	case !listed:
		w.violate("list", "a token goes to "+req.URL)
	case token != nil && token.resource != resource:
		w.violate("list", fmt.Sprintf("the token of the resource %q goes to %s", token.resource, req.URL))
	case token != nil:
		w.checkGift(token.gift, "goes to an API")
	}
}
