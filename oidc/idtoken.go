package oidc

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// DefaultLeeway is how far the clocks of client and provider may differ.
const DefaultLeeway = 30 * time.Second

// IDTokenClaims are the claims of a verified ID Token (OIDC Core 2). Times
// are seconds since the epoch, 0 if the claim is absent.
type IDTokenClaims struct {
	Issuer          string
	Subject         string
	Audience        []string
	AuthorizedParty string // azp
	Expiry          int64
	IssuedAt        int64
	NotBefore       int64
	AuthTime        int64
	Nonce           Secret
	AccessTokenHash string // at_hash
	ACR             string
	SessionID       string // sid

	// Members are all claims, as they were signed.
	Members map[string]strictjson.RawMessage
}

// ExpectedIDToken is what an ID Token has to be to be accepted.
type ExpectedIDToken struct {
	Issuer     string
	ClientID   string
	Algorithms []string // the allow-list; see [Metadata.SigningAlgorithms]

	// TrustedAudiences may be in aud beside the client where no azp says that the
	// token is the client's.
	TrustedAudiences []string

	// Nonce is the one that was sent. It has to come back, unless Previous
	// is set.
	Nonce Secret

	// NoNonce: the token comes of a request that had none, a
	// [PasswordRequest].
	NoNonce bool

	// AccessToken came in the same response; at_hash is checked against it.
	AccessToken Secret

	// MaxAge is the max_age that was asked for, in seconds; nil if none was.
	MaxAge *int64

	// ACRValues are the acr that satisfy; empty if any does.
	ACRValues []string

	// Essential are the claims without which the sign-in is refused.
	Essential EssentialClaims

	// Decrypt opens an encrypted token. Set it if encryption was negotiated:
	// a token in clear is refused then. See package oidc/jwe.
	Decrypt func(token Secret) (Secret, error) `json:"-"`

	// Previous is set for a refresh: the claims of the sign-in, which the
	// new ones have to continue (OIDC Core 12.2). Those of another refresh may
	// lack nonce and auth_time.
	Previous *IDTokenClaims

	// Leeway for exp, iat, nbf and auth_time; 0 means [DefaultLeeway].
	Leeway time.Duration

	issuers issuers // of a provider with several tenants; see [Metadata.Expect]
}

