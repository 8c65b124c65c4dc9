//go:build !js

package explore

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// The list of the apps: one API for the token of the sign-in, one of the same origin
// with tokens of its own, and one that has an origin for itself.
const (
	api    = "https://api.example.test/v1"
	orders = "https://api.example.test/orders"
	files  = "https://files.example.test"
)

// addresses are what apps ask for. Some are not on the list, and some lead off it.
var addresses = []string{
	api + "/items", api + "/items?page=2", api + "/strong", api + "/scoped", orders, orders + "/1", orders + "/1", files + "/x",
	api + "/to?to=" + orders + "/1", api + "/to?to=https://api.example.test/v2", orders + "/to?to=" + api + "/items",
	files + "/to?to=" + files + "/x", files + "/to?to=https://elsewhere.example.test/x",
	"https://api.example.test/v2", "https://api.example.test/v1x/items", api + "/../v2", api + "/%2e%2e/v2", api + "/..%2fv2",
	"https://elsewhere.example.test/v1/items", "https://api.example.test.elsewhere.test/v1/items", "https://api.example.test@elsewhere.test/v1/items",
}

// placeOf tells whose an address is, as servers read it: whether it is on the list,
// and the resource there.
func placeOf(address string) (resource string, listed bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil {
		return "", false
	}
	switch place := u.Host + path.Clean("/"+u.Path) + "/"; {
	case strings.HasPrefix(place, "files.example.test/"), strings.HasPrefix(place, "api.example.test/v1/"):
		return "", true
	case strings.HasPrefix(place, "api.example.test/orders/"):
		return orders, true
	}
	return "", false
}

// send has the app ask for an address; shown: it says whom its page shows.
func (p *page) send(address string, repeatable, shown bool) {
	r := &apiTransport{page: p, person: name(p.client.Current())}
	req := &session.FetchRequest{Method: "POST", URL: address, Repeatable: repeatable, ReturnTo: "https://app.example.test/"}
	if p.shows != "" && shown {
		shown := p.shows
		req.Shown = &shown
		r.person = shown
	}
	client, a := p.client, &act{silent: true, stepUp: true}
	p.begins("fetch", a)
	a.since, a.done = a.asked, a.asked
	if challenges(address) && p.settings.Fetch.StepUp != "" { // it may sign in
		a.done = 0
		p.w.acts = append(p.w.acts, a)
	}
	p.call("fetch", func(ctx context.Context, c *call) error {
		r.call = c
		resp, err := client.Fetch(ctx, req, r)
		a.done = p.w.tick()
		if err == nil {
			p.checkAnswered(c, a, resp)
		}
		if errors.Is(err, session.ErrStepUpRequired) {
			p.refetch, p.stepped = true, a.asked // the app does again what was not done
		}
		return err
	})
}

// challenges tells whether an API wants a stronger sign-in there.
func challenges(address string) bool {
	return strings.HasSuffix(address, "/strong") || strings.HasSuffix(address, "/scoped")
}

// apiTransport sends a request to an API.
type apiTransport struct {
	page   *page
	call   *call
	person string // whose request it is
}

// Do is [oidc.Transport].
func (t *apiTransport) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	w, p := t.page.w, t.page
	t.checkSent(req)
	w.pass("a request of "+p.name+" to the API", p.program, nil)
	if ctx.Err() != nil || p.gone {
		return nil, oidc.ErrAborted
	}
	resp := t.answer(req)
	for range 2 {
		to := resp.Header["location"]
		if to == "" {
			break
		}
		if !req.MayRedirect {
			return nil, oidc.ErrRedirectRefused
		}
		next := *req
		next.URL, next.Header = to, maps.Clone(req.Header)
		if originOf(to) != originOf(req.URL) { // Fetch, HTTP-redirect fetch
			delete(next.Header, "Authorization")
		}
		req = &next
		resp = t.answer(req)
	}
	w.pass("the answer of the API for "+p.name, p.program, nil)
	if ctx.Err() != nil || p.gone {
		return nil, oidc.ErrAborted
	}
	return resp, nil
}

// answer is that of the server at an address.
func (t *apiTransport) answer(req *oidc.Request) *oidc.Response {
	w := t.page.w
	resource, listed := placeOf(req.URL)
	text, bound := bearer(req)
	if !listed && text == "" && req.Header["DPoP"] == "" {
		return answer(200, "")
	}
	token, owner := w.tokenOf(req)
	t.checkToken(req, token, owner)
	key, refusal := w.prove(req, text)
	resp := answer(200, "")
	challenge := func(status int, what string) {
		resp = answer(status, "")
		resp.Header["www-authenticate"] = "Bearer " + what
	}
	_, to, _ := strings.Cut(req.URL, "?to=")
	switch {
	case token == nil || !w.proves(token, bound, key) || token.refused || w.refusing || token.resource != resource || time.Now().After(token.expires):
		challenge(401, `error="invalid_token"`)
		if token != nil {
			token.turnedDown = true
		}
	case refusal != nil:
		return refusal
	case to != "":
		resp = answer(307, "")
		resp.Header["location"] = to
	case strings.HasSuffix(req.URL, "/strong") && token.acr != "strong":
		challenge(401, `error="insufficient_user_authentication", acr_values="strong"`)
	case strings.HasSuffix(req.URL, "/scoped") && !slices.Contains(strings.Fields(token.scope), "write"):
		challenge(403, `error="insufficient_scope", scope="write"`)
	}
	return resp
}

func (w *world) tokenOf(req *oidc.Request) (*accessToken, *provider) {
	text, _ := bearer(req)
	for _, p := range w.providers {
		if t := p.access[text]; t != nil {
			return t, p
		}
	}
	return nil, nil
}
