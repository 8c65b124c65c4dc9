package api

import (
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// advice is added to the messages of mistakes that a developer or an operator
// can mend; docs/errors.md says more. It is text of ours, never of a response.
var advice = []struct {
	code oidc.Code
	text string
}{
	{oidc.ErrInsecureURL, "use https, or http on localhost"},
	{oidc.ErrIssuerMismatch, "authority and the provider's issuer have to be equal, character by character; in a callback it may be an attack"},
	{oidc.ErrMetadataInvalid, "look at authority + /.well-known/openid-configuration"},
	{oidc.ErrNetwork, "the server cannot be reached; if it never can, connect-src in the policy of the worker script may forbid it"},
	{oidc.ErrCORSRefused, "register the app's origin there for CORS, and headers such as DPoP; if it worked before, a proxy answered (502) or the connection broke"},
	{oidc.ErrRedirectRefused, "keys, tokens and proofs follow no redirect, and metadata none to another origin: set authority, or the address of the API, to where it leads"},
	{oidc.ErrAnswerForged, "a service worker of the app answers in place of the server: keep it out, see docs/service-workers.md"},
	{oidc.ErrNotJSON, "something else answers: a login page, a proxy, or a site that serves index.html for every address"},
	{oidc.ErrCallbackMissing, "the address holds no response: call signinCallback on the redirect URI only"},
	{oidc.ErrStateUnknown, "this tab started no such sign-in, or it was completed before: start again"},
	{oidc.ErrRedirectURIMismatch, "redirect_uri has to be the address at which the page comes up; if no server rewrites it, it may be an attack"},
	{oidc.ErrTransactionExpired, "the answer came later than 15 minutes: start again"},
	{oidc.ErrAlgNotAllowed, "register the client for RS256, ES256 or another asymmetric algorithm"},
	{oidc.ErrAudienceMismatch, "aud has to name client_id, and others only if azp is client_id or trusted_audiences names them"},
	{oidc.ErrDPoPKeyLost, "the key has ended, with the user or the program that had it: sign in again"},
	{oidc.ErrDPoPNonceHidden, "the server has to list DPoP-Nonce and WWW-Authenticate in Access-Control-Expose-Headers"},
	{session.ErrRedirectURIShared, "this provider does not say in its responses who it is: give each authority a redirect_uri of its own, or use response_mode jwt"},
	{session.ErrClientMismatch, "authority or client_id is not that of the sign-in: call signinCallback of the UserManager that began it"},
	{oidc.ErrTokenExpired, "if the token is new, the clock of this device is wrong"},
	{oidc.ErrTokenNotYetValid, "the clock of this device is probably wrong"},
	{oidc.ErrIssuedInFuture, "the clock of this device is probably wrong"},
	{oidc.ErrClockSkew, "the clock of this device is wrong; skew says by how many seconds the provider's is ahead"},
	{session.ErrFrameNoResponse, "the provider showed a page of its own, the redirect URI is not registered, or the page's frame-src lacks an origin on the way to the login"},
	{session.ErrFetchNotAllowed, "add the origin, and the path if it is not for all of it, to the setting fetch.allow"},
	{session.ErrPopupBlocked, "call signinPopup in the handler of a click, before anything that waits"},
	{session.ErrPopupSevered, "Cross-Origin-Opener-Policy cuts the window off from the page; if it answers after all, the user is loaded"},
	{ErrFormBlocked, "form-action in the page's Content-Security-Policy lacks an origin of the sign-out: of the provider, or one that it leads on to"},
	{ErrStorageUnavailable, "the browser does not let this tab keep the sign-in"},
	{ErrVersionMismatch, "page and worker come from different builds: deploy all files of one build together"},
}

// wrongAuthority is for discovery: a server need not let pages read that there is
// nothing at an address.
const wrongAuthority = "authority is wrong (a realm or tenant that is not there, a path too many), or the app's origin is not registered there for CORS"

// refusals are texts of providers that name no setting, Keycloak's above all.
var refusals = []struct{ description, text string }{
	{"Pushed Authorization Request is only allowed", `set par: "required", as this client's requests have to be pushed`},
	{"DPoP proof is not active", "the clock of this device is probably wrong"},
	{"Lightweight access token not allowed", "turn lightweight access tokens off for the client, or loadUserInfo"},
}

// adviceOnRefusal returns what is added to the provider's own text.
func adviceOnRefusal(refusal *oidc.ProviderError) string {
	for _, r := range refusals {
		if strings.HasPrefix(refusal.Description, r.description) {
			return r.text
		}
	}
	return ""
}

// adviceOn returns what is added to the messages of a code; empty for none.
func adviceOn(code oidc.Code) string {
	for _, a := range advice {
		if a.code == code {
			return a.text
		}
	}
	return ""
}
