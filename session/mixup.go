package session

import (
	"sync"

	"github.com/oidcspa/oidcspa/oidc"
)

// redirects are the redirect URIs of this program, each with the issuers that
// send the browser there: the defence against mix-up (RFC 9700 4.4).
//
// A provider that an attacker runs can send the browser on to another one,
// whose code then comes back in answer to the attacker's request. The client
// would hand it to the attacker's token endpoint. Three things give the other
// provider away: its iss in the response (RFC 9207), its signature on the
// response (JARM), or a redirect URI of its own, at which the response arrives.
// Where there is none of them, the sign-in is refused; a redirect URI of a single
// issuer needs none.
type redirects struct {
	mu      sync.Mutex
	issuers map[string]map[string]bool // by redirect URI; guarded by mu
}

// add notes that issuer uses a redirect URI. It stays noted: the issuer may be
// gone from all tabs when its response arrives.
func (r *redirects) add(redirectURI, issuer string) {
	if redirectURI == "" || issuer == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.issuers == nil {
		r.issuers = map[string]map[string]bool{}
	}
	if r.issuers[redirectURI] == nil {
		r.issuers[redirectURI] = map[string]bool{}
	}
	r.issuers[redirectURI][issuer] = true
}

// check returns [ErrRedirectURIShared] if a response to tx could be that of
// another issuer and nobody would notice.
func (r *redirects) check(metadata *oidc.Metadata, tx *oidc.Transaction) error {
	if namesIssuer(metadata, tx) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.issuers[tx.RedirectURI]) > 1 {
		return ErrRedirectURIShared
	}
	return nil
}

// namesIssuer tells whether a response to tx that does not name its issuer is
// refused.
func namesIssuer(metadata *oidc.Metadata, tx *oidc.Transaction) bool {
	return metadata.AuthorizationResponseIssParameterSupported || tx.SignedResponse()
}

// checkArrival is check for the response that is there: the address where it
// arrived matches the redirect URI of no other issuer as well as that of tx,
// else [oidc.ErrRedirectURIMismatch]. That it matches that of tx is for
// [oidc.Transaction.ParseCallback].
func (r *redirects) checkArrival(metadata *oidc.Metadata, tx *oidc.Transaction, callbackURL string) error {
	if err := r.check(metadata, tx); err != nil || namesIssuer(metadata, tx) {
		return err
	}
	own := oidc.FitRedirectURI(tx.RedirectURI, callbackURL)
	r.mu.Lock()
	defer r.mu.Unlock()
	for uri, issuers := range r.issuers {
		if !issuers[tx.Issuer] && own > 0 && oidc.FitRedirectURI(uri, callbackURL) >= own {
			return oidc.ArrivalError(tx.RedirectURI, callbackURL)
		}
	}
	return nil
}

// A Peer is another client of the page, which need not be open: with its
// redirect URIs, for the defence against mix-up.
type Peer struct {
	Issuer       string
	RedirectURIs []string
}

// Meet notes what else the page may sign in with.
func (r *Registry) Meet(peers ...Peer) {
	for _, peer := range peers {
		for _, uri := range peer.RedirectURIs {
			r.redirects.add(uri, peer.Issuer)
		}
	}
}
