package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// A Client is one tab's part in a session. Its methods may be called at the
// same time; operations of a kind that are in the air are shared.
type Client struct {
	session  *session
	settings Settings
	page     Page
	manual   atomic.Bool // see [Client.RenewAutomatically]
	watchful atomic.Bool // see [Client.MonitorSession]
	prepared atomic.Bool // see [Client.Prepare]
	asked    atomic.Bool // for a sign-in, or for one that was thrown away

	asleep     atomic.Bool   // see [Client.Sleeps]
	late       atomic.Bool   // it did not answer when it was asked last
	answeredAt atomic.Int64  // counts the answers of all tabs; 0 before the first
	turn       chan struct{} // has room for the one renewal of this tab that waits for its turn

	closed sync.Once
	named  sync.Mutex
	forget map[string]func() // by redirect URI; guarded by named; nil when it is closed

	redirect  flight[struct{}]
	calls     int64         // that have the tab leave, and ask for something else than the one before; guarded by named
	called    string        // what the last of them asks for; guarded by named
	gone      int64         // the last of them that the tab leaves for; guarded by named
	unread    int64         // see unreadWith; guarded by named
	restoring flight[*User] // by redirect
	leaving   atomic.Bool   // for that
	signout   flight[struct{}]
	leaver    atomic.Pointer[User] // whom the sign-outs in the air are of
	callback  flight[*User]
	stepUps   flight[*User]
	recall    flight[struct{}]
	recalled  atomic.Bool // see [Client.recallStepUps]
}

// Close ends the tab's part. The session goes on for the other tabs, and for
// this one if it comes back.
func (c *Client) Close() {
	c.closed.Do(func() {
		c.forgetURIs()
		c.session.provider.leave(c)
		c.session.leave(c)
		c.session.registry.release(c.session)
	})
}

// SigninArgs are what a sign-in asks for beside the settings; a zero value
// means as in the settings.
type SigninArgs struct {
	RedirectURI string
	Scope       string
	Request     RequestSettings
	LoginHint   string
	IDTokenHint oidc.Secret
	Window      int64 // of [Client.SigninPopup]; see [Popup]
	Nonce       oidc.Secret
	URLState    string
	ExtraToken  map[string]string

	// RequestObject and RequestURI are as in [oidc.AuthenticationRequest].
	RequestObject string
	RequestURI    string

	// SkipUserinfo leaves the userinfo endpoint alone.
	SkipUserinfo bool

	// Of [Client.SigninSilent]: with ForceFrame the frame is asked although
	// there is a refresh token; Timeout bounds the frame, or the refresh request.
	ForceFrame bool
	Timeout    time.Duration

	// Header are headers of the token request, of a call of [Steps] alone. They
	// replace neither one that belongs to the request nor one of the settings.
	Header map[string]string

	// State is any JSON value; the user has it after the sign-in.
	State strictjson.RawMessage

	// ReturnTo is the address in the app that the callback page hands the
	// response to.
	ReturnTo string

	// Called is when the app asked for it, as [SigninPhases] say it; 0: unknown.
	Called int64

	asked     *Settings     // what is asked for where no argument says it; nil: the settings of the tab
	stepUp    *StepUp       // the challenge that the sign-in answers
	scopeless bool          // no scope is named: the provider gives what of the grant concerns the resource
	keep      bool          // the response is kept for another try
	phases    *SigninPhases // of the sign-in; may be nil
	initiated bool          // somebody else asks for it, see [Client.SigninInitiated]
}

