package session

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// A session is one End-User at one provider for one client_id, over all tabs.
type session struct {
	config    *Config
	id        key
	born      int64 // how many of the registry came before it
	registry  *Registry
	provider  *provider
	redirects *redirects
	expiry    *expiry
	monitor   *monitor
	logouts   *logoutEvents
	idle      *idle

	silent   flight[*User]    // renewals, by what they ask for
	keeping  flight[struct{}] // the renewal because the access token ends
	restore  flight[*User]
	renewing chan struct{} // has room for who uses the refresh token; see takeTurn
	stats    counters

	// transport is that of config, with headers for a single call.
	transport func(headers map[string]string) oidc.Transport

	fetches fetches

	// turn is held while the user changes and the tabs hear of it, so that
	// they hear of everything in the order in which it happened.
	turn sync.Mutex

	mu       sync.Mutex
	user     *User                 // guarded by mu, as all below; changed by who has the turn
	standing standing              // who is signed in, and what follows from what happens
	carried  standing              // as of which user is: what begins between an act and its effects is of before
	latest   int64                 // [mark].after of all that has begun: a sign-out is later, wherever the clock is set
	ended    []ending              // sessions that the provider has ended a while ago
	endings  int                   // how many it has ended
	grant    grant                 // what has become of the user's refresh token
	failure  failure               // of the last renewal
	key      *oidc.DPoPTransport   // of the next who signs in; nil until it is needed
	oneKey   bool                  // it is for all who sign in; see takeKey
	bound    []*oidc.DPoPTransport // of codes that are away
	gone     bool                  // the registry has forgotten it; nobody signs in here any more
	answers  int                   // how many services the pages have done
	sought   int                   // after how many acts the provider is to be asked who is signed in; see look
	looking  bool                  // somebody does, or is about to
	looks    notes                 // how often that was
	woken    bool                  // a tab has woken up since
	clients  []*Client             // in the order in which they came
	askers   []string              // whose settings these have had, the last ones; see [keptAnswer]
	said     news                  // to other programs, last
	saidAt   time.Time             // when that was
	repeats  bool                  // it will be said again

	arrivals  atomic.Int32 // of somebody who waits here: in a window, with a response or a password, or to leave
	idleAt    time.Time    // when the last tab left
	awayUntil time.Time    // how long a sign-in may be under way that has left the page

	refs int // clients that use it; guarded by the mu of the registry
}

// current returns the user, nil if nobody is signed in, and what begins now.
func (s *session) current() (*User, moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user, s.moment()
}

// moment is for what begins now. The caller holds s.mu.
func (s *session) moment() moment {
	now := s.wall()
	m := moment{mark: s.carried.began(now), endings: s.endings, at: now}
	s.latest = max(s.latest, m.after)
	return m
}

// ask has the standing say what follows from something that happens. The caller
// has the turn.
func (s *session) ask(what func(*standing) effects) effects {
	s.mu.Lock()
	defer s.mu.Unlock()
	result := what(&s.standing)
	if !result.has(take | forget) {
		s.carried = s.standing
	}
	return result
}

// load makes user, of an interactive sign-in that began then, the current one. Who
// has signed out since stays signed out: [ErrNotSignedIn].
func (s *session) load(user *User, began moment) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.late(user, began, !began.again) {
		return ErrNotSignedIn
	}
	result := s.ask(func(st *standing) effects { return st.signedIn(began.mark, s.who(user), began.at) })
	if result.has(lose) {
		return ErrNotSignedIn
	}
	s.carryOut(result, user, nil)
	s.idle.touch(nil)
	return nil
}

