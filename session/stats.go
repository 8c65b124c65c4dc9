package session

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A Measure counts something that takes time.
type Measure struct {
	Count  int
	Failed int
	Time   time.Duration // of all together
}

// Stats are what a session has cost since the program started.
type Stats struct {
	// Requests by kind: discovery, jwks, authorize (in the hidden frame), token,
	// refresh, userinfo, revocation, par; other for the rest. Those for metadata
	// and keys are shared by all clients of the provider.
	Requests map[string]Measure

	Renewals Measure // of the access token, however they began
	Restores Measure // after a reload of the program
	Retries  int     // of renewals

	Signin *SigninPhases // the last one that brought a user, in whichever tab; nil: none
}

// Stats returns what the session has cost.
func (c *Client) Stats() Stats {
	stats := c.session.stats.snapshot()
	maps.Copy(stats.Requests, c.session.provider.stats.snapshot().Requests)
	return stats
}

// counters count for one session or one provider.
type counters struct {
	mu    sync.Mutex
	stats Stats // guarded by mu
}

func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	stats.Requests = maps.Clone(stats.Requests)
	if stats.Requests == nil {
		stats.Requests = map[string]Measure{}
	}
	return stats
}

func (m *Measure) add(took time.Duration, err error) {
	m.Count++
	m.Time += took
	if err != nil {
		m.Failed++
	}
}

// request counts a request of a kind that began at start.
func (c *counters) request(kind string, start time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stats.Requests == nil {
		c.stats.Requests = map[string]Measure{}
	}
	m := c.stats.Requests[kind]
	m.add(time.Since(start), err)
	c.stats.Requests[kind] = m
}

func (c *counters) renewal(start time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Renewals.add(time.Since(start), err)
}

func (c *counters) restore(start time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Restores.add(time.Since(start), err)
}

func (c *counters) retry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Retries++
}

// A meter counts the requests of a transport.
type meter struct {
	oidc.Transport
	provider *provider
	counters *counters
}

// Do is [oidc.Transport].
func (m *meter) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	start := time.Now()
	resp, err := m.Transport.Do(ctx, req)
	m.counters.request(m.provider.kind(req), start, err)
	return resp, err
}

// kind names a request to the provider.
func (p *provider) kind(req *oidc.Request) string {
	if req.URL == oidc.ConfigurationURL(p.source.Issuer) || req.URL == p.source.URL {
		return "discovery"
	}
	p.mu.Lock()
	metadata := p.metadata
	p.mu.Unlock()
	if metadata == nil {
		return "other"
	}
	switch req.URL {
	case metadata.JWKSURI:
		return "jwks"
	case metadata.TokenEndpoint:
		if strings.Contains("&"+req.Body, "&grant_type=refresh_token") {
			return "refresh"
		}
		return "token"
	case metadata.UserinfoEndpoint:
		return "userinfo"
	case metadata.RevocationEndpoint:
		return "revocation"
	case metadata.PushedAuthorizationRequestEndpoint:
		return "par"
	}
	return "other"
}
