package api

import (
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// advice is added to the messages of mistakes that a developer or an operator
// can mend; docs/errors.md says more. It is text of ours, never of a response.
// A code may have another one behind the name of an endpoint, or of a claim; that
// comes first.
var advice = []struct {
	code oidc.Code
	text string
}{
	{oidc.ErrInsecureURL, "use https, or http on localhost"},
	{oidc.ErrIssuerMismatch + " iss", "the provider has to send the issuer of its metadata; if that is what it sends, this is an attack"},
	{oidc.ErrIssuerMismatch, "authority has to be the issuer, character by character; another one in a response may be an attack: start again"},
	{oidc.ErrMetadataInvalid, "look at authority + /.well-known/openid-configuration"},
	{oidc.ErrNetwork, "the server cannot be reached; if it never can, connect-src in the policy of the worker script may forbid it"},
	{oidc.ErrCORSRefused + " discovery", "open that address: if nothing is there, mend authority (realm, path) or metadataUrl; if it is there, have the provider allow the app's origin for CORS"},
	{oidc.ErrCORSRefused, "have that server allow the app's origin for CORS, and request headers such as DPoP; if it worked before, a proxy answered (502) or the connection broke"},
	{oidc.ErrTimeout, "try later; of a hidden frame: register its redirect URI"},
	{oidc.ErrRedirectRefused + " discovery", "open that address: a login page is of a network or proxy that wants one; if the provider has moved, set authority to where it is"},
	{oidc.ErrRedirectRefused, "keys, tokens and calls of an API follow no redirect: set the address to where it leads, the provider's in its metadata (metadataSeed)"},
	{oidc.ErrAnswerForged, "a service worker of the app answers in place of the server: keep it out, see docs/service-workers.md"},
	{oidc.ErrHTTPStatus + " busy", "the server or a proxy before it fails: try later"},
	{oidc.ErrHTTPStatus + " userinfo", "allow the access token at the userinfo endpoint, or leave loadUserInfo out"},
	{oidc.ErrHTTPStatus + " forbidden", "the server, or a proxy or firewall before it, does not let the request pass"},
	{oidc.ErrHTTPStatus + " discovery", "nothing is there under that name (tenant, realm, pool, policy): check authority, and metadataUrl if it is set"},
	{oidc.ErrHTTPStatus, "no answer of that endpoint: look at what answers at its address"},
	{oidc.ErrNotJSON + " discovery", "authority or metadataUrl leads to something else: a login page, a proxy, or a site that serves index.html for every address"},
	{oidc.ErrNotJSON, "something else answers: a login page, a proxy, or a site that serves index.html for every address"},
	{oidc.ErrRedirectURIMismatch, "redirect_uri has to be the address at which the page comes up, and registered so; if neither a server nor the app's router rewrites it, it may be an attack"},
	{oidc.ErrTransactionExpired, "start again; staleStateAgeInSeconds says how long a sign-in may take"},
	{oidc.ErrTokenResponseInvalid, "the provider has to mend this"},
	{oidc.ErrTokenTypeNotAllowed, "a token bound to a key is asked for, and another came: switch DPoP on at the provider, or dpop off here"},
	{oidc.ErrIDTokenMissing, "the answer has no id_token: register the client for OpenID Connect, not OAuth alone, with the scope openid"},
	{oidc.ErrTokenMalformed, "the provider has to issue a signed JWT"},
	{oidc.ErrClaimInvalid, "the provider has to mend this"},
	{oidc.ErrAlgNotAllowed, "register the client for RS256, ES256 or another asymmetric algorithm"},
	{oidc.ErrKeyNotFound, "the provider signs with other keys than those at jwks_uri: have its operator empty the cache before that address; if it stays, the token may be forged"},
	{oidc.ErrSignatureInvalid, "the provider signs with other keys than those at jwks_uri: have its operator empty the cache before that address; if it stays, the token may be forged"},
	{oidc.ErrAudienceMismatch, "aud has to name the client_id of the settings; others beside it have to be in trusted_audiences, or azp has to be client_id"},
	{oidc.ErrAZPMismatch, "aud has to name the client_id of the settings; others beside it have to be in trusted_audiences, or azp has to be client_id"},
	{oidc.ErrNonceMismatch, "start again; if it stays, the provider has to put the nonce of the request into the ID Token"},
	{oidc.ErrAtHashMismatch, "the provider has to hash the access token beside it, by the algorithm of the signature; the hash of another token may be an attack"},
	{oidc.ErrSubjectChanged, "another person is signed in: sign out, then in again; of fetch: call again"},
	{oidc.ErrDPoPKeyLost, "the key has ended, with the user or the program that had it: sign in again"},
	{oidc.ErrDPoPNonceHidden, "the server has to list DPoP-Nonce and WWW-Authenticate in Access-Control-Expose-Headers"},
	{session.ErrRedirectURIShared, "another authority has this redirect_uri, too, and the provider sends no iss in responses: give each its own, or use response_mode jwt; close tabs of an old authority"},
	{session.ErrClientMismatch, "authority or client_id is not that of the sign-in: call signinCallback of the UserManager that began it"},
	{session.ErrCallbackUnread, "call signinCallback() on the page of redirect_uri, and wait for it before another sign-in begins"},
	{oidc.ErrTokenExpired, "if the token is new, the clock of this device is wrong"},
	{oidc.ErrTokenNotYetValid, "the clock of this device is probably wrong"},
	{oidc.ErrIssuedInFuture, "the clock of this device is probably wrong"},
	{oidc.ErrClockSkew, "the clock of this device is wrong; skew says by how many seconds the provider's is ahead"},
	{session.ErrNotSignedIn, "nobody is signed in, or has signed out meanwhile: sign in first"},
	{session.ErrFrameNoResponse, "register silent_redirect_uri (or redirect_uri) and let the page's frame-src and Cross-Origin-Embedder-Policy admit the provider; if so, it wants to show a page: sign in by redirect"},
	{session.ErrFetchNotAllowed, "add the origin, and the path if it is not for all of it, to the setting fetch.allow"},
	{session.ErrPopupBlocked, "call signinPopup in the handler of a click, before anything that waits; of fetch.stepUp: on stepUpRequired have somebody click for that, and fetch again"},
	{session.ErrPopupSevered, "Cross-Origin-Opener-Policy cuts the window off from the page; if it answers after all, the user is loaded"},
	{ErrFormBlocked, "form-action in the page's Content-Security-Policy lacks the provider's origin, one on the way, or 'self', to which it leads back"},
	{ErrStorageUnavailable, "the browser does not let this tab keep the sign-in: allow site data"},
	{ErrVersionMismatch, "page and worker come from different builds: deploy all files of one build together"},
}

const public = "check client_id; it has to be a public client at the provider, without a secret"

// refusals are of providers whose texts name no setting, Keycloak's above all.
// What apps compare error.message with, such as login_required, is none of them.
var refusals = []struct{ endpoint, begins, text string }{
	{"", "Pushed Authorization Request is only allowed", `set par: "required", as this client's requests have to be pushed`},
	{"", "DPoP proof is not active", "the clock of this device is probably wrong"},
	{"", "Lightweight access token not allowed", "turn lightweight access tokens off for the client, or loadUserInfo"},
	{"", "authentication_expired", "the login page was open for too long: sign in again"},
	{"", "invalid_client", public},
	{"token", "unauthorized_client", public + ", that may use this grant"},
	{"authorization", "unauthorized_client", "allow the client the authorization code flow at the provider (Keycloak: Standard flow)"},
	{"token", "access_denied", public + ", of the kind single-page application; if it is, a rule at the provider refuses"},
	{"", "invalid_token", "allow the access token at the userinfo endpoint, or leave loadUserInfo out"},
}

// adviceOnRefusal returns what is added to the provider's own text.
func adviceOnRefusal(refusal *oidc.ProviderError) string {
	if refusal.NoState {
		return "the response has no state, so that it is of no sign-in that is known; if the provider sent it, it refuses the request as a whole: check scope and the client's registration there"
	}
	for _, r := range refusals {
		here := r.endpoint == "" || r.endpoint == refusal.Endpoint
		if here && (r.begins == refusal.ErrorCode || strings.HasPrefix(refusal.Description, r.begins)) {
			return r.text
		}
	}
	return ""
}

// adviceOn returns what is added to the messages of a code; empty for none. What a
// status says comes before what the endpoint does where it stands first.
func adviceOn(code oidc.Code, place string, status int) string {
	what := ""
	switch {
	case status == 429 || status >= 500:
		what = "busy"
	case status == 401 || status == 403 || status == 407:
		what = "forbidden"
	}
	for _, a := range advice {
		if a.code == code || a.code == code+oidc.Code(" "+place) || a.code == code+oidc.Code(" "+what) {
			return a.text
		}
	}
	return ""
}
