package oidc

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// transactionLifetime bounds the time that the End-User has to sign in, in
// seconds.
const transactionLifetime = 15 * 60

// A Transaction is what the client remembers between an Authentication
// Request and its response. It is bound to the provider that it was sent to
// (RFC 9700 4.4.2), and is used once: who keeps it deletes it on reading.
type Transaction struct {
	Issuer       string
	ClientID     string
	RedirectURI  string
	ResponseMode string
	Scope        string
	State        Secret
	Nonce        Secret
	CodeVerifier Secret
	MaxAge       *int64 // seconds
	Essential    EssentialClaims
	Thumbprint   string // of the key that the code is bound to (RFC 9449 10)
	CreatedAt    int64  // seconds since the epoch
	Lifetime     int64  // seconds; 0 means 15 minutes
	ExtraToken   map[string]string

	answered string // the issuer that the response named, if the provider has several
}

// ExpiresAt is when the answer comes too late, in seconds since the epoch.
func (tx *Transaction) ExpiresAt() int64 {
	if tx.Lifetime > 0 {
		return tx.CreatedAt + tx.Lifetime
	}
	return tx.CreatedAt + transactionLifetime
}

// urlStateDelimiter stands between the random part of a state and what the app
// adds; it is none of the characters of the first.
const urlStateDelimiter = ";"

func withURLState(state Secret, urlState string) Secret {
	if urlState == "" {
		return state
	}
	return state + Secret(urlStateDelimiter+urlState)
}

// URLState returns what the app added to a state, empty for nothing.
func URLState(state Secret) string {
	_, urlState, _ := strings.Cut(state.Reveal(), urlStateDelimiter)
	return urlState
}

// transactionJSON is how a transaction is stored while the page is away at
// the provider.
type transactionJSON struct {
	Issuer       string           `json:"issuer"`
	ClientID     string           `json:"client_id"`
	RedirectURI  string           `json:"redirect_uri"`
	ResponseMode string           `json:"response_mode,omitempty"`
	Scope        string           `json:"scope"`
	State        string           `json:"state"`
	Nonce        string           `json:"nonce"`
	CodeVerifier string           `json:"code_verifier"`
	MaxAge       *int64           `json:"max_age,omitempty"`
	Essential    *EssentialClaims `json:"essential,omitempty"`
	Thumbprint   string           `json:"dpop_jkt,omitempty"`
	CreatedAt    int64            `json:"created_at"`
	Lifetime     int64            `json:"lifetime,omitempty"`

	ExtraToken map[string]string `json:"extra_token,omitempty"`
}

// Encode returns the transaction with its secrets, for a store that belongs
// to this tab alone.
func (tx *Transaction) Encode() ([]byte, error) {
	wire := transactionJSON{
		Issuer:       tx.Issuer,
		ClientID:     tx.ClientID,
		RedirectURI:  tx.RedirectURI,
		ResponseMode: tx.ResponseMode,
		Scope:        tx.Scope,
		State:        tx.State.Reveal(),
		Nonce:        tx.Nonce.Reveal(),
		CodeVerifier: tx.CodeVerifier.Reveal(),
		MaxAge:       tx.MaxAge,
		Thumbprint:   tx.Thumbprint,
		CreatedAt:    tx.CreatedAt,
		Lifetime:     tx.Lifetime,
		ExtraToken:   tx.ExtraToken,
	}
	if tx.Essential.ACR || tx.Essential.AuthTime {
		wire.Essential = &tx.Essential
	}
	return strictjson.Marshal(wire)
}

// DecodeTransaction is the reverse of Encode. What does not decode, or lacks
// a secret or what it is bound to, is [ErrStateUnknown].
func DecodeTransaction(data []byte) (*Transaction, error) {
	var wire transactionJSON
	if err := strictjson.UnmarshalKnown(data, &wire); err != nil {
		return nil, ErrStateUnknown
	}
	for _, required := range []string{
		wire.State, wire.Nonce, wire.CodeVerifier, wire.Issuer, wire.ClientID, wire.RedirectURI,
	} {
		if required == "" {
			return nil, ErrStateUnknown
		}
	}
	tx := &Transaction{
		Issuer:       wire.Issuer,
		ClientID:     wire.ClientID,
		RedirectURI:  wire.RedirectURI,
		ResponseMode: wire.ResponseMode,
		Scope:        wire.Scope,
		State:        Secret(wire.State),
		Nonce:        Secret(wire.Nonce),
		CodeVerifier: Secret(wire.CodeVerifier),
		MaxAge:       wire.MaxAge,
		Thumbprint:   wire.Thumbprint,
		CreatedAt:    wire.CreatedAt,
		Lifetime:     wire.Lifetime,
		ExtraToken:   wire.ExtraToken,
	}
	if wire.Essential != nil {
		tx.Essential = *wire.Essential
	}
	return tx, nil
}

