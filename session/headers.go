package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// A HeaderSource says the values of headers that the app makes up for each
// request. An empty value, and one that is missing, leaves the header out. Codes:
// [ErrPageGone], [oidc.ErrInvalidConfig] if the app fails to say one.
type HeaderSource interface {
	Headers(ctx context.Context, names []string) (map[string]string, error)
}

// errNotSent marks a request that failed before it was sent.
var errNotSent = errors.New("nothing was sent")

// An outfitter is a transport that sends each request to a provider as the
// settings say: with headers of the app, none of which replaces one that a
// request has, with cookies where they belong, and within a time.
type outfitter struct {
	oidc.Transport
	provider *provider
	session  *session          // whose tabs are asked for values; nil: all of the provider
	headers  map[string]string // those without a value are asked for
	once     map[string]string // of a single call; they give way to all others
}

// outfit returns a transport for the requests of s, which is nil for those of
// the provider itself; once are headers of a single call.
func (p *provider) outfit(t oidc.Transport, s *session, once map[string]string) oidc.Transport {
	o := &outfitter{Transport: t, provider: p, session: s, once: once}
	_ = strictjson.Unmarshal([]byte(p.source.headers), &o.headers) // checked with the settings
	if len(o.headers)+len(once) == 0 && p.source.timeout == 0 && !p.source.cookies {
		return t
	}
	return o
}

// withCookies are the kinds of requests that the cookies of a provider go with.
var withCookies = []string{"discovery", "token", "refresh", "userinfo", "par"}

// Do is [oidc.Transport].
func (o *outfitter) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	with := *req
	with.Header = map[string]string{}
	asked, err := o.ask(ctx)
	if err != nil {
		return nil, fmt.Errorf("extraHeaders: %w (%w)", err, errNotSent)
	}
	with.Cookies = o.provider.source.cookies && slices.Contains(withCookies, o.provider.kind(req)) && o.provider.isOwn(req.URL)
	for _, header := range []map[string]string{o.once, o.headers, asked, req.Header} {
		for name, value := range header {
			if value != "" {
				with.Header[strings.ToLower(name)] = value
			}
		}
	}
	// Who bounds a single request knows better.
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = within(ctx, o.provider.source.timeout)
		defer cancel()
	}
	return o.Transport.Do(ctx, &with)
}

// headersLimit bounds the time that tabs may take for the values, all together.
const headersLimit = 30 * time.Second

// isOwn tells whether an address is of the origin of the issuer, or of that at
// which the app says that the metadata is. The metadata of a provider names any
// others, and cookies there are not the provider's.
func (p *provider) isOwn(address string) bool {
	origin, err := oidc.Origin(address)
	if err != nil {
		return false
	}
	for _, own := range []string{p.source.Issuer, p.source.URL} {
		if known, err := oidc.Origin(own); err == nil && known == origin {
			return true
		}
	}
	return false
}

// ask asks a tab for the values that are missing: the one whose call it is
// before the others, of them those that answer before those that do not.
func (o *outfitter) ask(ctx context.Context) (map[string]string, error) {
	var names []string
	for name, value := range o.headers {
		if value == "" {
			names = append(names, name)
		}
	}
	if names == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, headersLimit, ErrPageGone)
	defer cancel()
	o.provider.mu.Lock()
	tabs := append([]*Client(nil), o.provider.clients...)
	o.provider.mu.Unlock()
	caller, _ := ctx.Value(callerKey{}).(*Client)
	for _, tab := range willing(tabs, caller) {
		if o.session != nil && o.session != tab.session || tab.page.Headers == nil {
			continue
		}
		answer, err := tab.page.Headers.Headers(ctx, names)
		tab.served(err)
		if !errors.Is(err, ErrPageGone) {
			return answer, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, ErrPageGone
}

type callerKey struct{}

// Calling returns a context for a call of the tab's page, which is asked before
// the others for what the call takes.
func (c *Client) Calling(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Calling is [Client.Calling].
func (s *Steps) Calling(ctx context.Context) context.Context { return s.client.Calling(ctx) }

// within bounds ctx; no limit is none.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, oidc.ErrTimeout)
}

// join adds a tab to those that are asked for headers.
func (p *provider) join(c *Client) {
	p.mu.Lock()
	p.clients = append(p.clients, c)
	p.mu.Unlock()
}

// leave removes a tab, and what it said of its frames and of headers.
func (p *provider) leave(c *Client) {
	p.mu.Lock()
	p.clients = slices.DeleteFunc(p.clients, func(other *Client) bool { return other == c })
	p.mu.Unlock()
	p.disregard(c)
}

// disregard forgets what a tab said of its frames and of headers.
func (p *provider) disregard(c *Client) {
	p.mu.Lock()
	if p.blockedBy == c {
		p.blockedAt, p.blockedBy = time.Time{}, nil
	}
	sessions := map[*session]bool{}
	for _, other := range p.clients {
		sessions[other.session] = true
	}
	p.mu.Unlock()
	if !p.asksPages() {
		return
	}
	// It may have been asked for the headers of a request that failed.
	for s := range sessions {
		s.forgive()
	}
}
