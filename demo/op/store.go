package op

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// store keeps the state of the protocol. Unlike go-oidc's own it has no
// limit on grants, hands out copies, and remembers used refresh tokens: one
// that comes back means that two parties have it, and ends the grant (RFC
// 9700 4.14.2).
type store struct {
	mu        sync.Mutex // guards all of the below
	sessions  map[string]*goidc.AuthnSession
	logouts   map[string]*goidc.LogoutSession
	grants    map[string]*goidc.Grant
	byCode    map[string]string // authorization code → id of the grant
	byRefresh map[string]string // refresh token, used or not → id of the grant
}

func newStore() *store {
	return &store{
		sessions:  map[string]*goidc.AuthnSession{},
		logouts:   map[string]*goidc.LogoutSession{},
		grants:    map[string]*goidc.Grant{},
		byCode:    map[string]string{},
		byRefresh: map[string]string{},
	}
}

// SaveSession is part of [goidc.AuthManager].
func (s *store) SaveSession(_ context.Context, session *goidc.AuthnSession) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := int(time.Now().Unix())
	maps.DeleteFunc(s.sessions, func(_ string, old *goidc.AuthnSession) bool { return old.ExpiresAt <= now })
	s.sessions[session.ID] = new(*session)
	return nil
}

// Session is part of [goidc.AuthManager].
func (s *store) Session(_ context.Context, id string) (*goidc.AuthnSession, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.sessions[id]
	if !ok {
		return nil, goidc.ErrNotFound
	}
	return new(*session), nil
}

// SaveLogoutSession is part of [goidc.LogoutManager].
func (s *store) SaveLogoutSession(_ context.Context, session *goidc.LogoutSession) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.logouts, func(_ string, old *goidc.LogoutSession) bool { return old.IsExpired() })
	s.logouts[session.ID] = new(*session)
	return nil
}

// LogoutSession is part of [goidc.LogoutManager].
func (s *store) LogoutSession(_ context.Context, id string) (*goidc.LogoutSession, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.logouts[id]
	if !ok {
		return nil, goidc.ErrNotFound
	}
	return new(*session), nil
}

// SaveGrant is part of [goidc.GrantManager].
func (s *store) SaveGrant(_ context.Context, grant *goidc.Grant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[grant.ID] = new(*grant)
	if grant.AuthCode != "" {
		s.byCode[grant.AuthCode] = grant.ID
	}
	if grant.RefreshToken != "" {
		s.byRefresh[grant.RefreshToken] = grant.ID
	}
	return nil
}

// Grant is part of [goidc.GrantManager].
func (s *store) Grant(_ context.Context, id string) (*goidc.Grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grant(id)
}

// GrantByAuthCode is part of [goidc.AuthManager].
func (s *store) GrantByAuthCode(_ context.Context, code string) (*goidc.Grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grant(s.byCode[code])
}

// GrantByRefreshToken is part of [goidc.RefreshTokenManager].
func (s *store) GrantByRefreshToken(_ context.Context, token string) (*goidc.Grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	grant, ok := s.grants[s.byRefresh[token]]
	if !ok {
		return nil, goidc.ErrNotFound
	}
	if grant.RefreshToken != token { // it was used before
		grant.RevokedAt = int(time.Now().Unix())
	}
	return new(*grant), nil
}

// grant returns a copy; s.mu is held.
func (s *store) grant(id string) (*goidc.Grant, error) {
	grant, ok := s.grants[id]
	if !ok {
		return nil, goidc.ErrNotFound
	}
	return new(*grant), nil
}
