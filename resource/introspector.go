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

// A digest stands for a token: none is kept.
type digest = [sha256.Size]byte

func digestOf(token string) digest {
	var room [2 << 10]byte // for most tokens: nothing is allocated for them
	return sha256.Sum256(append(room[:0], token...))
}

// An introspector asks one provider about tokens, and remembers the answers.
type introspector struct {
	settings  Introspection
	verifier  oidc.AccessTokenVerifier
	transport oidc.Transport // with the credentials of the API
	keys      *keyCache      // knows the endpoint, if the settings do not
	now       func() time.Time

	active  seen // tokens that were active; those whose answer is too old are known, still
	refused seen

	known, unknown *lane // for tokens that were active before, and for others

	mu       sync.Mutex // guards all of the below
	flights  map[digest]*inquiry
	answered time.Time // when the provider last said something of a token
	failed   time.Time // when it last hung; zero if it has answered since
	err      error     // of that
}

// An inquiry is an introspection that several requests wait for.
type inquiry struct {
	sum     digest
	lane    *lane
	waiting int           // requests; guarded by mu of the introspector
	done    chan struct{} // closed when claims and err are set
	claims  *oidc.AccessTokenClaims
	err     error
}

// verify returns the claims of a good token, and when it was. The claims are not to be
// changed.
func (i *introspector) verify(ctx context.Context, token string, sum digest) (*oidc.AccessTokenClaims, time.Time, error) {
	if len(token) > maxIntrospected {
		return nil, i.now(), fmt.Errorf("longer than 16 KiB: %w", oidc.ErrTokenMalformed)
	}
	claims, err := i.ask(ctx, token, sum)
	now := i.now()
	if err != nil {
		return nil, now, err
	}
	if err := i.verifier.Check(claims, now); err != nil {
		return nil, now, err
	}
	return claims, now, nil
}

// ask returns what the provider says of a token, or has said a moment ago.
func (i *introspector) ask(ctx context.Context, token string, sum digest) (*oidc.AccessTokenClaims, error) {
	now, lane := i.now(), i.unknown
	if known, found := i.active.look(sum, nil); found {
		if now.Before(known.until) {
			return known.claims, nil
		}
		lane = i.known
	}
	if refusal, found := i.refused.look(sum, nil); found && now.Before(refusal.until) {
		return nil, refusal.err
	}
	f, err := i.board(ctx, token, sum, lane)
	if err != nil {
		return nil, err
	}
	select {
	case <-f.done:
		return f.claims, f.err
	case <-ctx.Done():
		i.alight(f)
		return nil, fmt.Errorf("%w: %w", errNoAnswer, context.Cause(ctx))
	}
}

// board returns the inquiry about a token: the one under way, or a new one, unless the
// provider hangs.
func (i *introspector) board(ctx context.Context, token string, sum digest, lane *lane) (*inquiry, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f := i.flights[sum]
	if f == nil {
		if err := i.hangs(); err != nil {
			return nil, err
		}
		f = &inquiry{sum: sum, lane: lane, done: make(chan struct{})}
		i.flights[sum] = f
		// It belongs to all who wait: none of them can cancel it.
		go i.complete(context.WithoutCancel(ctx), f, token)
	}
	f.waiting++
	return f, nil
}

// alight is for who does not wait any more.
func (i *introspector) alight(f *inquiry) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f.waiting--
}

// complete completes an inquiry.
func (i *introspector) complete(ctx context.Context, f *inquiry, token string) {
	defer close(f.done)
	f.claims, f.err = i.inquire(ctx, f, token)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.flights[f.sum] == f {
		delete(i.flights, f.sum)
	}
}

// inquire asks the provider when there is a place.
func (i *introspector) inquire(ctx context.Context, f *inquiry, token string) (*oidc.AccessTokenClaims, error) {
	if err := f.lane.enter(); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer f.lane.leave()
	if err := i.begin(f); err != nil {
		return nil, err
	}
	asked := i.now()
	claims, err := i.introspect(ctx, token)
	i.learn(f.sum, len(token), asked, claims, err)
	return claims, err
}

// begin fails if nobody waits any more, or if the provider has come to hang since.
func (i *introspector) begin(f *inquiry) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if f.waiting == 0 {
		delete(i.flights, f.sum) // who comes now begins another one
		return errNoAnswer
	}
	return i.hangs()
}

// hangs returns why the provider is not asked at the moment; nil if it is. The caller holds mu.
func (i *introspector) hangs() error {
	if !i.failed.IsZero() && i.now().Sub(i.failed) < pause {
		return i.err
	}
	return nil
}

// learn remembers what the provider has said of a token. Where that took long and is nothing, the
// provider hangs, if it has said nothing of any other token meanwhile: there may be one token
// alone that it fails for, and whoever has that must not have everybody else wait.
func (i *introspector) learn(sum digest, length int, asked time.Time, claims *oidc.AccessTokenClaims, err error) {
	answered := !errors.Is(err, errNoAnswer)
	switch {
	case err == nil:
		i.active.add(sum, length, nil, claims, asked.Add(i.settings.AnswerLife))
	case answered:
		i.active.drop(sum)
		i.refused.put(sum, sighting{err: err, until: asked.Add(refusalLife), cost: refusalCost})
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch now := i.now(); {
	case answered:
		i.answered, i.failed = now, time.Time{}
	case now.Sub(asked) >= patience && !i.answered.After(asked):
		i.failed, i.err = now, err
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
