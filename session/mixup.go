package session

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

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
//
// Known is what the pages name that are there, and until a sign-in is over what
// they named when it began: a page can name what it likes, but not for longer
// than it lives.
type redirects struct {
	mu      sync.Mutex
	issuers map[string]map[string]int // how often named, by redirect URI and issuer; guarded by mu, as all below
	rivals  map[oidc.Secret]rivals    // by state
}

// rivals are the redirect URIs of other issuers for which that of a transaction
// could be taken, each with its issuers, when it began.
type rivals struct {
	issuers map[string]map[string]int
	until   time.Time
}

// rivalsLimit bounds the transactions whose rivals are known.
const rivalsLimit = 1000

// add notes that issuer uses redirect URIs, until forget is called.
func (r *redirects) add(issuer string, redirectURIs ...string) (forget func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.issuers == nil {
		r.issuers = map[string]map[string]int{}
	}
	for _, uri := range redirectURIs {
		if r.issuers[uri] == nil {
			r.issuers[uri] = map[string]int{}
		}
		r.issuers[uri][issuer]++
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, uri := range redirectURIs {
			if r.issuers[uri][issuer]--; r.issuers[uri][issuer] == 0 {
				delete(r.issuers[uri], issuer)
			}
			if len(r.issuers[uri]) == 0 {
				delete(r.issuers, uri)
			}
		}
	}
}

// begin keeps what could be taken for the response to tx.
func (r *redirects) begin(tx *oidc.Transaction, now time.Time) {
	place, _, _ := strings.Cut(tx.RedirectURI, "?")
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.rivals, func(_ oidc.Secret, old rivals) bool { return !now.Before(old.until) })
	like := map[string]map[string]int{}
	for uri, issuers := range r.issuers {
		other, _, _ := strings.Cut(uri, "?")
		if oidc.FitRedirectURI(place, other) > 0 && hasOther(issuers, tx.Issuer) {
			like[uri] = maps.Clone(issuers)
		}
	}
	if len(like) == 0 || len(r.rivals) >= rivalsLimit {
		return
	}
	if r.rivals == nil {
		r.rivals = map[oidc.Secret]rivals{}
	}
	r.rivals[tx.State] = rivals{like, now.Add(underway)}
}

// end forgets that.
func (r *redirects) end(tx *oidc.Transaction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rivals, tx.State)
}

// check returns [ErrRedirectURIShared] if a response to tx could be that of
// another issuer and nobody would notice.
func (r *redirects) check(metadata *oidc.Metadata, tx *oidc.Transaction) error {
	if namesIssuer(metadata, tx) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, known := range []map[string]map[string]int{r.issuers, r.rivals[tx.State].issuers} {
		for uri, issuers := range known {
			if hasOther(issuers, tx.Issuer) && oidc.SameRedirectURI(uri, tx.RedirectURI) {
				return ErrRedirectURIShared
			}
		}
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
	for _, known := range []map[string]map[string]int{r.issuers, r.rivals[tx.State].issuers} {
		for uri, issuers := range known {
			if hasOther(issuers, tx.Issuer) && own > 0 && oidc.FitRedirectURI(uri, callbackURL) >= own {
				return oidc.ArrivalError(tx.RedirectURI, callbackURL)
			}
		}
	}
	return nil
}

// hasOther tells whether one of issuers is another.
func hasOther(issuers map[string]int, issuer string) bool {
	return len(issuers) > 1 || issuers[issuer] == 0
}

// A Peer is another client of the page, which need not be open: with its
// redirect URIs, for the defence against mix-up.
type Peer struct {
	Issuer       string
	RedirectURIs []string
}

// Meet notes what else a page may sign in with, until forget is called: when
// the page is gone.
func (r *Registry) Meet(peers ...Peer) (forget func()) {
	var each []func()
	for _, peer := range peers {
		uris := slices.DeleteFunc(slices.Clone(peer.RedirectURIs), func(uri string) bool { return uri == "" })
		each = append(each, r.redirects.add(peer.Issuer, uris...))
	}
	return func() {
		for _, forget := range each {
			forget()
		}
	}
}

// uses notes the redirect URIs of a client, for as long as it is open.
func (c *Client) uses(redirectURIs ...string) {
	c.named.Lock()
	defer c.named.Unlock()
	for _, uri := range redirectURIs {
		if c.forget == nil || c.forget[uri] != nil { // closed, or known
			continue
		}
		c.forget[uri] = c.session.registry.Meet(Peer{c.settings.Issuer, []string{uri}})
	}
}

// forgetURIs is for a client that closes.
func (c *Client) forgetURIs() {
	c.named.Lock()
	defer c.named.Unlock()
	for _, forget := range c.forget {
		forget()
	}
	c.forget = nil
}
