package resource

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// maxLife is how long keys are kept if no newer ones come.
	maxLife = 24 * time.Hour

	// refetchAfter is how old a key set has to be before a token that it does not
	// verify causes a new fetch: anybody can send such tokens.
	refetchAfter = time.Minute

	// pause is how long nothing is fetched after a fetch has failed, whatever comes.
	pause = 5 * time.Second
)

// errNoKeys means that no token can be checked at the moment.
var errNoKeys = errors.New("resource: no keys")

// A trust is by what an issuer's tokens are known: it is one as long as it is the same.
type trust struct {
	issuer string // or a template
	keys   *oidc.KeySet

	introspection string // the endpoint; "" if the metadata names none
}

// isLike tells whether two are by what is the same.
func (t *trust) isLike(other *trust) bool {
	return t != nil && t.issuer == other.issuer && t.introspection == other.introspection && oidc.SameKeys(t.keys, other.keys)
}

// keyCache holds the keys of one issuer.
type keyCache struct {
	source    oidc.IssuerSource
	transport oidc.Transport
	now       func() time.Time
	static    bool // what is known is all, for ever

	mu      sync.Mutex // guards all of the below
	known   *trust
	fetched time.Time // when keys came
	expires time.Time // when keys are to be fetched again
	failed  time.Time // when the last fetch failed; zero if it did not
	err     error     // of that one
	flight  *flight   // the fetch under way, or nil

	// Only the flight touches these, and there is one at a time.
	metadata        *oidc.IssuerMetadata
	metadataExpires time.Time
}

// A flight is a fetch that several requests wait for.
type flight struct {
	done  chan struct{} // closed when known and err are set
	known *trust
	err   error
}

// init checks the source, and takes the keys from it if they are there.
func (c *keyCache) init() error {
	err := c.source.Check()
	if err == nil && c.source.Keys != "" {
		c.known, c.static = &trust{issuer: c.source.Issuer}, true
		c.known.keys, err = oidc.ParseKeys([]byte(c.source.Keys))
	}
	return err
}

// verify checks a token, with newer keys if it is signed by an unknown one, or by another
// than is known by that name: a provider that has started again may use a name again. Where
// newer ones cannot be had nobody knows whether it is good.
func (c *keyCache) verify(ctx context.Context, check func(*trust) error) error {
	known, err := c.get(ctx, nil)
	if err != nil {
		return fmt.Errorf("%w of %s: %w", errNoKeys, c.source.Issuer, err)
	}
	err = check(known)
	if !errors.Is(err, oidc.ErrKeyNotFound) && !errors.Is(err, oidc.ErrSignatureInvalid) {
		return err
	}
	newer, fetchErr := c.get(ctx, known)
	switch {
	case fetchErr != nil:
		return fmt.Errorf("%w of %s: %w", errNoKeys, c.source.Issuer, fetchErr)
	case newer == known:
		return err
	}
	return check(newer)
}

// get returns what is known. Keys that have expired serve while newer ones are
// fetched, so that nobody waits for a provider that is slow or away. Who found a key
// lacking in a trust waits for a newer one, and gets the same back if it is the newest.
func (c *keyCache) get(ctx context.Context, lacking *trust) (*trust, error) {
	f, known, err := c.board(ctx, lacking)
	if f == nil {
		return known, err
	}
	select {
	case <-f.done:
		return f.known, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// board returns the flight to wait for, or what is known without one.
func (c *keyCache) board(ctx context.Context, lacking *trust) (*flight, *trust, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.known != nil && !c.static && now.Sub(c.fetched) >= maxLife {
		c.known = nil // the issuer may have withdrawn them long ago
	}
	serves := c.known != nil && c.known != lacking
	switch {
	case c.static,
		serves && (lacking != nil || now.Before(c.expires)),
		c.known != nil && now.Sub(c.fetched) < refetchAfter:
		return nil, c.known, nil
	case c.flight == nil && !c.failed.IsZero() && now.Sub(c.failed) < pause:
		if serves {
			return nil, c.known, nil
		}
		return nil, nil, c.err
	case c.flight == nil:
		c.flight = &flight{done: make(chan struct{})}
		// The fetch belongs to all who wait: none of them can cancel it.
		go c.fetch(context.WithoutCancel(ctx), c.flight, lacking != nil)
	}
	if serves {
		return nil, c.known, nil
	}
	return c.flight, nil, nil
}

// fetch completes a flight. Old keys outlive a fetch that fails, up to
// maxLife: an API does not go down with its provider.
func (c *keyCache) fetch(ctx context.Context, f *flight, noCache bool) {
	defer close(f.done)
	newer, life, err := c.load(ctx, noCache)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight, c.err, c.failed = nil, err, time.Time{}
	if err != nil {
		c.failed, f.err = c.now(), err
		return
	}
	if !c.known.isLike(newer) {
		c.known = newer
	}
	c.fetched = c.now()
	c.expires, f.known = c.fetched.Add(life), c.known
}

// load fetches the keys, and before them the metadata if need be. A transport that panics
// fails.
func (c *keyCache) load(ctx context.Context, noCache bool) (newer *trust, life time.Duration, err error) {
	defer func() {
		if err != nil {
			c.metadata = nil // perhaps the keys have moved
		}
	}()
	defer recovered(&err)
	answer := &tap{Transport: c.transport, lifetime: maxLife}
	if c.metadata == nil || !c.now().Before(c.metadataExpires) {
		if c.metadata, err = c.source.Fetch(ctx, answer); err != nil {
			return nil, 0, err
		}
		c.metadataExpires = c.now().Add(answer.lifetime)
	}
	keys, err := oidc.FetchKeys(ctx, answer, c.metadata.JWKSURI, noCache)
	if err != nil {
		return nil, 0, err
	}
	return &trust{issuer: c.metadata.Issuer, keys: keys, introspection: c.metadata.IntrospectionEndpoint}, keys.Lifetime, nil
}

// A tap remembers how long the last answer may be used.
type tap struct {
	oidc.Transport
	lifetime time.Duration
}

// Do is part of [oidc.Transport].
func (t *tap) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	resp, err := t.Transport.Do(ctx, req)
	if err == nil {
		t.lifetime = oidc.Lifetime(resp)
	}
	return resp, err
}