// VerifyIDToken returns the claims of an ID Token that passed every check of
// OIDC Core 3.1.3.7, and of 12.2 when it comes from a refresh. now is the
// wall clock. Failures are a [ClaimError], or one of [ErrTokenMalformed],
// [ErrHeaderNotAllowed], [ErrTypeNotAllowed], [ErrAlgNotAllowed],
// [ErrKeyNotFound], [ErrSignatureInvalid], or what Decrypt fails with.
func (e *ExpectedIDToken) VerifyIDToken(token Secret, keys *KeySet, now time.Time) (*IDTokenClaims, error) {
	if e.Decrypt != nil { // OIDC Core 3.1.3.7 step 1
		var err error
		if token, err = e.Decrypt(token); err != nil {
			return nil, err
		}
	}
	h, payload, err := verifyJWS(token.Reveal(), keys, e.Algorithms)
	if err != nil {
		return nil, err
	}
	if !isIDTokenType(h.Typ) {
		return nil, ErrTypeNotAllowed
	}
	claims, err := parseIDTokenClaims(payload)
	if err != nil {
		return nil, err
	}
	v := &idTokenVerifier{ExpectedIDToken: e, alg: h.Alg, now: now.Unix(), leeway: seconds(e.Leeway)}
	if err := v.verify(claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// ReadIDToken returns the claims of an ID Token that passed VerifyIDToken when
// it came, to be the Previous of another. It checks nothing: a token from
// anywhere else says nothing. Code: [ErrTokenMalformed].
func ReadIDToken(token Secret) (*IDTokenClaims, error) {
	parts, err := splitToken(token.Reveal())
	if err != nil {
		return nil, err
	}
	payload, err := decodePart(parts[1])
	if err != nil {
		return nil, err
	}
	return parseIDTokenClaims(payload)
}

// isIDTokenType refuses tokens of another kind, such as at+jwt and logout+jwt
// (RFC 8725 3.11).
func isIDTokenType(typ string) bool {
	return typ == "" || strings.EqualFold(typ, "JWT") || strings.EqualFold(typ, "application/jwt")
}

func seconds(leeway time.Duration) int64 {
	if leeway == 0 {
		leeway = DefaultLeeway
	}
	return int64(leeway / time.Second)
}

func parseIDTokenClaims(payload []byte) (*IDTokenClaims, error) {
	set, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	const section = "OIDC Core 2"
	r := &reader{set: set}
	claims := &IDTokenClaims{
		Issuer:          r.text("iss", section, true),
		Subject:         r.text("sub", section, true),
		Audience:        r.strings("aud", section, true),
		AuthorizedParty: r.text("azp", section, false),
		Expiry:          r.seconds("exp", section, true),
		IssuedAt:        r.seconds("iat", section, true),
		NotBefore:       r.seconds("nbf", "RFC 7519 4.1.5", false),
		AuthTime:        r.seconds("auth_time", section, false),
		Nonce:           Secret(r.text("nonce", section, false)),
		AccessTokenHash: r.text("at_hash", "OIDC Core 3.1.3.6", false),
		ACR:             r.context(section),
		SessionID:       r.text("sid", "OIDC Front-Channel Logout 3", false),
		Members:         set,
	}
	if r.err != nil {
		return nil, r.err
	}
	return claims, nil
}

// idTokenVerifier holds what the checks compare with.
type idTokenVerifier struct {
	*ExpectedIDToken
	alg    string
	now    int64 // seconds since the epoch
	leeway int64 // seconds
}

// idTokenSteps are the checks in the order of OIDC Core 3.1.3.7; the
// signature, steps 6 to 8, came first.
var idTokenSteps = []struct {
	step, claim string
	check       func(*idTokenVerifier, *IDTokenClaims) error
}{
	{"OIDC Core 2", "sub", (*idTokenVerifier).checkSubject},
	{"OIDC Core 3.1.3.7 step 2", "iss", (*idTokenVerifier).checkIssuer},
	{"OIDC Core 3.1.3.7 step 3", "aud", (*idTokenVerifier).checkAudience},
	{"OIDC Core 3.1.3.7 step 5", "azp", (*idTokenVerifier).checkAuthorizedParty},
	{"OIDC Core 3.1.3.7 step 9", "exp", (*idTokenVerifier).checkExpiry},
	{"OIDC Core 3.1.3.7 step 10", "iat", (*idTokenVerifier).checkIssuedAt},
	{"RFC 7519 4.1.5", "nbf", (*idTokenVerifier).checkNotBefore},
	{"OIDC Core 3.1.3.7 step 11", "nonce", (*idTokenVerifier).checkNonce},
	{"OIDC Core 3.1.3.7 step 12", "acr", (*idTokenVerifier).checkACR},
	{"OIDC Core 3.1.3.7 step 13", "auth_time", (*idTokenVerifier).checkAuthTime},
	{"OIDC Core 3.1.3.8", "at_hash", (*idTokenVerifier).checkAccessTokenHash},
	{"RFC 8725 3.12", "events", (*idTokenVerifier).checkNoLogoutToken},
	{"OIDC Core 12.2", "iss", (*idTokenVerifier).checkSameIssuer},
	{"OIDC Core 12.2", "sub", (*idTokenVerifier).checkSameSubject},
	{"OIDC Core 12.2", "auth_time", (*idTokenVerifier).checkSameAuthTime},
	{"OIDC Core 12.2", "azp", (*idTokenVerifier).checkSameAuthorizedParty},
}

func (v *idTokenVerifier) verify(c *IDTokenClaims) error {
	for _, s := range idTokenSteps {
		if err := s.check(v, c); err != nil {
			return &ClaimError{Claim: s.claim, Step: s.step, Err: err}
		}
	}
	return nil
}

// verifySome makes the checks of some claims, of a token that is no ID Token.
func (v *idTokenVerifier) verifySome(c *IDTokenClaims, step string, claims ...string) error {
	for _, s := range idTokenSteps {
		if !slices.Contains(claims, s.claim) {
			continue
		}
		if err := s.check(v, c); err != nil {
			return &ClaimError{Claim: s.claim, Step: step, Err: err}
		}
	}
	return nil
}

// checkSubject wants at most 255 ASCII characters.
func (v *idTokenVerifier) checkSubject(c *IDTokenClaims) error {
	if len(c.Subject) > 255 {
		return ErrClaimInvalid
	}
	for i := range len(c.Subject) {
		if c.Subject[i] >= 0x80 {
			return ErrClaimInvalid
		}
	}
	return nil
}

// checkIssuer compares code point by code point. Where a provider has several
// tenants, the issuer is that of the tenant which the token names in tid.
func (v *idTokenVerifier) checkIssuer(c *IDTokenClaims) error {
	issuer := v.Issuer
	if v.issuers.template != "" {
		named, err := v.issuers.of(textOf(c.Members["tid"]))
		if err != nil {
			return err
		}
		issuer = named
	}
	if issuer == "" || c.Issuer != issuer || v.issuers.named != "" && v.issuers.named != issuer {
		return fmt.Errorf("the issuer is another: %w", ErrIssuerMismatch)
	}
	return nil
}

// checkAudience wants the client in aud, and others beside it only if azp says
// that the token was issued to the client, or if they are trusted.
func (v *idTokenVerifier) checkAudience(c *IDTokenClaims) error {
	if v.ClientID == "" || !slices.Contains(c.Audience, v.ClientID) {
		return ErrAudienceMismatch
	}
	if c.AuthorizedParty == v.ClientID {
		return nil
	}
	for _, audience := range c.Audience {
		if audience != v.ClientID && !slices.Contains(v.TrustedAudiences, audience) {
			return fmt.Errorf("aud has others beside the client, there is no azp, and trusted_audiences lacks one: %w", ErrAudienceMismatch)
		}
	}
	return nil
}

func (v *idTokenVerifier) checkAuthorizedParty(c *IDTokenClaims) error {
	if has(c.Members, "azp") && c.AuthorizedParty != v.ClientID {
		return ErrAZPMismatch
	}
	return nil
}

func (v *idTokenVerifier) checkExpiry(c *IDTokenClaims) error {
	if v.now >= c.Expiry+v.leeway {
		return ErrTokenExpired
	}
	return nil
}

func (v *idTokenVerifier) checkIssuedAt(c *IDTokenClaims) error {
	if c.IssuedAt > v.now+v.leeway {
		return ErrIssuedInFuture
	}
	return nil
}

func (v *idTokenVerifier) checkNotBefore(c *IDTokenClaims) error {
	if c.NotBefore > v.now+v.leeway {
		return ErrTokenNotYetValid
	}
	return nil
}

// checkNonce fails closed: without a nonce to compare with, only a refresh
// passes, and its nonce is absent or the one of the sign-in (OIDC Core 12.2).
func (v *idTokenVerifier) checkNonce(c *IDTokenClaims) error {
	if v.Previous != nil {
		if has(c.Members, "nonce") && !v.Previous.Nonce.equal(c.Nonce.Reveal()) {
			return ErrNonceMismatch
		}
		return nil
	}
	if v.NoNonce {
		return nil
	}
	if !has(c.Members, "nonce") {
		return fmt.Errorf("nonce is absent: %w", ErrNonceMismatch)
	}
	if v.Nonce == "" || !v.Nonce.equal(c.Nonce.Reveal()) {
		return ErrNonceMismatch
	}
	return nil
}

// checkACR wants acr when it was essential, and one of the values that were
// asked for as such (OIDC Core 5.5.1.1). That acr_values was asked for demands
// nothing: it makes acr a voluntary claim (OIDC Core 3.1.2.1).
func (v *idTokenVerifier) checkACR(c *IDTokenClaims) error {
	if v.Essential.ACR && c.ACR == "" {
		return ErrACRNotMet
	}
	for _, values := range [][]string{v.ACRValues, v.Essential.ACRValues} {
		if len(values) > 0 && !slices.Contains(values, c.ACR) {
			return ErrACRNotMet
		}
	}
	return nil
}

// checkAuthTime wants auth_time when it was essential or max_age was asked
// for, which wants it fresh, too. None of it is asked of a refresh, which
// cannot renew it.
func (v *idTokenVerifier) checkAuthTime(c *IDTokenClaims) error {
	if v.MaxAge == nil && !v.Essential.AuthTime || v.Previous != nil {
		return nil
	}
	if !has(c.Members, "auth_time") {
		return fmt.Errorf("auth_time is absent: %w", ErrClaimInvalid)
	}
	if v.MaxAge == nil {
		return nil
	}
	if c.AuthTime > v.now+v.leeway {
		return ErrIssuedInFuture
	}
	if v.now-c.AuthTime-v.leeway > *v.MaxAge { // adding could overflow
		return ErrAuthTimeTooOld
	}
	return nil
}

// checkAccessTokenHash compares at_hash, which is optional in the code flow,
// with the left half of the hash of the access token (OIDC Core 3.1.3.6).
func (v *idTokenVerifier) checkAccessTokenHash(c *IDTokenClaims) error {
	if !has(c.Members, "at_hash") || v.hashes(v.alg, c) {
		return nil
	}
	for _, alg := range []string{"SHA-256", "SHA-384", "SHA-512"} {
		if v.hashes(alg, c) {
			return fmt.Errorf("at_hash is made by %s, and the token is signed by %s: %w", alg, v.alg, ErrAtHashMismatch)
		}
	}
	return ErrAtHashMismatch
}

// hashes tells whether at_hash is that of the access token by the hash of alg.
func (v *idTokenVerifier) hashes(alg string, c *IDTokenClaims) bool {
	_, sum := digestBy(alg, v.AccessToken.Reveal())
	return Secret(base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])).equal(c.AccessTokenHash)
}

