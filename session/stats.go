package session

import (
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

	Unwatched Unwatched // why the provider's session is not watched any more; empty if it is, or nobody wants it

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

// count has something counted.
func (c *counters) count(what func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what(&c.stats)
}

func (c *counters) snapshot() (stats Stats) {
	c.count(func(counted *Stats) {
		stats = *counted
		stats.Requests = map[string]Measure{}
		maps.Copy(stats.Requests, counted.Requests)
	})
	return stats
}

// add counts what began at start.
func (m *Measure) add(start time.Time, err error) {
	m.Count++
	m.Time += time.Since(start)
	if err != nil {
		m.Failed++
	}
}

// request counts a request of a kind that began at start.
func (c *counters) request(kind string, start time.Time, err error) {
	c.count(func(stats *Stats) {
		if stats.Requests == nil {
			stats.Requests = map[string]Measure{}
		}
		m := stats.Requests[kind]
		m.add(start, err)
		stats.Requests[kind] = m
	})
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

// SigninPhases are when a sign-in got how far, by redirect or in a popup window,
// so that an app can see where its own time goes. They are milliseconds since the
// epoch, of the wall clock; 0 is unknown. What was before the tab left is known
// to the program that sent it away alone.
type SigninPhases struct {
	Called   int64 `json:"called,omitempty"`   // the app asked for it, as its page says
	Ready    int64 `json:"ready,omitempty"`    // the program had the call
	Metadata int64 `json:"metadata,omitempty"` // the provider's metadata was there; before Called if it was there already
	Left     int64 `json:"left,omitempty"`     // the page was told where to go
	Arrived  int64 `json:"arrived,omitempty"`  // the callback page told of the response, or the window answered
	Returned int64 `json:"returned,omitempty"` // the program had the call for what the response brings
	Exchange int64 `json:"exchange,omitempty"` // the token request began
	Tokens   int64 `json:"tokens,omitempty"`   // it was answered
	Verified int64 `json:"verified,omitempty"` // the ID Token had passed all checks
	User     int64 `json:"user,omitempty"`     // the user was given to the page

	// Ahead says that the token request did not wait for Returned.
	Ahead bool `json:"ahead"`
}

// wall returns the time as [SigninPhases] have it.
func (s *session) wall() int64 { return s.config.Now().UnixMilli() }

// calledAt returns the phases of a sign-in that the app asked for then.
func (s *session) calledAt(called int64) SigninPhases {
	return SigninPhases{Called: called, Ready: s.wall()}
}

// found notes since when the metadata is there.
func (p *SigninPhases) found(provider *provider) {
	provider.mu.Lock()
	defer provider.mu.Unlock()
	p.Metadata = provider.metadataAt.UnixMilli()
}
