package oidc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Code names a reason for failure. Codes are API: they keep their meaning,
// and JavaScript sees the same string as the code property of the error.
type Code string

// Error returns the code with the name of the package in front.
func (c Code) Error() string { return "oidc: " + string(c) }

// Mistakes of the developer.
const (
	// ErrInvalidArgument: a parameter is missing, malformed or unknown.
	ErrInvalidArgument Code = "invalid_argument"
	// ErrInvalidConfig: a setting is missing or malformed.
	ErrInvalidConfig Code = "invalid_config"
	// ErrInsecureURL: a URL is neither https nor http on a loopback host.
	ErrInsecureURL Code = "insecure_url"
)

// OfSetting returns err for a setting that breaks the rule for the argument of the
// same name: [ErrInvalidConfig] in the place of [ErrInvalidArgument].
func OfSetting(err error) error {
	if !errors.Is(err, ErrInvalidArgument) {
		return err
	}
	return fmt.Errorf("%s%w", strings.TrimSuffix(err.Error(), ErrInvalidArgument.Error()), ErrInvalidConfig)
}

// Reasons not to use the provider's metadata.
const (
	// ErrMetadataInvalid: a required member is missing or of the wrong type.
	ErrMetadataInvalid Code = "metadata_invalid"
	// ErrIssuerMismatch: an issuer is not the configured one, character by
	// character; in the metadata, the callback or the ID Token.
	ErrIssuerMismatch Code = "issuer_mismatch"
	// ErrUnsupported: the provider does not offer what is needed.
	ErrUnsupported Code = "unsupported"
)

// Reasons why a request had no usable answer.
const (
	// ErrNetwork: the server could not be reached.
	ErrNetwork Code = "network"
	// ErrCORSRefused: the server answers, but does not let this origin read.
	ErrCORSRefused Code = "cors_refused"
	// ErrTimeout: no answer in the time allowed.
	ErrTimeout Code = "timeout"
	// ErrAborted: the caller gave up.
	ErrAborted Code = "aborted"
	// ErrRedirectRefused: the server answered with a redirect, which is not
	// followed where keys and tokens come from, nor to another origin.
	ErrRedirectRefused Code = "redirect_refused"
	// ErrAnswerForged: the answer is not of the server that was asked: a
	// service worker of the app has made it, or has taken that to another address.
	ErrAnswerForged Code = "answer_forged"
	// ErrHTTPStatus: the status is not the one that the specification names.
	ErrHTTPStatus Code = "http_status"
	// ErrResponseTooLarge: the body is longer than the limit.
	ErrResponseTooLarge Code = "response_too_large"
	// ErrNotJSON: the body is not a JSON object, or is served as another type.
	ErrNotJSON Code = "not_json"
)

// Reasons to refuse an Authentication Response.
const (
	// ErrCallbackMissing: the URL holds no response at all.
	ErrCallbackMissing Code = "callback_missing"
	// ErrCallbackMalformed: the response has duplicate or missing parameters.
	ErrCallbackMalformed Code = "callback_malformed"
	// ErrStateUnknown: nothing was started under this state, or it was used
	// before: a reload, a bookmark, another browser, an attack.
	ErrStateUnknown Code = "state_unknown"
	// ErrStateMismatch: the state is not the one that was sent.
	ErrStateMismatch Code = "state_mismatch"
	// ErrRedirectURIMismatch: the response arrived at another address than the
	// redirect URI of its request: a server that rewrites addresses, or the
	// response of another provider (RFC 9700 4.4.2.2).
	ErrRedirectURIMismatch Code = "redirect_uri_mismatch"
	// ErrTransactionExpired: the answer came later than 15 minutes.
	ErrTransactionExpired Code = "transaction_expired"
	// ErrTargetNotAllowed: a login that somebody else initiated wants to end at
	// another origin.
	ErrTargetNotAllowed Code = "target_not_allowed"
)

// ErrProvider is the provider's own refusal; see [ProviderError].
const ErrProvider Code = "provider_error"