// checkNoLogoutToken refuses a logout token in the place of an ID Token.
func (v *idTokenVerifier) checkNoLogoutToken(c *IDTokenClaims) error {
	if has(c.Members, "events") {
		return ErrTypeNotAllowed
	}
	return nil
}

// checkSameIssuer keeps a session with the tenant that it began with.
func (v *idTokenVerifier) checkSameIssuer(c *IDTokenClaims) error {
	if v.Previous != nil && c.Issuer != v.Previous.Issuer {
		return fmt.Errorf("the issuer is another than that of the sign-in: %w", ErrIssuerMismatch)
	}
	return nil
}

func (v *idTokenVerifier) checkSameSubject(c *IDTokenClaims) error {
	if v.Previous != nil && c.Subject != v.Previous.Subject {
		return ErrSubjectChanged
	}
	return nil
}

func (v *idTokenVerifier) checkSameAuthTime(c *IDTokenClaims) error {
	if v.Previous != nil && c.AuthTime != 0 && v.Previous.AuthTime != 0 && c.AuthTime != v.Previous.AuthTime {
		return ErrClaimInvalid
	}
	return nil
}

func (v *idTokenVerifier) checkSameAuthorizedParty(c *IDTokenClaims) error {
	if v.Previous != nil && c.AuthorizedParty != v.Previous.AuthorizedParty {
		return ErrAZPMismatch
	}
	return nil
}