// carryOut does what the standing says, with the user who comes, and the reason
// why one goes; both may be nil. The tabs hear of it first. It returns who has gone.
// The caller has the turn.
func (s *session) carryOut(result effects, user *User, reason error) (gone *User) {
	if result.has(forget) {
		gone = s.forget()
	}
	if result.has(take) {
		s.dismiss(s.set(user))
	}
	s.handOver()
	if result.has(tellPages) {
		s.tellPages()
	}
	if gone != nil {
		s.notify(Event{Name: UserUnloaded, Err: reason})
	}
	if result.has(take) {
		s.notify(Event{Name: UserLoaded, User: user})
	}
	if result.has(tellPeers) {
		s.tellPeers()
	}
	return gone
}

// dismiss is for a user, maybe none, instead of whom somebody else has signed in. The
// refresh token of one whom the app has stored is the app's.
func (s *session) dismiss(gone *User) {
	if gone != nil && gone.asked != nil {
		s.revokeGone(gone, false)
	}
}

// last returns the user with the newest refresh token. The caller holds s.mu.
func (s *session) last() *User {
	if s.user == nil {
		return nil
	}
	last := *s.user
	last.RefreshToken = s.grant.token
	return &last
}

// set makes user the current one. It returns who it was, if that was somebody else.
// The caller has the turn.
func (s *session) set(user *User) (gone *User) {
	s.mu.Lock()
	if s.user != nil && !same(s.user, user) {
		gone = s.last()
	}
	s.user, s.carried = user, s.standing
	s.grant.take(user.RefreshToken)
	s.mu.Unlock()
	s.fetches.forgetUseless(user, s.who(user))
	s.expiry.start(user)
	s.monitor.start(user)
	s.logouts.start(user)
	s.idle.settle()
	return gone
}

// signOut is for a sign-out of a kind that the standing knows. It returns who it was.
func (s *session) signOut(kind func(*standing, int64) effects) *User {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.registry.handover.leaves(s)
	return s.carryOut(s.ask(func(st *standing) effects { return kind(st, max(s.wall(), s.latest+1)) }), nil, nil)
}

// endIf forgets a user whose session at the provider is over, as over says; the
// tabs hear that first, and the other programs, too.
func (s *session) endIf(over func(*User) bool) bool {
	s.turn.Lock()
	defer s.turn.Unlock()
	user, _ := s.current()
	if user == nil || !over(user) {
		return false
	}
	s.notify(Event{Name: UserSignedOut})
	s.carryOut(s.ask(func(st *standing) effects { return st.ended(false) }), nil, nil)
	s.tellOver(user.claims.SessionID)
	return true
}

// end forgets a user whose session is over for a reason; the other programs find
// out for themselves. It does nothing if somebody else is signed in by now. Where a
// redirect can look for a session, what the frame says is not the last word.
func (s *session) end(user *User, reason error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if current, _ := s.current(); current != user {
		return
	}
	s.config.Logf("session: the session is over: %v", reason)
	worth := slices.ContainsFunc(s.tabs(), func(c *Client) bool { return c.settings.Restore == RestoreRedirect })
	s.carryOut(s.ask(func(st *standing) effects { return st.ended(worth) }), nil, reason)
}

// forget forgets the user and what belongs to the user. It returns who it was,
// with the newest refresh token. The caller has the turn.
func (s *session) forget() *User {
	s.mu.Lock()
	user := s.last()
	s.user, s.grant, s.failure, s.carried = nil, grant{}, failure{}, s.standing
	s.mu.Unlock()
	s.handOver()
	s.expiry.stop()
	s.fetches.forget()
	s.idle.stop()
	s.monitor.end()
	s.logouts.stop()
	return user
}

// notRestored is for a restore that began then and has found nobody.
func (s *session) notRestored(began moment) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.carryOut(s.ask(func(st *standing) effects { return st.missing(began.mark) }), nil, nil)
}

// tellPages tells all tabs what to keep. The caller has the turn.
func (s *session) tellPages() {
	s.mu.Lock()
	hint := s.standing.keeps()
	s.mu.Unlock()
	for _, c := range s.tabs() {
		c.page.Listener.Hint(hint)
	}
}

// notify sends an event to all tabs.
func (s *session) notify(event Event) {
	for _, c := range s.tabs() {
		c.page.Listener.Notify(event)
	}
}

