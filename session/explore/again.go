//go:build !js

package explore

import (
	"context"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/session"
)

// again has a page make a call once more that is in the air, when somebody else has
// signed in meanwhile.
func (w *world) again(n uint64) string {
	var can []*call
	for _, c := range w.calls {
		if p := c.page; !c.done && !c.abandoned && p.tab.page == p && !p.silent() && repeats[c.name] != nil {
			can = append(can, c)
		}
	}
	if len(can) == 0 {
		return ""
	}
	c := can[n%uint64(len(can))]
	p, by := c.page, c.page
	for _, other := range w.pages() {
		if other.app == p.app && !other.silent() && n/64%2 == 0 {
			by = other
		}
	}
	who := "bob"
	if name(p.client.Current()) == "bob" {
		who = "alice"
	}
	by.signinPassword(who)
	w.goOn(int(n / 128 % 64))
	if p.tab.page != p || p.silent() || p.client.Current() == nil {
		return by.name + " signs in as " + who
	}
	repeats[c.name](p)
	return by.name + " signs in as " + who + " while " + p.name + " calls " + c.name + ", which it calls again"
}

// repeats are the calls that are made again.
var repeats = map[string]func(p *page){
	"getUser":        (*page).ask,
	"fetch":          func(p *page) { p.fetch(true, false) },
	"signinSilent":   func(p *page) { p.signinSilent(session.SigninArgs{}) },
	"signinRedirect": func(p *page) { p.signinRedirect(session.SigninArgs{}) },
	"signoutRedirect": func(p *page) {
		p.signout("signoutRedirect", false, func(ctx context.Context) error {
			return p.client.SignoutRedirect(ctx, session.SignoutArgs{})
		})
	},
	"revokeTokens": func(p *page) {
		p.call("revokeTokens", func(ctx context.Context, _ *call) error { return p.client.RevokeTokens(ctx) })
	},
}

// signinPassword is a sign-in with a password, which signs in at the provider, too,
// in calm worlds.
func (p *page) signinPassword(who string) {
	if p.w.calm {
		p.app.provider.subject = who
		p.app.provider.session++
	}
	client := p.client
	p.signin("signinResourceOwnerCredentials", func(ctx context.Context) (*session.User, error) {
		return client.SigninPassword(ctx, session.PasswordArgs{Username: who, Password: "secret"})
	})
}

// checkWhose is for who is handed out: somebody who was there when the app asked, or
// has come since.
func (p *page) checkWhose(c *call, user *session.User, err error) {
	if c.abandoned || c.slept {
		return
	}
	if user != nil && !slices.Contains(c.people, name(user)) {
		p.w.violate("answers", "getUser() gives "+name(user)+", who had gone before "+p.name+" asked")
	}
	if now := p.client.Current(); err != nil && p.w.calm && now != nil && (now.ExpiresAt == 0 || time.Now().Before(time.Unix(now.ExpiresAt, 0))) {
		p.w.violate("answers", "getUser() fails in "+p.name+", and "+name(now)+" is there: "+err.Error())
	}
}
