package resource_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/resource"
)

// An object is the text of a JSON object as encoding/json reads it.
type object map[string]any

func read(text string) object {
	var o object
	if json.Unmarshal([]byte(text), &o) != nil {
		return nil
	}
	return o
}

func (o object) text(name string) string { s, _ := o[name].(string); return s }

// seconds returns a time, and whether it is one.
func (o object) seconds(name string) (float64, bool) { n, ok := o[name].(float64); return n, ok }

// isToken tells whether an access token may pass at noon: the rules again, in other words.
func isToken(header, set object) bool {
	typ := strings.TrimPrefix(strings.ToLower(header.text("typ")), "application/")
	kid, named := header["kid"]
	exp, expires := set.seconds("exp")
	iat, issued := set.seconds("iat")
	nbf, _ := set.seconds("nbf")
	audiences, _ := set["aud"].([]any)
	now := float64(noon.Unix())
	return header.text("alg") == "ES256" && typ == "at+jwt" && (!named || kid == "key-1") && header["crit"] == nil &&
		set.text("iss") == issuer && (set.text("aud") == audience || slices.Contains(audiences, any(audience))) &&
		set.text("sub") != "" && set.text("jti") != "" && expires && exp > now-30 && issued && iat < now+31 && nbf < now+31
}

// isProof tells whether a proof may pass at noon for GET /things with a token.
func isProof(header, set object, token string) bool {
	sum := sha256.Sum256([]byte(token))
	iat, issued := set.seconds("iat")
	u, err := url.Parse(set.text("htu"))
	age := float64(noon.Unix()) - iat
	return header.text("alg") == "ES256" && header.text("typ") != "" && header["jwk"] != nil && header["crit"] == nil &&
		set.text("htm") == http.MethodGet && set.text("ath") == b64(sum[:]) && set.text("jti") != "" && issued && age < 91 && age > -31 &&
		err == nil && u.Path == "/things" && strings.EqualFold(u.Hostname(), "api.example")
}

// onceOnly is a [resource.ReplayCache] without an end.
type onceOnly map[string]bool

func (o onceOnly) Use(_ context.Context, key string, _ time.Time) (bool, error) {
	used := o[key]
	o[key] = true
	return !used, nil
}

// Whatever the issuer signs and whatever a client signs, only what the rules allow is let
// through, a token that is bound with its proof alone, and each proof once.
func FuzzSigned(f *testing.F) {
	p, c := newProvider(f), newClient(f)
	thumbprint := c.binding()["jkt"].(string)
	h := newMiddleware(f, p, func(config *resource.Config) {
		withDPoP(config)
		config.ReplayCache, config.Refused = onceOnly{}, nil
	}).Handler(reached)

	header := map[string]any{"alg": "ES256", "kid": "key-1", "typ": "at+jwt"}
	set := map[string]any{
		"iss": issuer, "aud": audience, "sub": mark, "client_id": "app", "scope": "read", "jti": "1",
		"iat": noon.Unix(), "exp": noon.Unix() + 300, "cnf": map[string]any{"jkt": thumbprint},
	}
	proofHeader := map[string]any{"alg": "ES256", "typ": "dpop+jwt", "jwk": c.jwk()}
	proofSet := map[string]any{"jti": "1", "htm": "GET", "htu": audience + "/things", "iat": noon.Unix(), "ath": "$ath"}
	edited := func(object map[string]any, name string, value any) string {
		copied := map[string]any{}
		for n, v := range object {
			copied[n] = v
		}
		if copied[name] = value; value == nil {
			delete(copied, name)
		}
		return string(encode(f, copied))
	}
	good := []string{edited(header, "x", nil), edited(set, "x", nil), edited(proofHeader, "x", nil), edited(proofSet, "x", nil)}
	for i, object := range []map[string]any{header, set, proofHeader, proofSet} {
		for name := range object {
			for _, value := range []any{nil, "", 1, []string{}, []any{object[name]}, map[string]any{}} {
				seed := slices.Clone(good)
				seed[i] = edited(object, name, value)
				f.Add(true, seed[0], seed[1], seed[2], seed[3])
				f.Add(false, seed[0], seed[1], seed[2], seed[3])
			}
		}
	}
	f.Add(false, good[0], edited(set, "cnf", nil), "", "")
	send := func(t testing.TB, bound bool, tokenHeader, tokenSet, proofHeader, proofSet string) (status int, token, proof string) {
		token = jws(t, p.key, []byte(tokenHeader), []byte(tokenSet))
		sum := sha256.Sum256([]byte(token))
		proof = strings.ReplaceAll(proofSet, "$ath", b64(sum[:]))
		fields := []string{"Authorization", "Bearer " + token}
		if bound {
			fields = []string{"Authorization", "DPoP " + token, "DPoP", jws(t, c.key, []byte(proofHeader), []byte(proof))}
		}
		return get(h, fields...).Code, token, proof
	}
	if status, _, _ := send(f, true, good[0], good[1], good[2], edited(proofSet, "jti", "0")); status != http.StatusNoContent {
		f.Fatalf("what is good has status %d", status)
	}
	used := map[string]bool{"0": true}
	f.Fuzz(func(t *testing.T, bound bool, tokenHeader, tokenSet, proofHeader, proofSet string) {
		status, token, proofSet := send(t, bound, tokenHeader, tokenSet, proofHeader, proofSet)
		if status != http.StatusNoContent {
			if status != 400 && status != 401 {
				t.Errorf("status %d", status)
			}
			return
		}
		claims := read(tokenSet)
		if !isToken(read(tokenHeader), claims) {
			t.Errorf("a token is let through: %s %s", tokenHeader, tokenSet)
		}
		if !bound {
			if claims["cnf"] != nil {
				t.Errorf("a token that is bound is let through without a proof: %s", tokenSet)
			}
			return
		}
		cnf, _ := claims["cnf"].(map[string]any)
		proof := read(proofSet)
		if cnf["jkt"] != thumbprint || !isProof(read(proofHeader), proof, token) {
			t.Errorf("a proof is let through: %s %s for %s", proofHeader, proofSet, tokenSet)
		}
		if used[proof.text("jti")] {
			t.Errorf("jti %q is let through again", proof.text("jti"))
		}
		used[proof.text("jti")] = true
	})
}
