package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
// settings of the tab say whose call it is: with headers of the app, none of which
// replaces one that a request has, with cookies where they belong, and within a
// time. It counts them.
type outfitter struct {
	oidc.Transport
	counters *counters
	provider *provider
	session  *session          // whose tabs are asked for values; nil: all of the provider
	once     map[string]string // of a single call; they give way to all others
}

// withCookies are the kinds of requests that the cookies of a provider go with.
var withCookies = []string{"discovery", "token", "refresh", "userinfo", "par"}

// Do is [oidc.Transport].
func (o *outfitter) Do(ctx context.Context, req *oidc.Request) (resp *oidc.Response, err error) {
	kind, start := o.provider.kind(req), time.Now()
	defer func() { o.counters.request(kind, start, err) }()
	c := o.caller(ctx)
	p := &c.settings.Provider
	if len(c.settings.headers)+len(o.once) == 0 && p.RequestTimeout == 0 && !p.Cookies {
		return o.Transport.Do(ctx, req)
	}
	with := *req
	with.Header = map[string]string{}
	asked, err := o.ask(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("extraHeaders: %w (%w)", err, errNotSent)
	}
	with.Cookies = p.Cookies && slices.Contains(withCookies, kind) && o.provider.isOwn(req.URL)
	for _, header := range []map[string]string{o.once, c.settings.headers, asked, req.Header} {
		for name, value := range header {
			if value != "" {
				with.Header[strings.ToLower(name)] = value
			}
		}
	}
	// Who bounds a single request knows better.
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = within(ctx, p.RequestTimeout)
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
// before the others that say the same headers, of them those that answer before
// those that do not.
func (o *outfitter) ask(ctx context.Context, caller *Client) (map[string]string, error) {
	names := caller.settings.headersToAsk()
	if names == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, headersLimit, ErrPageGone)
	defer cancel()
	for _, tab := range willing(o.tabs(), caller) {
		lacks := func(name string) bool { value, ok := tab.settings.headers[name]; return !ok || value != "" }
		if tab.page.Headers == nil || tab != caller && slices.ContainsFunc(names, lacks) {
			continue
		}
		answer, err := tab.page.Headers.Headers(ctx, names)
		tab.served(err)
		if err == nil || tab == caller && !errors.Is(err, ErrPageGone) { // what another page fails with is not the caller's
			return answer, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, ErrPageGone
}

// headersToAsk returns the names of the headers that a page has to say the values of.
func (s *Settings) headersToAsk() (names []string) {
	for name, value := range s.headers {
		if value == "" {
			names = append(names, name)
		}
	}
	return names
}

type callerKey struct{}

// Calling returns a context for a call of the tab's page: its requests are sent
// as the settings of the tab say, and the page is asked before the others for
// what the call takes.
func (c *Client) Calling(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// caller returns the tab whose call it is, or the first one for what no tab has
// begun; without any, one without settings.
func (o *outfitter) caller(ctx context.Context) *Client {
	if caller, ok := ctx.Value(callerKey{}).(*Client); ok {
		return caller
	}
	return append(o.tabs(), &Client{})[0]
}

// tabs returns those that can be asked.
func (o *outfitter) tabs() []*Client {
	o.provider.mu.Lock()
	defer o.provider.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.provider.clients), func(c *Client) bool {
		return o.session != nil && o.session != c.session
	})
}

// wire returns how the tab whose call it is sends its requests: who asks in the
// same way can have the same answer, and the same failure.
func wire(ctx context.Context) string {
	caller, ok := ctx.Value(callerKey{}).(*Client)
	if !ok {
		return ""
	}
	p := &caller.settings.Provider
	return fmt.Sprint(p.Headers, p.RequestTimeout, p.Cookies)
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

// leave removes a tab, and what it said of its frames.
func (p *provider) leave(c *Client) {
	p.mu.Lock()
	p.clients = slices.DeleteFunc(p.clients, func(other *Client) bool { return other == c })
	p.mu.Unlock()
}

// disregard forgets what a tab said of its frames.
func (p *provider) disregard(c *Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blockedBy == c {
		p.blockedAt, p.blockedBy, p.blockedURI = time.Time{}, nil, ""
	}
}