// Expect returns what the ID Token that came with tokens has to be: all that
// the request asked for (OIDC Core 3.1.3.7).
func (tx *Transaction) Expect(m *Metadata, tokens *TokenResponse) *ExpectedIDToken {
	e := m.Expect(tx.ClientID, tokens.AccessToken)
	e.Issuer, e.Nonce, e.MaxAge, e.Essential = tx.Issuer, tx.Nonce, tx.MaxAge, tx.Essential
	e.issuers.named = tx.answered
	return e
}

// A Callback is a successful Authentication Response that belongs to a
// transaction. Only [Transaction.ParseCallback] makes one, so a Callback is
// proof that state, redirect URI and iss were checked.
type Callback struct {
	tx           *Transaction
	code         Secret
	SessionState string // OIDC Session Management 2

	// Parameters are those of the response that nobody here knows, each with its
	// first value: whatever the provider says.
	Parameters map[string]string
}

// String returns "[redacted]": formatting would read the unexported code
// past [Secret.String].
func (Callback) String() string { return redacted }

// GoString returns "[redacted]".
func (Callback) GoString() string { return redacted }

// responseParameters are those that may come only once (RFC 6749 3.1).
// Others are ignored, as they are to be (RFC 6749 4.1.2).
var responseParameters = []string{
	"code", "state", "iss", "error", "error_description", "error_uri", "session_state", "response",
}

// CallbackState returns the state of the response in callbackURL, in its
// query or in its fragment, to find the transaction by: where both look like one,
// that which has a state of ours, as the other is the app's own. Codes:
// [ErrCallbackMissing] if there is no response, [ErrCallbackMalformed],
// [ErrStateMismatch] if the response has no state, and a [ProviderError] with
// NoState if it is an error without one.
func CallbackState(callbackURL string) (Secret, error) {
	u, err := url.Parse(callbackURL)
	if err != nil {
		return "", ErrCallbackMalformed
	}
	err = ErrCallbackMissing
	var found Secret
	for _, raw := range []string{fragmentQuery(u), u.RawQuery} { // what the last one says counts
		state, partErr := stateOf(raw)
		worse := found != "" && (state == "" || IsState(found) && !IsState(state))
		if !worse && !errors.Is(partErr, ErrCallbackMissing) {
			found, err = state, partErr
		}
	}
	return found, err
}

// stateOf returns the state of the response in a query or a fragment. Codes: those of
// [CallbackState].
func stateOf(raw string) (Secret, error) {
	values, err := parseResponse(raw)
	if err != nil {
		return "", err
	}
	state, found := Secret(values.Get("state")), values.Has("code") || values.Has("error")
	if !found && values.Has("response") {
		state, found = unverifiedState(values.Get("response"))
	}
	switch {
	case !found:
		return "", ErrCallbackMissing
	case state == "" && values.Has("error") && !values.Has("code") && !values.Has("response"):
		return "", withoutState(values.Get("error"))
	case state == "":
		return "", ErrStateMismatch
	}
	return state, nil
}

// withoutState is for an error that comes without the state that the request had
// (RFC 6749 4.1.2.1): it belongs to no request, and anybody can have made it. Its code
// is told if it is one of plain words, and nothing else of it.
func withoutState(code string) error {
	if safeErrorCode(code) != code {
		return ErrStateMismatch
	}
	return &ProviderError{Endpoint: "authorization", ErrorCode: code, NoState: true}
}

// fragmentQuery returns the parameters in a fragment, also behind the route
// of a hash router: "#/signed-in?code=...". A question mark in a value does
// not end a route (RFC 3986 3.5 lets it stand as it is).
func fragmentQuery(u *url.URL) string {
	fragment := u.EscapedFragment()
	if route, query, found := strings.Cut(fragment, "?"); found && !strings.Contains(route, "=") {
		return query
	}
	return fragment
}

// parseQuery reads a query as browsers do: a semicolon is a character like any
// other (URL Standard 5.1).
func parseQuery(raw string) (url.Values, error) {
	return url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
}

func parseResponse(raw string) (url.Values, error) {
	values, err := parseQuery(raw)
	if err != nil {
		return nil, ErrCallbackMalformed
	}
	for name, all := range values {
		if len(all) > 1 && slices.Contains(responseParameters, name) {
			return nil, ErrCallbackMalformed
		}
	}
	return values, nil
}

