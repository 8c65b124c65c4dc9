package resource

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// An Ending is a session at a provider that is over, or all of an End-User's. It
// holds digests of what the logout token says, 43 characters each.
type Ending struct {
	ID       string    // of the issuer and jti: that of the logout token
	Session  string    // of the issuer and sid; "": all sessions of Subject are over
	Subject  string    // of the issuer and sub; "" if the token names nobody
	IssuedAt time.Time // iat: what began later goes on

	Used   time.Time // until when ID is to be remembered
	Forget time.Time // until when the rest is: older access tokens have expired then
}

// What an ending is kept under: the session that is over, the subject whose sessions all are,
// and the subject of which one is.
const (
	ofSession     = "sid:"
	ofAllSessions = "sub:"
	ofAnySession  = "any:"
)

// Keys are what an ending is kept under, and found by [Endings].
func (e *Ending) Keys() (keys []string) {
	if e.Session != "" {
		keys = append(keys, ofSession+e.Session)
	} else {
		keys = append(keys, ofAllSessions+e.Subject)
	}
	if e.Subject != "" {
		keys = append(keys, ofAnySession+e.Subject)
	}
	return keys
}

// newEnding returns that of a logout token.
func newEnding(c *oidc.LogoutClaims, used, forget time.Time) Ending {
	return Ending{
		ID: oidc.LogoutDigest("jti", c.Issuer, c.ID), Session: oidc.LogoutDigest("sid", c.Issuer, c.SessionID), Subject: oidc.LogoutDigest("sub", c.Issuer, c.Subject),
		IssuedAt: time.Unix(c.IssuedAt, 0), Used: used, Forget: forget,
	}
}

// endingKeys are those of the endings that concern an access token: of its session
// and of all sessions of its subject. Where it has no sid, any session of the
// subject's may be its own.
func endingKeys(c *oidc.AccessTokenClaims) []string {
	subject, sid := oidc.LogoutDigest("sub", c.Issuer, c.Subject), ""
	if strictjson.Unmarshal(c.Members["sid"], &sid) == nil && sid != "" {
		return []string{ofSession + oidc.LogoutDigest("sid", c.Issuer, sid), ofAllSessions + subject}
	}
	return []string{ofAnySession + subject}
}

// Endings remembers which sessions are over. All instances of an API share one: what
// one of them is told concerns all. Package redisendings has one in Redis. With an
// error nothing is known: what asks for it is refused with status 503.
type Endings interface {
	// Add remembers an ending under each of its keys, unless a later one is there. It
	// is fresh if its ID was not remembered before, for one caller only; else nothing
	// is done. It returns when nothing of it can be lost any more.
	Add(ctx context.Context, e Ending) (fresh bool, err error)

	// Last returns the latest ending under any of some keys; nil if there is none.
	Last(ctx context.Context, keys []string) (*Ending, error)

	// Watch sends each ending that is added from now on, by whichever instance, until
	// ctx ends: then the channel is closed. What is added while the instances cannot
	// be reached by each other comes when they can.
	Watch(ctx context.Context) (<-chan Ending, error)
}

// DefaultEndingLimit is the number of endings that a [MemoryEndings] remembers by
// default.
const DefaultEndingLimit = 100_000

// ErrEndingsFull means that an ending cannot be remembered.
var ErrEndingsFull = errors.New("resource: too many sessions have ended")

// A MemoryEndings is [Endings] for an API of one process, which forgets them when it
// ends. The zero value is ready to use.
type MemoryEndings struct {
	Limit int              // of endings; 0 means [DefaultEndingLimit]
	Now   func() time.Time // default: [time.Now]

	mu      sync.Mutex // guards all of the below
	used    map[string]time.Time
	last    map[string]Ending
	swept   time.Time
	watches map[chan Ending]context.Context
}

func (m *MemoryEndings) now() time.Time {
	if m.Now == nil {
		return time.Now()
	}
	return m.Now()
}

// Add is part of [Endings]. It fails with [ErrEndingsFull].
func (m *MemoryEndings) Add(_ context.Context, e Ending) (fresh bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, limit := m.now(), m.Limit
	if limit == 0 {
		limit = DefaultEndingLimit
	}
	m.sweep(now, len(m.used) >= limit)
	switch {
	case now.Before(m.used[e.ID]):
		return false, nil
	case len(m.used) >= limit || len(m.last) >= 2*limit:
		return false, ErrEndingsFull
	case m.used == nil:
		m.used, m.last = map[string]time.Time{}, map[string]Ending{}
	}
	m.used[e.ID] = e.Used
	for _, key := range e.Keys() {
		if known, ok := m.last[key]; !ok || known.IssuedAt.Before(e.IssuedAt) {
			m.last[key] = e
		}
	}
	for watch, ctx := range m.watches {
		select {
		case watch <- e:
		case <-ctx.Done():
		}
	}
	return true, nil
}

// sweep forgets what is over, once a minute, or as soon as there is no room.
func (m *MemoryEndings) sweep(now time.Time, full bool) {
	if since := now.Sub(m.swept); since < time.Minute && !(full && since >= time.Second) {
		return
	}
	m.swept = now
	maps.DeleteFunc(m.used, func(_ string, until time.Time) bool { return !now.Before(until) })
	maps.DeleteFunc(m.last, func(_ string, e Ending) bool { return !now.Before(e.Forget) })
}

// Last is part of [Endings].
func (m *MemoryEndings) Last(_ context.Context, keys []string) (latest *Ending, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		if e, ok := m.last[key]; ok && m.now().Before(e.Forget) && (latest == nil || latest.IssuedAt.Before(e.IssuedAt)) {
			latest = &e
		}
	}
	return latest, nil
}

// Watch is part of [Endings].
func (m *MemoryEndings) Watch(ctx context.Context) (<-chan Ending, error) {
	watch := make(chan Ending)
	m.mu.Lock()
	if m.watches == nil {
		m.watches = map[chan Ending]context.Context{}
	}
	m.watches[watch] = ctx
	m.mu.Unlock()
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watches, watch)
		close(watch)
	})
	return watch, nil
}
