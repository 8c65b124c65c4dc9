package session

import (
	"context"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// maxSkew bounds the correction by what ID Tokens say about the provider's
// clock. It is the leeway: with the right time, a token passes whatever the
// correction is.
const maxSkew = oidc.DefaultLeeway

// maxDrift is the most by which a clock is said to be wrong.
const maxDrift = 100 * 365 * 24 * time.Hour

// wrongClockLimit is how long a clock that is wrong counts as that without a look: it
// may be the provider's, which nobody here sees being set.
const wrongClockLimit = 5 * time.Minute

// A wrongClock is what a fresh ID Token has said of the clocks, and what they showed then.
type wrongClock struct {
	skew int64 // in seconds, as of [oidc.ClockSkewError]
	why  error
	at   time.Time // as the clock here says
	by   time.Time // what nobody can set
}

// A round is a token request: when it was sent, and when its answer came.
type round struct {
	sent, received time.Time
}

// middle is when the provider most likely issued the tokens.
func (r round) middle() time.Time {
	return r.sent.Add(r.received.Round(0).Sub(r.sent.Round(0)) / 2)
}

// clock is the wall clock, corrected by the skew of the last fresh ID Token.
func (p *provider) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now().Add(p.skew)
}

// verifyFresh is verify for an ID Token that was issued in this round. Its iat
// corrects the clock for the checks that follow. If a check of time fails and
// iat is out of reach of the leeway, the clock is wrong: [oidc.ClockSkewError].
func (p *provider) verifyFresh(ctx context.Context, expected *oidc.ExpectedIDToken, token oidc.Secret, r round) (*oidc.IDTokenClaims, error) {
	claims, err := p.verify(ctx, expected, token)
	if err != nil {
		return nil, p.explainTime(ctx, expected, token, r, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = wrongClock{}
	if skew := time.Unix(claims.IssuedAt, 0).Sub(r.middle()); skew.Abs() <= 2*maxSkew {
		// Some providers backdate iat by minutes: that says nothing.
		p.skew = min(max(skew, -maxSkew), maxSkew)
	}
	return claims, nil
}

// explainTime returns a [oidc.ClockSkewError] if err is a check of time which
// the difference of the clocks explains, else err. To know the iat, all other
// checks have to pass.
func (p *provider) explainTime(ctx context.Context, expected *oidc.ExpectedIDToken, token oidc.Secret, r round, err error) error {
	if !isAny(err, oidc.ErrTokenExpired, oidc.ErrIssuedInFuture, oidc.ErrTokenNotYetValid) {
		return err
	}
	patient := *expected
	patient.Leeway = maxDrift
	claims, otherErr := p.verify(ctx, &patient, token)
	if otherErr != nil {
		return err
	}
	skew := claims.IssuedAt - r.middle().Unix()
	if skew <= int64(maxSkew/time.Second) && skew >= -int64(maxSkew/time.Second) {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = wrongClock{skew, err, p.now().Round(0), time.Now()}
	return &oidc.ClockSkewError{Seconds: skew, Err: err}
}

// stillWrong returns the [oidc.ClockSkewError] that fresh tokens would end with, as the
// last ones did; nil once the clock has been set, or after a while.
func (p *provider) stillWrong() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wrong.why == nil {
		return nil
	}
	passed := time.Since(p.wrong.by)
	set := p.now().Round(0).Sub(p.wrong.at) - passed
	skew := p.wrong.skew - int64(set/time.Second)
	if passed >= wrongClockLimit || -int64(maxSkew/time.Second) <= skew && skew <= int64(maxSkew/time.Second) {
		return nil
	}
	return &oidc.ClockSkewError{Seconds: skew, Err: p.wrong.why}
}
