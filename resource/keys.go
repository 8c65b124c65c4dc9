package resource

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// maxLife is how long keys are kept if no newer ones come.
const maxLife = 24 * time.Hour

// refetchAfter is how old a key set has to be before a token with an unknown
// key causes a new fetch: anybody can send such tokens.
const refetchAfter = time.Minute

// freshness is how long requests wait for newer keys when those that are there
// have expired, in all: a key that was withdrawn is known as such if the
// provider answers at all.
const freshness = time.Second

// errNoKeys means that no token can be checked at the moment.
var errNoKeys = errors.New("resource: no keys")

// keyCache holds the keys of one issuer.
type keyCache struct {
	issuer    string
	transport oidc.Transport
	now       func() time.Time

	mu      sync.Mutex // guards all of the below
	keys    *oidc.KeySet
	fetched time.Time // when keys came
	expires time.Time // when keys are to be fetched again
	tried   time.Time // when the last fetch ended, in whatever way
	flight  *flight   // the fetch under way, or nil

	// Only the flight touches these, and there is one at a time.
	metadata        *oidc.Metadata
	metadataExpires time.Time
}

// A flight is a fetch that several requests wait for.
type flight struct {
	done chan struct{}   // closed when keys and err are set
	late <-chan struct{} // closed when who has old keys does not wait any more
	keys *oidc.KeySet
	err  error
}

// verify checks a token, with newer keys if it is signed by an unknown one.
func (c *keyCache) verify(ctx context.Context, check func(*oidc.KeySet) error) error {
	keys, err := c.get(ctx, false)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoKeys, err)
	}
	err = check(keys)
	if !errors.Is(err, oidc.ErrKeyNotFound) {
		return err
	}
	newer, fetchErr := c.get(ctx, true)
	if fetchErr != nil || newer == keys {
		return err
	}
	return check(newer)
}

// get returns the keys. Those that have expired serve if newer ones do not come
// within [freshness], so that nobody waits for a provider that is slow or away. With
// unknown, those that the caller has already lack a key, and the caller waits
// for newer ones unless they were tried within a minute; then the old ones come
// back.
func (c *keyCache) get(ctx context.Context, unknown bool) (*oidc.KeySet, error) {
	c.mu.Lock()
	now := c.now()
	if c.keys != nil && now.Sub(c.fetched) >= maxLife {
		c.keys = nil // the issuer may have withdrawn them long ago
	}
	recent := now.Sub(c.tried) < refetchAfter
	if c.keys != nil && (recent || !unknown && now.Before(c.expires)) {
		defer c.mu.Unlock()
		return c.keys, nil
	}
	f := c.flight
	if f == nil {
		late, cancel := context.WithTimeout(context.Background(), freshness)
		f = &flight{done: make(chan struct{}), late: late.Done()}
		context.AfterFunc(late, cancel)
		c.flight = f
		// The fetch belongs to all who wait: none of them can cancel it.
		go c.fetch(context.WithoutCancel(ctx), f, unknown)
	}
	var late <-chan struct{} // nil: there is nothing else
	old := c.keys
	if old != nil && !unknown {
		late = f.late
	}
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.keys, f.err
	case <-late:
		return old, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// fetch completes a flight. Old keys outlive a fetch that fails, up to
// maxLife: an API does not go down with its provider.
func (c *keyCache) fetch(ctx context.Context, f *flight, noCache bool) {
	defer close(f.done)
	keys, life, err := c.load(ctx, noCache)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight = nil
	c.tried = c.now()
	switch {
	case err == nil:
		c.keys, c.fetched, c.expires = keys, c.tried, c.tried.Add(life)
	case c.keys == nil:
		f.err = err
	}
	f.keys = c.keys
}

// load fetches the keys, and before them the metadata if need be.
func (c *keyCache) load(ctx context.Context, noCache bool) (*oidc.KeySet, time.Duration, error) {
	answer := &tap{Transport: c.transport}
	if c.metadata == nil || !c.now().Before(c.metadataExpires) {
		metadata, err := oidc.FetchMetadata(ctx, answer, c.issuer)
		if err != nil {
			return nil, 0, err
		}
		c.metadata, c.metadataExpires = metadata, c.now().Add(answer.lifetime)
	}
	keys, err := oidc.FetchKeys(ctx, answer, c.metadata.JWKSURI, noCache)
	if err != nil {
		c.metadata = nil // perhaps the keys have moved
		return nil, 0, err
	}
	return keys, keys.Lifetime, nil
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