// ParseCallback checks the Authentication Response in callbackURL, which is
// the address at which it arrived (RFC 6749 4.1.2, RFC 9207 2.4,
// RFC 9700 4.4.2.2). What was stored decides what is checked, not what comes
// back. Codes: [ErrCallbackMissing], [ErrCallbackMalformed],
// [ErrStateMismatch], [ErrRedirectURIMismatch], [ErrIssuerMismatch],
// [ErrTransactionExpired],
// a [ProviderError] with NoState if it is an error without state,
// [ErrUnsupported] if a signed response was asked for, which
// [Transaction.ParseSignedCallback] checks, and a [ProviderError] with the
// endpoint "authorization".
func (tx *Transaction) ParseCallback(m *Metadata, callbackURL string, now time.Time) (*Callback, error) {
	if tx.SignedResponse() {
		return nil, fmt.Errorf("response_mode: %w", ErrUnsupported)
	}
	values, err := tx.response(callbackURL)
	if err != nil {
		return nil, err
	}
	return tx.accept(m, callbackURL, values, now)
}

// response returns the parameters of the response, from where the response
// mode puts them.
func (tx *Transaction) response(callbackURL string) (url.Values, error) {
	u, err := url.Parse(callbackURL)
	if err != nil {
		return nil, ErrCallbackMalformed
	}
	asked, other := u.RawQuery, fragmentQuery(u)
	fragment := tx.ResponseMode == "fragment" || tx.ResponseMode == "fragment.jwt"
	if fragment {
		asked, other = other, asked
	}
	values, err := parseResponse(asked)
	if elsewhere, _ := parseResponse(other); err == nil && !isResponse(values) && isResponse(elsewhere) {
		if fragment {
			return nil, fmt.Errorf("response_mode asked for the fragment, and the response is in the query; if the provider ignores response_mode, leave it out: %w", ErrCallbackMalformed)
		}
		return nil, fmt.Errorf("the response is in the fragment, and the query was asked for; if the provider does so, set response_mode to fragment: %w", ErrCallbackMalformed)
	}
	return values, err
}

func isResponse(values url.Values) bool {
	return values.Has("code") || values.Has("error") || values.Has("response")
}

// accept checks the parameters of a response.
func (tx *Transaction) accept(m *Metadata, callbackURL string, values url.Values, now time.Time) (*Callback, error) {
	if !values.Has("code") && !values.Has("error") {
		return nil, ErrCallbackMissing
	}
	if tx.State == "" || !tx.State.equal(values.Get("state")) {
		if values.Get("state") == "" && !values.Has("code") {
			return nil, withoutState(values.Get("error"))
		}
		return nil, ErrStateMismatch
	}
	if err := tx.checkArrival(callbackURL); err != nil {
		return nil, err
	}
	if err := tx.checkIssuer(m, values); err != nil {
		return nil, err
	}
	if now.Unix() > tx.ExpiresAt() {
		return nil, fmt.Errorf("more than %d s after the request: %w", tx.ExpiresAt()-tx.CreatedAt, ErrTransactionExpired)
	}
	if values.Has("error") {
		return nil, ProviderError{
			Endpoint:     "authorization",
			ErrorCode:    values.Get("error"),
			Description:  values.Get("error_description"),
			URI:          values.Get("error_uri"),
			SessionState: values.Get("session_state"),
		}.without(tx.State, tx.Nonce, tx.CodeVerifier, Secret(values.Get("code")))
	}
	if !IsVisible(values.Get("code")) { // RFC 6749 A.11
		return nil, ErrCallbackMalformed
	}
	return &Callback{
		tx: tx, code: Secret(values.Get("code")), SessionState: values.Get("session_state"), Parameters: tx.unknown(values),
	}, nil
}

// unknown returns the parameters of a response that are neither known nor those of
// the redirect URI.
func (tx *Transaction) unknown(response url.Values) map[string]string {
	var unknown map[string]string
	_, query, _ := strings.Cut(tx.RedirectURI, "?")
	own, _ := parseQuery(query) // the app's; it is part of the address where the response arrived
	for name := range response {
		if slices.Contains(responseParameters, name) || own.Has(name) {
			continue
		}
		if unknown == nil {
			unknown = map[string]string{}
		}
		unknown[name] = response.Get(name)
	}
	return unknown
}

// checkIssuer is the defence against mix-up: iss has to be there if the
// provider promises it, and is compared whenever it is there (RFC 9207 2.4).
func (tx *Transaction) checkIssuer(m *Metadata, response url.Values) error {
	if m.provider() != tx.Issuer {
		return ErrIssuerMismatch
	}
	if !response.Has("iss") {
		if m.AuthorizationResponseIssParameterSupported {
			return fmt.Errorf("the response has no iss, and the metadata promises one: %w", ErrIssuerMismatch)
		}
		return nil
	}
	if err := m.checkNamed(response.Get("iss")); err != nil {
		return err
	}
	tx.answered = response.Get("iss")
	return nil
}
