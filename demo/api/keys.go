package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// refetchAfter is how old a key set has to be before a token with an unknown
// key causes a new fetch: anybody can send such tokens.
const refetchAfter = time.Minute

// keyCache holds the keys of one issuer.
type keyCache struct {
	issuer    string
	transport oidc.Transport
	now       func() time.Time

	mu      sync.Mutex // guards all of the below
	keys    *oidc.KeySet
	fetched time.Time // when keys came, or when the last fetch failed
	flight  *flight   // the fetch under way, or nil
}

// A flight is a fetch that several requests wait for.
type flight struct {
	done chan struct{} // closed when keys and err are set
	keys *oidc.KeySet
	err  error
}

// get returns the keys. With unknown, those that the caller has already lack
// a key, and newer ones are fetched unless that was done within a minute;
// then the old ones come back.
func (c *keyCache) get(ctx context.Context, unknown bool) (*oidc.KeySet, error) {
	c.mu.Lock()
	if c.keys != nil && (!unknown || c.now().Sub(c.fetched) < refetchAfter) {
		defer c.mu.Unlock()
		return c.keys, nil
	}
	f := c.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		c.flight = f
		// The fetch belongs to all who wait: none of them can cancel it.
		go c.fetch(context.WithoutCancel(ctx), f, unknown)
	}
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.keys, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *keyCache) fetch(ctx context.Context, f *flight, noCache bool) {
	defer close(f.done)
	f.keys, f.err = c.load(ctx, noCache)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight = nil
	c.fetched = c.now()
	if f.err == nil {
		c.keys = f.keys
	}
}

func (c *keyCache) load(ctx context.Context, noCache bool) (*oidc.KeySet, error) {
	metadata, err := oidc.FetchMetadata(ctx, c.transport, c.issuer)
	if err != nil {
		return nil, err
	}
	return oidc.FetchKeys(ctx, c.transport, metadata.JWKSURI, noCache)
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

// errNoKeys means that no token can be checked at the moment.
var errNoKeys = errors.New("api: no keys")
