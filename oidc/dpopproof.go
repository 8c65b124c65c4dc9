package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// An ExpectedDPoPProof is what a server knows of the request that a DPoP
// proof has to belong to (RFC 9449 4.3).
type ExpectedDPoPProof struct {
	Method      string // of the HTTP request
	URL         string // as the client sees it; query and fragment do not count
	AccessToken Secret // that came with the proof
	Thumbprint  string // of the key that the access token is bound to: cnf.jkt

	// ValidNonce tells whether the server gave a nonce out and still accepts
	// it; nil if none is needed.
	ValidNonce func(nonce string) bool

	Algorithms []string      // the allow-list; empty means all asymmetric ones
	MaxAge     time.Duration // from iat on; 0 means [DefaultProofAge]
	Leeway     time.Duration // for iat; 0 means [DefaultLeeway]
}

// DefaultProofAge is how long a proof is good: a request has to arrive.
const DefaultProofAge = time.Minute

const (
	// maxProofLength bounds a proof in bytes: a key of 4096 bits, a signature
	// by it and a URL fit four times.
	maxProofLength = 8 << 10
	// maxProofID bounds a jti.
	maxProofID = 256
)

// A DPoPProof is a proof that passed all checks but one: whether it was used
// before (RFC 9449 11.1). Until Expiry, nobody may accept ID with Thumbprint
// again.
type DPoPProof struct {
	ID         string // jti
	Thumbprint string // of its key
	Nonce      string
	IssuedAt   int64 // seconds since the epoch
	Expiry     int64 // seconds since the epoch: refused from then on
}

// proof is a proof whose signature is good.
type proof struct {
	key      *jwk
	method   string
	url      string
	issuedAt int64
	id       string
	token    string // ath
	nonce    string
}

// proofChecks are the checks of RFC 9449 4.3 that need the request, in the
// order of that section.
var proofChecks = []func(*ExpectedDPoPProof, *proof, int64) error{
	(*ExpectedDPoPProof).checkMethod,
	(*ExpectedDPoPProof).checkURL,
	(*ExpectedDPoPProof).checkNonce,
	(*ExpectedDPoPProof).checkTime,
	(*ExpectedDPoPProof).checkToken,
	(*ExpectedDPoPProof).checkKey,
}

// VerifyDPoPProof checks the value of a DPoP header (RFC 9449 4.3). Codes:
// [ErrTokenMalformed], [ErrTypeNotAllowed], [ErrAlgNotAllowed],
// [ErrHeaderNotAllowed], [ErrDPoPKeyInvalid], [ErrSignatureInvalid],
// [ErrDPoPMethodMismatch], [ErrDPoPURLMismatch], [ErrDPoPNonceInvalid],
// [ErrDPoPProofExpired], [ErrDPoPTokenMismatch], [ErrDPoPKeyMismatch], and in
// a [ClaimError] [ErrClaimInvalid], [ErrIssuedInFuture].
func (e *ExpectedDPoPProof) VerifyDPoPProof(header string, now time.Time) (*DPoPProof, error) {
	p, err := parseProof(header, e.Algorithms)
	if err != nil {
		return nil, err
	}
	for _, check := range proofChecks {
		if err := check(e, p, now.Unix()); err != nil {
			return nil, err
		}
	}
	return &DPoPProof{
		ID:         p.id,
		Thumbprint: e.Thumbprint,
		Nonce:      p.nonce,
		IssuedAt:   p.issuedAt,
		Expiry:     p.issuedAt + e.maxAge() + seconds(e.Leeway),
	}, nil
}

func (e *ExpectedDPoPProof) maxAge() int64 {
	if e.MaxAge == 0 {
		return int64(DefaultProofAge / time.Second)
	}
	return int64(e.MaxAge / time.Second)
}

// receivedProof is the protected header of a proof (RFC 9449 4.2). A kid does
// no harm; whatever else could name a key or an extension is refused.
type receivedProof struct {
	Alg  string                `json:"alg"`
	Typ  string                `json:"typ"`
	JWK  strictjson.RawMessage `json:"jwk"`
	Crit strictjson.RawMessage `json:"crit"`
	B64  strictjson.RawMessage `json:"b64"`
	JKU  strictjson.RawMessage `json:"jku"`
	X5U  strictjson.RawMessage `json:"x5u"`
	X5C  strictjson.RawMessage `json:"x5c"`
}

// parseProof checks what a proof says of itself (RFC 9449 4.3 steps 2 to 7).
func parseProof(token string, algorithms []string) (*proof, error) {
	if len(token) > maxProofLength {
		return nil, ErrTokenMalformed
	}
	parts, err := splitToken(token) // step 2
	if err != nil {
		return nil, err
	}
	h, err := parseReceivedProof(parts[0], algorithms) // steps 4 and 5
	if err != nil {
		return nil, err
	}
	payload, err := decodePart(parts[1])
	if err != nil {
		return nil, err
	}
	signature, err := decodePart(parts[2])
	if err != nil {
		return nil, err
	}
	key, err := parseProofKey(h) // step 7
	if err != nil {
		return nil, err
	}
	if !verifySignature(parts[0]+"."+parts[1], signature, h.Alg, key.public) { // step 6
		return nil, ErrSignatureInvalid
	}
	return parseProofClaims(key, payload) // step 3
}