// Reasons to refuse a token response or a token.
const (
	// ErrTokenResponseInvalid: a required member is missing or malformed.
	ErrTokenResponseInvalid Code = "token_response_invalid"
	// ErrTokenTypeNotAllowed: the access token is a Bearer token where one bound
	// to a key was asked for (RFC 9449 5).
	ErrTokenTypeNotAllowed Code = "token_type_not_allowed"
	// ErrIDTokenMissing: openid was asked for and no ID Token came.
	ErrIDTokenMissing Code = "id_token_missing"
	// ErrPushResponseInvalid: a pushed request was accepted without a usable
	// request_uri.
	ErrPushResponseInvalid Code = "push_response_invalid"
	// ErrIntrospectionInvalid: the provider was asked about an access token, and
	// its answer does not say whether it is active.
	ErrIntrospectionInvalid Code = "introspection_invalid"
	// ErrTokenInactive: the provider was asked about the access token, and does
	// not know it, or not any more.
	ErrTokenInactive Code = "token_inactive"
	// ErrTokenMalformed: not a JWS in compact serialization with a JSON
	// object of claims.
	ErrTokenMalformed Code = "token_malformed"
	// ErrTokenNotEncrypted: a token came in clear where encryption was
	// negotiated.
	ErrTokenNotEncrypted Code = "token_not_encrypted"
	// ErrDecryptionFailed: none of the client's keys opens the token.
	ErrDecryptionFailed Code = "decryption_failed"
	// ErrClaimInvalid: a claim is missing or of the wrong type.
	ErrClaimInvalid Code = "claim_invalid"
	// ErrTypeNotAllowed: the typ header names a token of another kind.
	ErrTypeNotAllowed Code = "typ_not_allowed"
	// ErrHeaderNotAllowed: the token demands an extension (crit, b64); a DPoP
	// proof also if it points to a key (jku, x5u, x5c).
	ErrHeaderNotAllowed Code = "header_not_allowed"
	// ErrAlgNotAllowed: the algorithm is not on the allow-list.
	ErrAlgNotAllowed Code = "alg_not_allowed"
	// ErrKeyNotFound: the issuer publishes no key that could have signed.
	ErrKeyNotFound Code = "key_not_found"
	// ErrKeysInvalid: the JWKS holds no usable key.
	ErrKeysInvalid Code = "keys_invalid"
	// ErrSignatureInvalid: the signature does not verify.
	ErrSignatureInvalid Code = "signature_invalid"
	// ErrAudienceMismatch: the token is for somebody else, or for others too that
	// neither azp nor the app explains.
	ErrAudienceMismatch Code = "audience_mismatch"
	// ErrAZPMismatch: the token was issued to another client.
	ErrAZPMismatch Code = "azp_mismatch"
	// ErrTokenExpired: exp has passed. A wrong local clock looks the same.
	ErrTokenExpired Code = "token_expired"
	// ErrTokenNotYetValid: nbf has not come. A wrong local clock looks the same.
	ErrTokenNotYetValid Code = "token_not_yet_valid"
	// ErrIssuedInFuture: iat has not come. A wrong local clock looks the same.
	ErrIssuedInFuture Code = "issued_in_future"
	// ErrClockSkew: a token that was just issued has expired, or is of the
	// future: the clock here is wrong; see [ClockSkewError].
	ErrClockSkew Code = "clock_skew"
	// ErrNonceMismatch: the ID Token answers another request.
	ErrNonceMismatch Code = "nonce_mismatch"
	// ErrAuthTimeTooOld: the last sign-in is older than max_age allows.
	ErrAuthTimeTooOld Code = "auth_time_too_old"
	// ErrACRNotMet: the authentication context is not one that was required.
	ErrACRNotMet Code = "acr_not_met"
	// ErrAtHashMismatch: the access token does not belong to the ID Token.
	ErrAtHashMismatch Code = "at_hash_mismatch"
	// ErrSubjectChanged: the answer is about another End-User.
	ErrSubjectChanged Code = "subject_changed"
	// ErrSessionMismatch: a logout is about another session.
	ErrSessionMismatch Code = "session_mismatch"
	// ErrSessionEnded: the provider has ended the session that an access token is
	// of, after it was issued.
	ErrSessionEnded Code = "session_ended"
	// ErrLogoutTokenReplayed: a logout token was used before.
	ErrLogoutTokenReplayed Code = "logout_token_replayed"
	// ErrScopeInsufficient: the access token lacks a scope.
	ErrScopeInsufficient Code = "insufficient_scope"
	// ErrChallengeMalformed: a WWW-Authenticate header cannot be read.
	ErrChallengeMalformed Code = "challenge_malformed"
)

// Reasons for a client that binds its tokens to a key to give up (RFC 9449).
const (
	// ErrDPoPKeyLost: the code, or the token, is bound to a key that is not there any more.
	ErrDPoPKeyLost Code = "dpop_key_lost"
	// ErrDPoPNonceHidden: the server wants its nonce in the proof, and does not
	// show it: the header DPoP-Nonce is missing, or hidden by CORS.
	ErrDPoPNonceHidden Code = "dpop_nonce_hidden"
)

