package session

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// cacheLifetime is how long metadata is used; keys say it themselves.
	cacheLifetime = time.Hour
	// keysRefetchInterval bounds how often an unknown kid fetches keys.
	keysRefetchInterval = time.Minute
)

// A provider is what is known of one issuer from one source, shared by all its
// sessions.
// Nothing of it is ever used for another issuer (RFC 9700 4.4).
type provider struct {
	source    source
	keysOfApp *oidc.KeySet // in the place of those fetched; may be nil
	transport oidc.Transport
	now       func() time.Time
	stats     counters
	sessions  int // that use it; guarded by the mu of the registry

	metadataFlight flight[*oidc.Metadata] // by how the request is sent, as keysFlight
	keysFlight     flight[*oidc.KeySet]

	unhinted atomic.Bool // it was asked without a hint, after login_required

	mu         sync.Mutex
	metadata   *oidc.Metadata // guarded by mu, as all below
	metadataAt time.Time
	keys       *oidc.KeySet
	keysAt     time.Time
	refetchAt  time.Time     // of the last fetch for an unknown kid
	skew       time.Duration // of the provider's clock; see verifyFresh
	wrong      wrongClock    // zero if none is known; see stillWrong
	blockedAt  time.Time     // when a frame showed that it cannot work
	blockedBy  *Client       // the tab that said so; it is forgotten with it
	blockedURI string        // and the redirect URI, which is of the settings of a tab
	clients    []*Client     // the tabs, which are asked for headers
}

// fetchMetadata returns the metadata, fetched once an hour at most.
func (p *provider) fetchMetadata(ctx context.Context) (*oidc.Metadata, error) {
	if metadata := p.cachedMetadata(); metadata != nil {
		return metadata, nil
	}
	return p.metadataFlight.do(ctx, wire(ctx), func(ctx context.Context) (*oidc.Metadata, error) {
		if metadata := p.cachedMetadata(); metadata != nil { // another flight has landed
			return metadata, nil
		}
		metadata, err := p.source.Fetch(ctx, p.transport)
		if err != nil {
			return nil, err
		}
		if dropped := metadata.Dropped(); dropped != nil {
			p.metadataFlight.config.Logf("session: the metadata has addresses that cannot be used: %v", dropped)
		}
		p.keep(metadata)
		return metadata, nil
	})
}

// keep remembers metadata that was fetched just now.
func (p *provider) keep(metadata *oidc.Metadata) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.metadata, p.metadataAt = metadata, p.now()
}

// cachedMetadata returns the metadata at hand, or nil if it has to be fetched.
func (p *provider) cachedMetadata() *oidc.Metadata {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.metadata == nil || !p.fresh(p.metadataAt, cacheLifetime) {
		return nil
	}
	return p.metadata
}

// refusesHint tells whether the ID Token that went as a hint may be why a silent request
// failed: it is too old, or of a key that is gone. With some providers that is
// login_required, which is looked into once.
func (p *provider) refusesHint(err error) bool {
	return isRefusal(err, "invalid_request") || isRefusal(err, "login_required") && !p.unhinted.Swap(true)
}

// recall takes metadata over that this client fetched before a redirect, if
// it passes the checks and none has been fetched since.
func (p *provider) recall(metadata *oidc.Metadata) {
	if p.source.Adopt(metadata) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.metadata == nil {
		p.metadata, p.metadataAt = metadata, p.now()
	}
}

// fetchKeys returns the keys; with refetch they are fetched anew, past the
// HTTP cache, unless that was done in the last minute (OIDC Core 10.1.1).
func (p *provider) fetchKeys(ctx context.Context, refetch bool) (*oidc.KeySet, error) {
	if p.keysOfApp != nil {
		return p.keysOfApp, nil
	}
	metadata, err := p.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	if keys := p.cachedKeys(refetch); keys != nil {
		return keys, nil
	}
	return p.keysFlight.do(ctx, wire(ctx), func(ctx context.Context) (*oidc.KeySet, error) {
		if keys := p.cachedKeys(refetch); keys != nil { // another flight has landed
			return keys, nil
		}
		keys, err := oidc.FetchKeys(ctx, p.transport, metadata.JWKSURI, refetch)
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.keys, p.keysAt = keys, p.now()
		if refetch {
			p.refetchAt = p.keysAt
		}
		return keys, nil
	})
}

// cachedKeys returns the keys at hand, or nil if they have to be fetched.
func (p *provider) cachedKeys(refetch bool) *oidc.KeySet {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.keys == nil:
		return nil
	case refetch && !p.fresh(p.refetchAt, keysRefetchInterval):
		return nil
	case !p.fresh(p.keysAt, p.keys.Lifetime):
		return nil
	}
	return p.keys
}

// fresh tells whether at is within lifetime of now, on the wall clock: a
// clock that was set back makes everything stale.
func (p *provider) fresh(at time.Time, lifetime time.Duration) bool {
	age := p.now().Round(0).Sub(at.Round(0))
	return age >= 0 && age < lifetime
}

// verify verifies an ID Token.
func (p *provider) verify(ctx context.Context, expected *oidc.ExpectedIDToken, token oidc.Secret) (*oidc.IDTokenClaims, error) {
	return withKeys(ctx, p, func(keys *oidc.KeySet) (*oidc.IDTokenClaims, error) {
		return expected.VerifyIDToken(token, keys, p.clock())
	})
}

// withKeys has something verified, with new keys if those at hand do not verify it.
func withKeys[T any](ctx context.Context, p *provider, verify func(*oidc.KeySet) (*T, error)) (*T, error) {
	for refetch := false; ; refetch = true {
		keys, err := p.fetchKeys(ctx, refetch)
		if err != nil {
			return nil, err
		}
		verified, err := verify(keys)
		if refetch || !isAny(err, oidc.ErrKeyNotFound, oidc.ErrSignatureInvalid) {
			return verified, err
		}
	}
}

// probe finds out whether the provider is within reach, past every cache. A
// refusal is an answer, too. A provider that the app describes itself is asked
// for its keys.
func (p *provider) probe(ctx context.Context) error {
	transport := pastCache{p.transport}
	metadata, err := p.source.Fetch(ctx, transport)
	if err == nil {
		p.keep(metadata)
	}
	if err == nil && p.source.Document != "" && p.keysOfApp == nil {
		_, err = oidc.FetchKeys(ctx, transport, metadata.JWKSURI, true)
	}
	if _, passing := isPassing(err); passing {
		return err
	}
	return nil
}

// pastCache is a transport that asks the server itself.
type pastCache struct{ oidc.Transport }

// Do is [oidc.Transport].
func (t pastCache) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	direct := *req
	direct.NoCache = true
	return t.Transport.Do(ctx, &direct)
}

// frameAnswered remembers whether a hidden frame can work for this provider with a
// redirect URI.
func (p *provider) frameAnswered(tab *Client, redirectURI string, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !answered:
		p.blockedAt, p.blockedBy, p.blockedURI = p.now(), tab, redirectURI
	case p.blockedURI == redirectURI:
		p.blockedAt, p.blockedBy, p.blockedURI = time.Time{}, nil, ""
	}
}

// frameBlocked tells whether a frame showed within the last hour that it cannot
// work with a redirect URI.
func (p *provider) frameBlocked(redirectURI string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blockedURI == redirectURI && p.fresh(p.blockedAt, cacheLifetime)
}