// parseReceivedProof checks typ and alg (RFC 9449 4.3 steps 4 and 5).
func parseReceivedProof(part string, algorithms []string) (*receivedProof, error) {
	data, err := decodePart(part)
	if err != nil {
		return nil, err
	}
	var h receivedProof
	if !startsObject(data) || strictjson.Unmarshal(data, &h) != nil {
		return nil, ErrTokenMalformed
	}
	for _, forbidden := range []strictjson.RawMessage{h.Crit, h.B64, h.JKU, h.X5U, h.X5C} {
		if forbidden != nil {
			return nil, ErrHeaderNotAllowed
		}
	}
	if !isType(h.Typ, "dpop+jwt") {
		return nil, ErrTypeNotAllowed
	}
	allowed := len(algorithms) == 0 || slices.Contains(algorithms, h.Alg)
	if !allowed || !slices.Contains(asymmetricAlgorithms, h.Alg) {
		return nil, ErrAlgNotAllowed
	}
	return &h, nil
}

// privateMembers of a JWK are those that no public key has (RFC 7518 6).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// parseProofKey returns the public key of the header (RFC 9449 4.3 step 7).
// The sender chooses it, so the work that it makes has to be bounded: the
// library refuses RSA keys above 4096 bits.
func parseProofKey(h *receivedProof) (*jwk, error) {
	var members map[string]strictjson.RawMessage
	if !startsObject(h.JWK) || strictjson.Unmarshal(h.JWK, &members) != nil {
		return nil, ErrDPoPKeyInvalid
	}
	for _, name := range privateMembers {
		if _, present := members[name]; present {
			return nil, ErrDPoPKeyInvalid
		}
	}
	key, err := parseJWK(h.JWK)
	if err != nil || !slices.Contains(key.algorithms, h.Alg) {
		return nil, ErrDPoPKeyInvalid
	}
	return key, nil
}

// parseProofClaims reads the claims that every proof has (RFC 9449 4.3 step
// 3), and ath, which belongs to an access token.
func parseProofClaims(key *jwk, payload []byte) (*proof, error) {
	set, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	const section = "RFC 9449 4.2"
	r := &reader{set: set}
	p := &proof{
		key:      key,
		method:   r.text("htm", section, true),
		url:      r.text("htu", section, true),
		issuedAt: r.seconds("iat", section, true),
		id:       r.text("jti", section, true),
		token:    r.text("ath", section, false),
		nonce:    r.text("nonce", section, false),
	}
	if len(p.id) > maxProofID {
		r.fail("jti", section, "too long")
	}
	if r.err != nil {
		return nil, r.err
	}
	return p, nil
}

// checkMethod is RFC 9449 4.3 step 8. Methods are case-sensitive.
func (e *ExpectedDPoPProof) checkMethod(p *proof, _ int64) error {
	if p.method != e.Method {
		return ErrDPoPMethodMismatch
	}
	return nil
}

// checkURL is RFC 9449 4.3 step 9.
func (e *ExpectedDPoPProof) checkURL(p *proof, _ int64) error {
	want, ok := normalizeURL(e.URL)
	got, valid := normalizeURL(p.url)
	if !ok || !valid || got != want {
		return ErrDPoPURLMismatch
	}
	return nil
}

// checkNonce is RFC 9449 4.3 step 10.
func (e *ExpectedDPoPProof) checkNonce(p *proof, _ int64) error {
	if e.ValidNonce != nil && !e.ValidNonce(p.nonce) {
		return ErrDPoPNonceInvalid
	}
	return nil
}

// checkTime is RFC 9449 4.3 step 11.
func (e *ExpectedDPoPProof) checkTime(p *proof, now int64) error {
	leeway := seconds(e.Leeway)
	switch {
	case p.issuedAt > now+leeway:
		return &ClaimError{Claim: "iat", Step: "RFC 9449 4.3 step 11", Err: ErrIssuedInFuture}
	case now >= p.issuedAt+e.maxAge()+leeway:
		return ErrDPoPProofExpired
	}
	return nil
}

// checkToken is RFC 9449 4.3 step 12a.
func (e *ExpectedDPoPProof) checkToken(p *proof, _ int64) error {
	sum := sha256.Sum256([]byte(e.AccessToken))
	if p.token != base64.RawURLEncoding.EncodeToString(sum[:]) {
		return ErrDPoPTokenMismatch
	}
	return nil
}

// checkKey is RFC 9449 4.3 step 12b.
func (e *ExpectedDPoPProof) checkKey(p *proof, _ int64) error {
	thumbprint, err := keyThumbprint(p.key)
	if err != nil || e.Thumbprint == "" || thumbprint != e.Thumbprint {
		return ErrDPoPKeyMismatch
	}
	return nil
}

// normalizeURL returns an http or https URL without query and fragment, after
// the normalization by syntax and by scheme (RFC 9449 4.3, RFC 3986 6.2.2 and
// 6.2.3): case, percent-encoding, dot segments, default port, empty path.
func normalizeURL(raw string) (string, bool) {
	raw, _, _ = strings.Cut(raw, "#")
	raw, _, _ = strings.Cut(raw, "?")
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", false
	}
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	u, err = url.Parse(u.Scheme + "://" + host + normalizeEscapes(u.EscapedPath()))
	if err != nil {
		return "", false
	}
	u = u.ResolveReference(u) // removes dot segments
	return u.Scheme + "://" + u.Host + "/" + strings.TrimPrefix(u.EscapedPath(), "/"), true
}

// normalizeEscapes writes percent-encoding in upper case, and characters that
// need none without it (RFC 3986 6.2.2.1 and 6.2.2.2).
func normalizeEscapes(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+3 > len(path) {
			b.WriteByte(path[i])
			continue
		}
		decoded, err := url.PathUnescape(path[i : i+3])
		if err == nil && isUnreserved(decoded[0]) {
			b.WriteByte(decoded[0])
		} else {
			b.WriteString(strings.ToUpper(path[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

// isUnreserved tells whether a character means the same with and without
// percent-encoding (RFC 3986 2.3).
func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