// Reasons for an API to refuse a token because of how it is bound to a key,
// or the proof of possession that came with it (RFC 9449).
const (
	// ErrDPoPRequired: the token is bound to a key, or the API accepts only
	// such tokens, and it was sent as a bearer token.
	ErrDPoPRequired Code = "dpop_required"
	// ErrDPoPNotBound: the token came with a proof and is bound to no key.
	ErrDPoPNotBound Code = "dpop_not_bound"
	// ErrDPoPProofMissing: there is no proof, or more than one.
	ErrDPoPProofMissing Code = "dpop_proof_missing"
	// ErrDPoPKeyInvalid: the proof brings no key, a private or symmetric one,
	// one that is too small or too large, or none for its algorithm.
	ErrDPoPKeyInvalid Code = "dpop_key_invalid"
	// ErrDPoPKeyMismatch: the token is bound to another key.
	ErrDPoPKeyMismatch Code = "dpop_key_mismatch"
	// ErrDPoPMethodMismatch: the proof is for another HTTP method.
	ErrDPoPMethodMismatch Code = "dpop_method_mismatch"
	// ErrDPoPURLMismatch: the proof is for another URL.
	ErrDPoPURLMismatch Code = "dpop_url_mismatch"
	// ErrDPoPTokenMismatch: the proof is for another access token.
	ErrDPoPTokenMismatch Code = "dpop_token_mismatch"
	// ErrDPoPProofExpired: the proof was made too long ago.
	ErrDPoPProofExpired Code = "dpop_proof_expired"
	// ErrDPoPNonceInvalid: the proof has no nonce, or not a current one.
	ErrDPoPNonceInvalid Code = "dpop_nonce_invalid"
	// ErrDPoPReplayed: the proof was used before.
	ErrDPoPReplayed Code = "dpop_replayed"
)

// A ClaimError reports the first claim of a token that failed validation.
// It never holds the value of the claim.
type ClaimError struct {
	Claim string // "iss", "nonce", ...
	Step  string // where it is required: "OIDC Core 3.1.3.7 step 11"
	Err   error  // a [Code], or wraps one
}

// Error names the claim and the step, never the value.
func (e *ClaimError) Error() string {
	return e.Err.Error() + " (claim " + e.Claim + ", " + e.Step + ")"
}

// Unwrap returns the [Code].
func (e *ClaimError) Unwrap() error { return e.Err }

// A ClockSkewError reports that the clocks of client and provider differ by
// more than the leeway.
type ClockSkewError struct {
	Seconds int64 // that the provider's clock is ahead; negative if it is behind
	Err     error // the check that failed
}

// Error says by how much the clocks differ.
func (e *ClockSkewError) Error() string {
	return ErrClockSkew.Error() + ": the provider's clock differs by " + strconv.FormatInt(e.Seconds, 10) + " s: " + e.Err.Error()
}

// Unwrap returns [ErrClockSkew], and the check that failed.
func (e *ClockSkewError) Unwrap() []error { return []error{ErrClockSkew, e.Err} }

// A ProviderError reports that the provider said no (RFC 6749 4.1.2.1 and
// 5.2, OIDC Core 3.1.2.6). Description and URI are text of the provider's:
// they are not part of Error, and are not to be shown as HTML.
type ProviderError struct {
	Endpoint    string // "authorization", "token", ...
	Status      int    // HTTP status; 0 for the authorization endpoint
	ErrorCode   string // the parameter error: "login_required", ...
	Description string // the parameter error_description
	URI         string // the parameter error_uri

	RetryAfter   time.Duration // how long the server asks to wait; 0 if it does not
	SessionState string        // the parameter session_state (Session Management 2)
	NoState      bool          // it came without state: of which request it is cannot be known
}

// Error returns the endpoint and the provider's error code.
func (e *ProviderError) Error() string {
	s := "oidc: the " + e.Endpoint + " endpoint answered " + safeErrorCode(e.ErrorCode)
	if e.NoState {
		s += ", without state"
	}
	return s
}

// GoString is Error: %#v shows no text of the provider's either.
func (e *ProviderError) GoString() string { return e.Error() }

// Unwrap returns [ErrProvider].
func (e *ProviderError) Unwrap() error { return ErrProvider }

// safeErrorCode keeps an untrusted error code out of messages unless it is
// as short and plain as the registered ones.
func safeErrorCode(code string) string {
	if code == "" || len(code) > 64 {
		return "an error"
	}
	for _, c := range code {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return "an error"
		}
	}
	return code
}

// A TransportError reports that a request had no usable answer.
type TransportError struct {
	Endpoint   string        // "discovery", "jwks", "token", ...
	Status     int           // HTTP status; 0 if there was no answer
	RetryAfter time.Duration // how long the server asks to wait; 0 if it does not
	Err        error         // a [Code], or wraps one
}

// Error names the endpoint and the status, never the body.
func (e *TransportError) Error() string {
	s := e.Err.Error() + " (" + e.Endpoint + " request"
	if e.Status != 0 {
		s += ", status " + strconv.Itoa(e.Status)
	}
	return s + ")"
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Retryable tells whether the same request may succeed later: the server was
// out of reach, or too busy (RFC 7009 2.2.1, RFC 9110 15.6).
func (e *TransportError) Retryable() bool {
	if e.Status == 0 {
		return errors.Is(e.Err, ErrNetwork) || errors.Is(e.Err, ErrTimeout)
	}
	return errors.Is(e.Err, ErrHTTPStatus) && (e.Status == 429 || e.Status >= 500)
}
