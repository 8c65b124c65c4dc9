package resource

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// DPoP is how an API takes tokens that are bound to a key (RFC 9449 7).
// Without BaseURL it takes none: a bound token is then refused, because
// nothing would check that its sender has the key.
type DPoP struct {
	// BaseURL is what stands before the path of a request where clients see
	// it: scheme, host, and what a proxy takes off the path. It is not
	// guessed from the request, since the sender could choose it (RFC 9449
	// 11.1).
	BaseURL string

	Required bool // refuses tokens that are bound to no key

	// Algorithms of proofs, as told to clients; default: ES256, EdDSA and
	// Ed25519.
	Algorithms []string
	MaxAge     time.Duration // of a proof; 0 means [oidc.DefaultProofAge]

	// RequireNonce wants a nonce of the last five minutes in each proof
	// (RFC 9449 9): nobody can then make proofs for later. Instances of an
	// API share NonceKey, 32 bytes at least; default: one for this process.
	RequireNonce bool
	NonceKey     []byte
}

func (d *DPoP) enabled() bool { return d.BaseURL != "" }

// ifOff puts in front of an error that DPoP is off, if it is.
func (d *DPoP) ifOff(err error) error {
	if d.enabled() {
		return err
	}
	return within("DPoP is off without DPoP.BaseURL: ", err)
}

// complete sets defaults.
func (d *DPoP) complete() error {
	if !d.enabled() {
		if d.Required || d.RequireNonce || len(d.Algorithms) > 0 || d.MaxAge != 0 {
			return invalidMember("BaseURL", "has to be there, since DPoP is off without it")
		}
		return nil
	}
	if err := oidc.CheckIssuer(d.BaseURL); err != nil { // the same rules
		return addressError("BaseURL", err)
	}
	if err := checkTime("MaxAge", d.MaxAge); err != nil {
		return err
	}
	if err := oidc.CheckAlgorithms(d.Algorithms); err != nil {
		return within("Algorithms: ", err)
	}
	if len(d.Algorithms) == 0 {
		d.Algorithms = []string{"ES256", "EdDSA", "Ed25519"}
	}
	if d.RequireNonce && d.NonceKey == nil {
		d.NonceKey = randomNonceKey()
	}
	if d.RequireNonce && len(d.NonceKey) < nonceKeySize {
		return invalidMember("NonceKey", "has to have 32 bytes at least")
	}
	return nil
}

// checkBinding wants a token that is bound to a key to come with a proof of
// that key, and any other without (RFC 9449 7.1 and 7.2). It returns a nonce
// for the next request if it is time for one.
func (m *Middleware) checkBinding(
	r *http.Request, scheme, token string, claims *oidc.AccessTokenClaims, now time.Time,
) (nonce string, err error) {
	bound := claims.KeyThumbprint != ""
	switch {
	case scheme == bearer && m.config.DPoP.Required:
		return "", invalidToken(dpop, oidc.ErrDPoPRequired)
	case scheme == bearer && bound:
		return "", invalidToken(bearer, m.config.DPoP.ifOff(oidc.ErrDPoPRequired))
	case scheme == bearer:
		return "", nil
	case !bound:
		return "", invalidToken(dpop, oidc.ErrDPoPNotBound)
	}
	proof, err := m.checkProof(r, token, claims, now)
	if err != nil {
		return "", err
	}
	if m.nonces != nil && m.nonces.old(proof.Nonce, now) {
		return m.nonces.make(now), nil // RFC 9449 8.2
	}
	return "", nil
}