// SigninRedirect sends the tab to the provider's login page. It returns when
// the navigation has been ordered. Calls that ask for the same while that is under
// way are one, unless there was an act in between; others have their own, and the
// last one wins. Codes: those of [oidc.FetchMetadata] and [oidc.AuthenticationRequest.Start],
// [ErrRedirectURIShared], [ErrNotSignedIn] if there was a sign-out before it left,
// [ErrCallbackUnread].
func (c *Client) SigninRedirect(ctx context.Context, args SigninArgs) error {
	c.asked.Store(true)
	c.session.arrivals.Add(1)
	defer c.session.arrivals.Add(-1)
	_, asked := c.session.current()
	call, key := c.leaveCall(fmt.Sprintf("in %s\n%q\n%+v", args.key(), args.ReturnTo, args.stepUp))
	_, err := c.redirect.doFor(c.Calling(ctx), c, scene{moment: asked}, key, func(ctx, _ context.Context) (struct{}, error) {
		return struct{}{}, c.signinRedirect(ctx, args, asked, call)
	})
	if errors.Is(err, errStays) {
		return nil
	}
	return err
}

// leaveCall returns the number of a call that has the tab leave, and its key, which has
// the number: a call for the same as the one before is that one. What no call asks for
// counts as the last one, so that it is in the way of none.
func (c *Client) leaveCall(what string) (int64, string) {
	c.named.Lock()
	defer c.named.Unlock()
	if what != "" && what != c.called {
		c.calls, c.called = c.calls+1, what
	}
	return c.calls, strconv.FormatInt(c.calls, 10) + "\n" + what
}

// leavesFor is [errStays] if the tab leaves for a call that came after that one.
func (c *Client) leavesFor(call int64) error {
	c.named.Lock()
	defer c.named.Unlock()
	if call < c.gone {
		return errStays
	}
	c.gone = call
	return nil
}

func (c *Client) signinRedirect(ctx context.Context, args SigninArgs, asked moment, call int64) error {
	if err := c.session.outlives(c); err != nil {
		return err
	}
	unread, err := c.unreadWith(ctx)
	if err != nil {
		return err
	}
	settings := args.settings(c)
	request := args.request(settings)
	r := record{AppState: args.State, StepUp: args.stepUp, SkipUserinfo: args.SkipUserinfo, Order: &asked.after, Asked: &settings.Request, Bound: settings.DPoP, unread: unread, initiated: args.initiated}
	if args.RequestURI+args.RequestObject == "" { // those are good for one request
		r.Request = request
	}
	return c.leave(ctx, call, request, r, args.ReturnTo, c.session.calledAt(args.Called), func() error { return c.session.stillAsked(asked) })
}

// leave sends the tab to the provider for a call, and keeps what is needed afterwards.
// last is asked when all else is done: with an error the tab stays.
func (c *Client) leave(ctx context.Context, call int64, request *oidc.AuthenticationRequest, r record, returnTo string, phases SigninPhases, last func() error) error {
	metadata, err := c.session.provider.fetchMetadata(ctx)
	if err != nil {
		return err
	}
	phases.found(c.session.provider)
	if c.keepsMetadata() {
		r.Metadata = metadata
	}
	tx, url, data, err := c.begin(ctx, metadata, request, r, returnTo)
	if err != nil {
		return err
	}
	if err = last(); err == nil {
		err = c.leavesFor(call)
	}
	if err != nil {
		return err
	}
	if !c.session.config.OnePage {
		phases.Left = c.session.wall()
		now := time.Now()
		left := &absence{settings: c.settings, record: data, returnTo: returnTo, alone: r.initiated, until: now.Add(min(max(underway, c.settings.RedirectTimeout), longestFlow)), phases: phases}
		c.session.registry.absences.leave(tx.State, left, now)
		defer c.getReady(ctx, metadata, tx)
	}
	return c.page.Navigator.Navigate(ctx, oidc.Address{URL: url})
}

// begin starts a sign-in for which the tab goes to an address, and has the tab keep r.
func (c *Client) begin(ctx context.Context, metadata *oidc.Metadata, request *oidc.AuthenticationRequest, r record, returnTo string) (tx *oidc.Transaction, url string, data []byte, err error) {
	tx, url, err = c.session.start(ctx, c, &c.settings, metadata, request)
	if err == nil {
		data, err = r.signin(tx)
	}
	if err == nil {
		c.session.goesAway()
		kept := Transaction{Record: data, Address: tx.RedirectURI, ReturnTo: returnTo, Client: c.name(), ExpiresAt: tx.ExpiresAt(), Restore: r.Restore}
		err = c.page.Transactions.Put(ctx, tx.State, kept)
		if err == nil && r.unread > 0 {
			err = c.goesUnderway(ctx, tx.State, kept, r.unread)
		}
	}
	return tx, url, data, err
}

