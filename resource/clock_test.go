package resource_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/resource"
)

// What a request waits for takes time, and the checks are those of the time
// after that: what has expired meanwhile is refused.
func TestTimePassesDuringCheck(t *testing.T) {
	const (
		expiredToken = `Bearer error="invalid_token", error_description="token_expired", DPoP ` + algs
		expiredProof = `DPoP error="invalid_dpop_proof", error_description="dpop_proof_expired", ` + algs
		tooLongAgo   = `Bearer error="insufficient_user_authentication", error_description="auth_time_too_old", max_age="60", DPoP ` + algs
	)
	tests := []struct {
		name         string
		fetch, cache time.Duration // that keys and replay cache take
		token        claims
		proof        claims // nil: a bearer token
		status       int
		challenge    string
	}{
		{"good after both", 4 * time.Second, 4 * time.Second, claims{"exp": noon.Unix() + 9}, claims{"iat": noon.Unix() - 50}, 204, ""},
		{"exp while keys come", 9 * time.Second, 0, claims{"exp": noon.Unix() + 8}, nil, 401, expiredToken},
		{"auth_time while keys come", 9 * time.Second, 0, claims{"auth_time": noon.Unix() - 54}, nil, 401, tooLongAgo},
		{"proof while keys come", 9 * time.Second, 0, nil, claims{"iat": noon.Unix() - 52}, 401, expiredProof},
		{"proof while the replay cache answers", 0, 9 * time.Second, nil, claims{"iat": noon.Unix() - 52}, 401, expiredProof},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, c := newProvider(t), newClient(t)
			now := noon
			p.takes = func() { now, p.takes = now.Add(tt.fetch), nil }
			h := newMiddleware(t, p, func(config *resource.Config) {
				withDPoP(config)
				config.Leeway, config.Now = time.Second, func() time.Time { return now }
				config.ReplayCache = passing(func() { now = now.Add(tt.cache) })
			}).Require(reached, resource.Requirement{MaxAge: maxAgeOf(tt.token)})
			if tt.proof == nil {
				check(t, get(h, "Authorization", "Bearer "+p.token(tt.token)), tt.status, tt.challenge)
				return
			}
			edit := claims{"cnf": c.binding()}
			for name, value := range tt.token {
				edit[name] = value
			}
			token := p.token(edit)
			check(t, get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, tt.proof)), tt.status, tt.challenge)
		})
	}
}

// maxAgeOf demands a minute of tokens that say when the sign-in was.
func maxAgeOf(edit claims) time.Duration {
	if edit["auth_time"] == nil {
		return 0
	}
	return time.Minute
}

// passing is a [resource.ReplayCache] that knows nothing, and takes its time.
type passing func()

func (p passing) Use(context.Context, string, time.Time) (bool, error) {
	p()
	return true, nil
}

// A clock that is set forward and back makes no proof good again, and refuses none that is new.
func TestReplayAfterClockStep(t *testing.T) {
	p, now := newProvider(t), noon
	p.cache = "max-age=86400" // no keys are fetched beside
	h := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.Now = func() time.Time { return now }
	}).Handler(reached)
	const replayed = `DPoP error="invalid_dpop_proof", error_description="dpop_replayed", ` + algs
	send := func(c *client, token, proof string, status int, challenge string) {
		t.Helper()
		check(t, get(h, "Authorization", "DPoP "+token, "DPoP", proof), status, challenge)
	}
	c, other := newClient(t), newClient(t)
	token := p.token(claims{"cnf": c.binding()})
	late := p.token(claims{"sub": "other", "cnf": other.binding(), "exp": noon.Unix() + 7200})
	proof := c.proof(token, nil)
	send(c, token, proof, 204, "")
	now = noon.Add(time.Hour)
	send(other, late, other.proof(late, claims{"iat": now.Unix()}), 204, "")
	now = noon.Add(time.Second)
	send(c, token, proof, 401, replayed)
	fresh := c.proof(token, claims{"iat": now.Unix()})
	send(c, token, fresh, 204, "")
	send(c, token, fresh, 401, replayed)
}

// A proof is forgotten when it has expired, and what has been forgotten is not
// accepted, however long the keys were waited for.
func TestReplayWhileKeysCome(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	p.cache = "max-age=86400"
	now := noon
	h := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.Leeway, config.Now = time.Second, func() time.Time { return now }
	}).Handler(reached)
	token := p.token(claims{"cnf": c.binding(), "exp": noon.Add(48 * time.Hour).Unix()})
	send := func(proof string, status int, challenge string) {
		t.Helper()
		check(t, get(h, "Authorization", "DPoP "+token, "DPoP", proof), status, challenge)
	}
	send(c.proof(token, nil), 204, "")
	now = noon.Add(24*time.Hour - time.Second)
	proof := c.proof(token, claims{"iat": now.Unix() - 58})
	send(proof, http.StatusNoContent, "")
	now = now.Add(2 * time.Second) // the keys are a day old
	p.takes = func() { now, p.takes = now.Add(2*time.Second), nil }
	send(proof, http.StatusUnauthorized, `DPoP error="invalid_dpop_proof", error_description="dpop_proof_expired", `+algs)
}