// checkProof checks the DPoP header of a request (RFC 9449 4.3).
func (m *Middleware) checkProof(
	r *http.Request, token string, claims *oidc.AccessTokenClaims, now time.Time,
) (*oidc.DPoPProof, error) {
	headers := r.Header.Values("DPoP")
	if len(headers) != 1 { // step 1
		return nil, invalidProof(oidc.ErrDPoPProofMissing)
	}
	expected := oidc.ExpectedDPoPProof{
		Method:      r.Method,
		URL:         m.config.DPoP.url(r),
		AccessToken: oidc.Secret(token),
		Thumbprint:  claims.KeyThumbprint,
		Algorithms:  m.config.DPoP.Algorithms,
		MaxAge:      m.config.DPoP.MaxAge,
		Leeway:      m.config.Leeway,
	}
	if m.nonces != nil {
		expected.ValidNonce = func(nonce string) bool { return m.nonces.valid(nonce, now) }
	}
	proof, err := expected.VerifyDPoPProof(headers[0], now)
	if description(err) == string(oidc.ErrDPoPKeyMismatch) { // the proof itself is good: RFC 9449 7.1
		return nil, invalidToken(dpop, err)
	}
	if err != nil {
		return nil, invalidProof(err)
	}
	fresh, err := m.use(r.Context(), proof, claims)
	switch {
	case errors.Is(err, ErrReplayShareFull):
		return nil, tooManyRequests(err)
	case err != nil:
		return nil, unavailable(err)
	case !fresh:
		return nil, invalidProof(oidc.ErrDPoPReplayed)
	case m.config.Now().Unix() >= proof.Expiry: // by now, and so the cache may have forgotten it
		return nil, invalidProof(oidc.ErrDPoPProofExpired)
	}
	return proof, nil
}

// use has the replay cache remember a proof, which came with a good token of these claims.
func (m *Middleware) use(ctx context.Context, proof *oidc.DPoPProof, claims *oidc.AccessTokenClaims) (fresh bool, err error) {
	key, until := replayKey(proof), m.forget(proof)
	if shared, ok := m.config.ReplayCache.(SharedReplayCache); ok {
		return shared.UseOf(ctx, replaySharers(proof, claims), key, until)
	}
	return m.config.ReplayCache.Use(ctx, key, until)
}

// replayKey names a proof: a jti belongs to the key that signed it, so that
// nobody can use up the jti of somebody else. It is of fixed length.
func replayKey(proof *oidc.DPoPProof) string {
	sum := sha256.Sum256([]byte(proof.Thumbprint + "." + proof.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// replaySharers names who takes a place in the replay cache: a key, and whoever has the token,
// which may be for as many keys as they like.
func replaySharers(proof *oidc.DPoPProof, claims *oidc.AccessTokenClaims) []string {
	owner := ownerOf(claims)
	if owner == "" {
		return []string{proof.Thumbprint}
	}
	return []string{proof.Thumbprint, owner}
}

// ownerOf names who has a token by a digest: sub, or the client; "" if the token names nobody.
func ownerOf(c *oidc.AccessTokenClaims) string {
	return cmp.Or(oidc.LogoutDigest("sub", c.Issuer, c.Subject), oidc.LogoutDigest("client_id", c.Issuer, c.ClientID))
}

// forget returns when a proof need not be remembered any more: when it is
// refused, and a leeway later for other instances whose clock is behind.
func (m *Middleware) forget(proof *oidc.DPoPProof) time.Time {
	leeway := m.config.Leeway
	if leeway == 0 {
		leeway = oidc.DefaultLeeway
	}
	return time.Unix(proof.Expiry, 0).Add(leeway)
}

// url returns the address of a request as its client sees it. The path is the
// one that was sent, whatever [http.StripPrefix] has done since.
func (d *DPoP) url(r *http.Request) string {
	path := strings.ReplaceAll(r.RequestURI, "#", "%23") // no browser sends one, and net/http takes it for a part of the path
	if !strings.HasPrefix(path, "/") {                   // the absolute form (RFC 9112 3.2.2), or a request without a server
		if u, err := url.Parse(path); err == nil && u.Host != "" {
			path = u.EscapedPath()
		} else {
			path = r.URL.EscapedPath()
		}
	}
	return strings.TrimSuffix(d.BaseURL, "/") + path
}
