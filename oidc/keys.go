package oidc

import (
	"context"
	"crypto"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A KeySet holds the public signature keys of one issuer (RFC 7517 5).
type KeySet struct {
	// Lifetime is how long a set that was fetched may be used: the result of
	// [Lifetime] for the answer.
	Lifetime time.Duration

	keys []*jwk
}

// jwk is one key and the algorithms that it may verify.
type jwk struct {
	kid        string
	alg        string
	issuer     string // of the tokens that it may verify, or a template for that; empty for all
	public     any
	algorithms []string
}

// FetchKeys fetches the key set at a jwks_uri. With noCache it is fetched
// past the HTTP cache, for a key that is not in the set one has
// (OIDC Core 10.1.1). Codes: those of [Transport] and [ParseKeys],
// [ErrHTTPStatus], [ErrNotJSON], [ErrInsecureURL].
func FetchKeys(ctx context.Context, t Transport, jwksURI string, noCache bool) (*KeySet, error) {
	if err := checkEndpoint(jwksURI); err != nil {
		return nil, err
	}
	var raw strictjson.RawMessage
	req := &Request{
		Method:  "GET",
		URL:     jwksURI,
		Header:  map[string]string{"Accept": "application/jwk-set+json, application/json"},
		NoCache: noCache,
	}
	resp, err := getJSON(ctx, t, "jwks", req, &raw)
	if err != nil {
		return nil, err
	}
	keys, err := ParseKeys(raw)
	if err != nil {
		return nil, err
	}
	keys.Lifetime = Lifetime(resp)
	return keys, nil
}

// ParseKeys decodes a key set. Keys with errors among good ones are skipped,
// as are those for encryption, private and symmetric ones, and RSA keys
// below 2048 bits; a set without a usable key is [ErrKeysInvalid].
func ParseKeys(data []byte) (*KeySet, error) {
	var set struct {
		Keys []strictjson.RawMessage `json:"keys"`
	}
	if err := strictjson.Unmarshal(data, &set); err != nil {
		return nil, ErrKeysInvalid
	}
	keys := &KeySet{}
	for _, raw := range set.Keys {
		if key, err := parseJWK(raw); err == nil {
			keys.keys = append(keys.keys, key)
		}
	}
	if len(keys.keys) == 0 {
		return nil, ErrKeysInvalid
	}
	return keys, nil
}

// SameKeys tells whether two sets have the same keys.
func SameKeys(s, other *KeySet) bool {
	return slices.EqualFunc(s.keys, other.keys, func(a, b *jwk) bool {
		public, ok := a.public.(interface{ Equal(crypto.PublicKey) bool })
		return a.kid == b.kid && a.alg == b.alg && a.issuer == b.issuer && ok && public.Equal(b.public)
	})
}

// candidates returns the keys that could have made the signature of a token
// with header h: those with its kid, or any if it names none (OIDC Core 10.1),
// that can verify its algorithm, and are of the issuer that the payload names. A key without a kid is none of a token that
// names one, even if it is the only key: the name says that there is a newer
// key set, and a caller that gets no candidate fetches it (OIDC Core 10.1.1).
func (s *KeySet) candidates(h *header, payload []byte) []*jwk {
	if s == nil {
		return nil
	}
	var found []*jwk
	for _, key := range s.keys {
		if h.Kid != "" && key.kid != h.Kid || !slices.Contains(key.algorithms, h.Alg) || !key.isFor(payload) {
			continue
		}
		found = append(found, key)
	}
	return found[:min(len(found), maxKeysTried)]
}