// getReady prepares for the response to a request that has been handed out, while
// the provider has it and nobody waits for this program. What fails here is tried
// again when the response is there.
func (c *Client) getReady(ctx context.Context, metadata *oidc.Metadata, tx *oidc.Transaction) {
	if !c.prepared.Load() {
		return
	}
	s := c.session
	ctx = context.WithoutCancel(ctx)
	s.config.spawn(func() { _, _ = s.provider.fetchKeys(ctx, false) })
	s.config.spawn(func() { _ = tx.Rehearse(ctx, metadata, s.config.Now()) })
}

// Prepare fetches what it takes to begin a sign-in, and makes the key that it
// needs, so that a sign-in that comes soon does not wait for them. Nothing is
// begun. What the response needs, such as the keys, comes when the request has been
// handed out. Codes: those of [oidc.FetchMetadata].
func (c *Client) Prepare(ctx context.Context) error {
	s := c.session
	ctx = c.Calling(ctx)
	c.prepared.Store(true)
	if c.settings.DPoP {
		s.config.spawn(func() { _, _ = s.nextKey(context.WithoutCancel(ctx)) })
	}
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return err
	}
	if c.asked.Swap(true) { // somebody waits for the request itself
		return nil
	}
	// A request that is thrown away: code that has run once runs faster.
	var args SigninArgs
	if tx, _, err := args.request(&c.settings).Start(metadata, s.config.Rand, s.config.Now()); err == nil {
		_, _ = record{}.signin(tx)
	}
	return nil
}

// SigninCallback completes a sign-in with the address that the provider sent
// the tab back to, or that the callback page handed the response to. The same response given twice at the same time gives one
// result. To what the tab does not know it is who is signed in, unless the tab leaves again.
// Codes: [oidc.ErrCallbackMissing] if the address holds no response,
// [oidc.ErrStateUnknown] if nobody is then, those
// of [oidc.Transaction.ParseCallback], or of
// [oidc.Transaction.ParseSignedCallback] if that was asked for,
// [ErrRedirectURIShared], those of [oidc.Callback.Exchange] and
// [oidc.ExpectedIDToken.VerifyIDToken], [ErrNotSignedIn] if there was a
// sign-out meanwhile.
func (c *Client) SigninCallback(ctx context.Context, callbackURL string) (*User, error) {
	c.session.arrivals.Add(1)
	defer c.session.arrivals.Add(-1)
	return c.callback.doFor(c.Calling(ctx), nil, scene{}, callbackURL, func(ctx, wanted context.Context) (*User, error) {
		return c.signinCallback(ctx, wanted, callbackURL)
	})
}

