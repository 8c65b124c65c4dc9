package session

import (
	"cmp"
	"fmt"
	"iter"
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
	rivals  map[string]rivals         // by digest of the state
	size    int                       // of all rivals, in bytes

	// lost is when the last sign-in began whose rivals found no room, in seconds
	// since the epoch. Of none that began earlier it is known that it has none.
	lost int64
}

// rivals are the redirect URIs of other issuers for which that of a transaction
// could be taken when it began.
type rivals struct {
	uris  []string
	size  int
	begun int64 // in seconds since the epoch
	until time.Time
}

const (
	// rivalsLimit bounds the transactions whose rivals are known, rivalsSize all
	// their rivals, in bytes: what a page named is kept for longer than the page
	// is there. The oldest go first.
	rivalsLimit = 1000
	rivalsSize  = 256 << 10

	// longestFlow is the most that a transaction lives, as far as anything is
	// kept for it: a day is the most that a setting says.
	longestFlow = 24 * time.Hour
)

// expiryOf returns when nothing needs to be known of a transaction any more: its
// end, on the clock that runs on while the other one is set.
func expiryOf(tx *oidc.Transaction, wall, now time.Time) time.Time {
	left := time.Unix(tx.ExpiresAt()+1, 0).Sub(wall)
	return now.Add(min(max(left, underway), longestFlow))
}

// count adds n to how often peers name their redirect URIs.
func (r *redirects) count(n int, peers []Peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, peer := range peers {
		for _, uri := range peer.RedirectURIs {
			if uri == "" {
				continue
			}
			if r.issuers[uri] == nil {
				r.issuers[uri] = map[string]int{}
			}
			if r.issuers[uri][peer.Issuer] += n; r.issuers[uri][peer.Issuer] == 0 {
				delete(r.issuers[uri], peer.Issuer)
			}
			if len(r.issuers[uri]) == 0 {
				delete(r.issuers, uri)
			}
		}
	}
}

// begin keeps what could be taken for the response to tx, until it is over.
// [ErrRedirectURIShared] if that is more than there is room for, and the
// response would not say whose it is.
func (r *redirects) begin(metadata *oidc.Metadata, tx *oidc.Transaction, now, until time.Time) error {
	place, _, _ := strings.Cut(tx.RedirectURI, "?")
	r.mu.Lock()
	defer r.mu.Unlock()
	for state, old := range r.rivals {
		if !now.Before(old.until) {
			r.drop(state)
		}
	}
	like := rivals{begun: tx.CreatedAt, until: until}
	for uri, issuers := range r.issuers {
		other, _, _ := strings.Cut(uri, "?")
		if hasOther(issuers, tx.Issuer) && oidc.FitRedirectURI(place, other) > 0 {
			like.uris = append(like.uris, uri)
			like.size += len(uri) + 16 // and where it is
		}
	}
	switch {
	case like.uris == nil:
		return nil
	case like.size > rivalsSize && !namesIssuer(metadata, tx):
		return fmt.Errorf("too many redirect URIs of others: %w", ErrRedirectURIShared)
	case like.size > rivalsSize:
		r.lost = max(r.lost, tx.CreatedAt)
		return nil
	}
	for len(r.rivals) >= rivalsLimit || r.size+like.size > rivalsSize {
		r.dropOldest()
	}
	r.rivals[digest(tx.State)] = like
	r.size += like.size
	return nil
}

// dropOldest makes room; the sign-in whose rivals they were is refused unless
// its response says whose it is. The caller holds mu.
func (r *redirects) dropOldest() {
	oldest := first(r.rivals, func(a, b rivals) int { return cmp.Compare(a.begun, b.begun) })
	r.lost = max(r.lost, r.rivals[oldest].begun)
	r.drop(oldest)
}

// drop forgets rivals. The caller holds mu.
func (r *redirects) drop(state string) {
	r.size -= r.rivals[state].size
	delete(r.rivals, state)
}

// end forgets them when the sign-in is over.
func (r *redirects) end(tx *oidc.Transaction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(digest(tx.State))
}

// check returns [ErrRedirectURIShared] if a response to tx could be that of
// another issuer and nobody would notice.
func (r *redirects) check(metadata *oidc.Metadata, tx *oidc.Transaction) error {
	if namesIssuer(metadata, tx) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for uri := range r.others(tx) {
		if oidc.SameRedirectURI(uri, tx.RedirectURI) {
			return ErrRedirectURIShared
		}
	}
	return nil
}

// others are the redirect URIs of other issuers, those that are named now and
// those that were when tx began. The caller holds mu.
func (r *redirects) others(tx *oidc.Transaction) iter.Seq[string] {
	return func(yield func(string) bool) {
		for uri, issuers := range r.issuers {
			if hasOther(issuers, tx.Issuer) && !yield(uri) {
				return
			}
		}
		for _, uri := range r.rivals[digest(tx.State)].uris {
			if !yield(uri) {
				return
			}
		}
	}
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
	if _, known := r.rivals[digest(tx.State)]; !known && tx.CreatedAt <= r.lost {
		return fmt.Errorf("too many sign-ins were begun meanwhile: %w", ErrRedirectURIShared)
	}
	for uri := range r.others(tx) {
		if own > 0 && oidc.FitRedirectURI(uri, callbackURL) >= own {
			return oidc.ArrivalError(tx.RedirectURI, callbackURL)
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
// the page is gone. Nobody changes peers meanwhile.
func (r *Registry) Meet(peers ...Peer) (forget func()) {
	r.redirects.count(1, peers)
	return func() { r.redirects.count(-1, peers) }
}

// uses notes the redirect URIs of a client, for as long as it is open.
func (c *Client) uses(redirectURIs ...string) {
	c.named.Lock()
	defer c.named.Unlock()
	for _, uri := range redirectURIs {
		if _, known := c.forget[uri]; c.forget == nil || known { // closed, or known
			continue
		}
		c.forget[uri] = c.meets(uri)
	}
}

func (c *Client) meets(uri string) (forget func()) {
	return c.session.registry.Meet(Peer{c.settings.Issuer, []string{uri}})
}

// Counts tells whether what the page named counts: that of one that has been
// silent for long does not, until it says something. By default it does.
func (c *Client) Counts(on bool) {
	c.named.Lock()
	for uri, forget := range c.forget {
		switch {
		case on && forget == nil:
			c.forget[uri] = c.meets(uri)
		case !on && forget != nil:
			forget()
			c.forget[uri] = nil
		}
	}
	c.named.Unlock()
	if !on {
		c.session.config.spawn(func() { c.session.disregard(c) })
	}
}

// Counts is [Client.Counts].
func (s *Steps) Counts(on bool) { s.client.Counts(on) }

// forgetURIs is for a client that closes.
func (c *Client) forgetURIs() {
	c.named.Lock()
	defer c.named.Unlock()
	for _, forget := range c.forget {
		if forget != nil {
			forget()
		}
	}
	c.forget = nil
}
