package resource

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// errNoAnswer means that the provider does not say what a token is good for.
var errNoAnswer = errors.New("resource: no introspection")

// ErrTooManyUnknownTokens means that a provider is asked about as many unknown tokens as
// the settings allow.
var ErrTooManyUnknownTokens = errors.New("resource: too many unknown tokens")

// A digest stands for a token: none is kept.
type digest = [sha256.Size]byte

// An introspector asks one provider about tokens, and remembers the answers.
type introspector struct {
	settings  Introspection
	verifier  oidc.AccessTokenVerifier
	transport oidc.Transport // with the credentials of the API
	keys      *keyCache      // knows the endpoint, if the settings do not
	now       func() time.Time

	active  seen // tokens that were active; those whose answer is too old are known, still
	refused seen

	mu      sync.Mutex // guards all of the below
	flights map[digest]*inquiry
	bound   bound // of unknown tokens
}

// An inquiry is an introspection that several requests wait for.
type inquiry struct {
	done   chan struct{} // closed when claims and err are set
	claims *oidc.AccessTokenClaims
	err    error
}

// verify returns the claims of a good token, and when it was.
func (i *introspector) verify(ctx context.Context, token string) (*oidc.AccessTokenClaims, time.Time, error) {
	if len(token) > maxIntrospected {
		return nil, i.now(), fmt.Errorf("longer than 16 KiB: %w", oidc.ErrTokenMalformed)
	}
	claims, err := i.ask(ctx, token)
	now := i.now()
	if err != nil {
		return nil, now, err
	}
	if err := i.verifier.Check(claims, now); err != nil {
		return nil, now, err
	}
	return copyOf(claims), now, nil
}

// ask returns what the provider says of a token, or has said a moment ago. The claims are
// not to be changed.
func (i *introspector) ask(ctx context.Context, token string) (*oidc.AccessTokenClaims, error) {
	sum, now := sha256.Sum256([]byte(token)), i.now()
	known, wasActive := i.active.look(sum, nil)
	if wasActive && now.Before(known.until) {
		return known.claims, nil
	}
	if refusal, found := i.refused.look(sum, nil); found && now.Before(refusal.until) {
		return nil, refusal.err
	}
	f, err := i.board(ctx, token, sum, wasActive)
	if err != nil {
		return nil, err
	}
	select {
	case <-f.done:
		return f.claims, f.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", errNoAnswer, context.Cause(ctx))
	}
}

// board returns the inquiry about a token: the one under way, or a new one, if there may be
// one more.
func (i *introspector) board(ctx context.Context, token string, sum digest, wasActive bool) (*inquiry, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if f := i.flights[sum]; f != nil {
		return f, nil
	}
	if !wasActive && !i.bound.enter(i.now()) {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, ErrTooManyUnknownTokens)
	}
	f := &inquiry{done: make(chan struct{})}
	i.flights[sum] = f
	// It belongs to all who wait: none of them can cancel it.
	go i.complete(context.WithoutCancel(ctx), f, token, sum, wasActive)
	return f, nil
}

// complete completes an inquiry. What the provider says is remembered, and that it says
// nothing is not.
func (i *introspector) complete(ctx context.Context, f *inquiry, token string, sum digest, wasActive bool) {
	defer close(f.done)
	asked := i.now()
	f.claims, f.err = i.introspect(ctx, token)
	switch {
	case f.err == nil:
		i.active.add(sum, len(token), nil, f.claims, asked.Add(i.settings.AnswerLife))
	case !errors.Is(f.err, errNoAnswer):
		i.active.drop(sum)
		i.refused.put(sum, sighting{err: f.err, until: asked.Add(refusalLife), cost: refusalCost})
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.flights, sum)
	if !wasActive {
		i.bound.leave()
	}
}

// introspect asks the provider. Its errors are [errNoAnswer], but for what the provider says
// of the token. A transport that panics fails.
func (i *introspector) introspect(ctx context.Context, token string) (claims *oidc.AccessTokenClaims, err error) {
	defer func() {
		if err != nil && !errors.Is(err, oidc.ErrTokenInactive) && !errors.Is(err, oidc.ErrTypeNotAllowed) && !errors.Is(err, oidc.ErrClaimInvalid) {
			err = fmt.Errorf("%w: %w", errNoAnswer, err)
		}
	}()
	defer recovered(&err)
	endpoint := i.settings.Endpoint
	if endpoint == "" {
		known, err := i.keys.get(ctx, nil)
		if err != nil {
			return nil, err
		}
		if endpoint = known.introspection; endpoint == "" {
			return nil, fmt.Errorf("introspection_endpoint is not in the metadata; set Endpoint: %w", oidc.ErrUnsupported)
		}
	}
	return i.verifier.Introspect(ctx, i.transport, &oidc.IntrospectionRequest{
		Endpoint: endpoint, ClientID: i.settings.ClientID, Token: oidc.Secret(token), Bearer: i.settings.Bearer,
	})
}

// A bound is how many may be under way, and begin in a second.
type bound struct {
	limit   int
	inside  int
	tickets float64 // of which limit are made in a second, and limit kept
	counted time.Time
}

// enter tells whether there may be one more, which has to leave.
func (b *bound) enter(now time.Time) bool {
	if b.counted.IsZero() {
		b.tickets = float64(b.limit)
	} else if passed := now.Sub(b.counted).Seconds(); passed > 0 {
		b.tickets = min(b.tickets+passed*float64(b.limit), float64(b.limit))
	}
	b.counted = now
	if b.inside >= b.limit || b.tickets < 1 {
		return false
	}
	b.inside++
	b.tickets--
	return true
}

func (b *bound) leave() { b.inside-- }