func (c *Client) signinCallback(ctx, wanted context.Context, callbackURL string) (*User, error) {
	call, _ := c.leaveCall("")
	_, now := c.session.current()
	kept, tx, record, err := c.readSignin(ctx, callbackURL, true)
	if isUnknown(kept, err) {
		kept, tx, record, err = c.readOtherTab(callbackURL, kept.Arrival)
	}
	if isUnknown(kept, err) {
		return c.answeredAnother(ctx, wanted, callbackURL, call, now, err)
	}
	if err != nil {
		if !errors.Is(err, oidc.ErrCallbackMissing) {
			_, _ = c.read(ctx, underwayMark, ofNothing, false) // a page reads what comes
		}
		return nil, err
	}
	if c.keepsMetadata() && record.Metadata != nil {
		c.session.provider.recall(record.Metadata)
	}
	e, err := c.exchanged(ctx, wanted, kept, callbackURL, tx, record)
	if err != nil {
		return nil, err
	}
	c.forgets(ctx, tx.State)
	user, begun, phases, err := e.user, e.began, &e.phases, e.err
	phases.Returned = now.at
	if record.Restore && c.session.out() { // somebody has signed out since
		if err == nil {
			_ = c.orRevoke(ctx, user, ErrNotSignedIn)
		}
		return c.Current(), nil
	}
	if err != nil {
		if record.Restore && failsAgain(err) {
			return c.nothingRestored(begun, err)
		}
		if record.Request != nil && oidc.WantsRequestAgain(err) && c.signinAgain(ctx, wanted, call, *record, kept.ReturnTo, begun) {
			return nil, context.Cause(wanted)
		}
		c.stepUpAnswered(ctx, record.StepUp) // the same challenge leads to the same end
		return nil, &SigninError{State: record.AppState, URLState: oidc.URLState(tx.State), Err: err}
	}
	user.State = record.AppState
	if record.Restore { // the app did not ask for it
		_, err := c.session.replace(scene{moment: begun}, user, false)
		if err := c.orRevoke(ctx, user, err); err != nil && !errors.Is(err, ErrNotSignedIn) {
			return nil, err
		}
		return c.arrived(ctx, c.Current(), nil)
	}
	if user, err = c.signIn(ctx, user, begun, phases); err == nil {
		c.stepUpAnswered(ctx, record.StepUp)
	}
	return user, err
}

// signIn makes user, of an interactive sign-in that began then, the current one.
func (c *Client) signIn(ctx context.Context, user *User, began moment, phases *SigninPhases) (*User, error) {
	err := c.orRevoke(ctx, user, c.session.load(user, began))
	if err == nil {
		c.session.registry.absences.isolate(c.settings.key())
		phases.User = c.session.wall()
		c.session.stats.count(func(stats *Stats) { stats.Signin = phases })
	}
	return c.arrived(ctx, user, err)
}

// RemoveUser forgets the user and the tokens in all tabs, here alone: the
// provider's session goes on. Where nobody is signed in, a sign-in that has left for
// the provider goes on, too.
func (c *Client) RemoveUser(context.Context) error {
	c.session.signOut((*standing).removed)
	return nil
}

// settings are what the sign-in asks for in a tab, and a renewal again.
func (a *SigninArgs) settings(c *Client) *Settings {
	if a.asked != nil {
		return a.asked.with(a)
	}
	return c.settings.with(a)
}

// request merges the arguments into what the settings describe.
func (a *SigninArgs) request(settings *Settings) *oidc.AuthenticationRequest {
	s := settings.with(a)
	return &oidc.AuthenticationRequest{
		ClientID:      s.ClientID,
		RedirectURI:   cmp.Or(a.RedirectURI, s.RedirectURI),
		Scope:         s.Scope,
		ResponseMode:  cmp.Or(a.Request.ResponseMode, s.Request.ResponseMode),
		Prompt:        cmp.Or(a.Request.Prompt, s.Request.Prompt),
		Display:       cmp.Or(a.Request.Display, s.Request.Display),
		MaxAge:        cmp.Or(a.Request.MaxAge, s.Request.MaxAge),
		UILocales:     cmp.Or(a.Request.UILocales, s.Request.UILocales),
		ACRValues:     s.Request.ACRValues,
		RequiredACR:   a.stepUp.requiredACR(),
		Claims:        s.Request.Claims,
		Resource:      s.Request.Resource,
		Extra:         s.Request.Extra,
		DPoP:          s.DPoP,
		OmitScope:     s.OmitScope,
		LoginHint:     a.LoginHint,
		IDTokenHint:   a.IDTokenHint,
		Nonce:         a.Nonce,
		URLState:      a.URLState,
		RequestObject: a.RequestObject,
		RequestURI:    a.RequestURI,
		Lifetime:      int64(s.RedirectTimeout / time.Second),
		ExtraToken:    s.ExtraToken,
	}
}

func override(setting *string, argument string) {
	if argument != "" {
		*setting = argument
	}
}