// keepsMetadata tells whether the page keeps the metadata during a redirect: never that
// of the app.
func (c *Client) keepsMetadata() bool {
	return c.session.config.OnePage && c.page.KeepsMetadata && c.session.provider.source.Document == ""
}

// complete turns the response in callbackURL into a user; of the arguments,
// SkipUserinfo and Header count. Nothing of the token response is visible to
// anybody before all its checks have passed (RFC 9700 4.5.3.2).
func (s *session) complete(ctx context.Context, c *Client, tx *oidc.Transaction, callbackURL string, args SigninArgs) (*User, error) {
	phases, settings := args.phases, args.settings(c)
	if phases == nil {
		phases = new(SigninPhases) // nobody asks
	}
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	callback, err := s.readCallback(ctx, metadata, tx, callbackURL)
	if err != nil {
		return nil, fmt.Errorf("authentication response: %w", err)
	}
	key, err := s.keyFor(ctx, settings, tx.Thumbprint)
	if err != nil {
		return nil, err
	}
	// The keys will be needed as soon as the tokens are here. A failure shows
	// when they are.
	s.config.spawn(func() { _, _ = s.provider.fetchKeys(ctx, false) })

	transport, err := s.tokenTransport(metadata, key, args.Header)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if !s.registry.responses.use(tx.State, now, expiryOf(tx, s.config.Now(), now)) {
		return nil, fmt.Errorf("the response has been used: %w", oidc.ErrStateUnknown)
	}
	r := round{sent: s.config.Now()}
	phases.Exchange = r.sent.UnixMilli()
	tokens, err := callback.Exchange(ctx, transport, metadata)
	if err != nil {
		if args.keep && unanswered(err) {
			s.registry.responses.giveBack(tx.State)
		}
		return nil, fmt.Errorf("token request: %w", err)
	}
	s.redirects.end(tx)
	r.received = s.config.Now()
	phases.Tokens = r.received.UnixMilli()
	claims, err := s.provider.verifyFresh(ctx, tx.Expect(metadata, tokens), tokens.IDToken, r)
	if err != nil {
		return nil, c.giveBack(ctx, tokens, fmt.Errorf("ID Token: %w", err))
	}
	phases.Verified = s.wall()
	user := settings.newUser(tokens, claims, r)
	user.key = key
	user.resource = settings.Request.Resource
	user.SessionState, user.URLState, user.Response = callback.SessionState, oidc.URLState(tx.State), callback.Parameters
	if err := s.loadUserinfo(ctx, user, args.SkipUserinfo); err != nil {
		return nil, c.giveBack(ctx, tokens, err)
	}
	return user, nil
}

// loadUserinfo adds the claims of the userinfo endpoint if the sign-in wanted
// them, and the call does not skip that: they have to be those of the person whom
// others name (OIDC Core 5.3.2). The token of a resource goes nowhere else.
func (s *session) loadUserinfo(ctx context.Context, user *User, skip bool) error {
	if skip || !user.asked.LoadUserinfo || len(user.resource) > 0 || user.person() == "" {
		return nil
	}
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return err
	}
	request := &oidc.UserinfoRequest{
		AccessToken: user.AccessToken,
		Subject:     user.person(),
		Issuer:      user.claims.Issuer,
		Algorithms:  metadata.SigningAlgorithms(),
		ClientID:    s.id.clientID,
	}
	transport, err := s.tokenTransport(metadata, user.key, nil)
	if err != nil {
		return err
	}
	resp, err := request.Send(ctx, transport, metadata)
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	claims, err := withKeys(ctx, s.provider, func(keys *oidc.KeySet) (*map[string]strictjson.RawMessage, error) {
		request.Keys = keys
		claims, err := request.Read(resp, metadata, s.config.Now())
		return &claims, err
	})
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	user.asked.Profile.addUserinfo(user.Profile, *claims)
	return nil
}
