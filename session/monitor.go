package session

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// MonitorSettings say whether the provider is asked if the End-User is still
// signed in there (OIDC Session Management 1.0). A provider without
// check_session_iframe or session_state is not asked.
type MonitorSettings struct {
	// Session watches while somebody is signed in here. It is
	// [UserSessionChanged] if the provider's session is another one of the same
	// End-User. It is [UserSignedOut] if it is over or somebody else's, and
	// then the session here is over, too (Session Management 3).
	Session bool

	// Anonymous watches while nobody is signed in here: [UserSignedIn] and
	// [UserSignedOut] tell what the app may want to follow.
	Anonymous bool

	// Interval between two questions. Default 2 s.
	Interval time.Duration

	// KeepOnError asks again although the provider's frame called the
	// question an error.
	KeepOnError bool
}

const (
	// slowestCheck is the pause where asking fails.
	slowestCheck = time.Minute

	// checkPatience is how often in a row the frame may not answer.
	checkPatience = 3
)

// An Unwatched says why the provider's session is not watched any more.
type Unwatched string

// Frames that are not asked again before the next sign-out.
const (
	FrameSilent Unwatched = "no_answer"  // it does not answer
	FrameError  Unwatched = "error"      // it calls the question an error
	FrameBlind  Unwatched = "no_cookies" // it says "changed" where nothing has (Session Management 5.1)
)

// advice is what the log says of them.
func (why Unwatched) advice() string {
	switch why {
	case FrameSilent:
		return "the provider's check_session_iframe does not answer"
	case FrameError:
		return "the provider's check_session_iframe answers with error"
	}
	return "its frame does not see the provider's cookies, which the browser probably keeps apart: have app and provider share a site, or set logoutEvents"
}

// A Check is one question to the provider's frame (Session
// Management 3.1).
type Check struct {
	URL     string        // of the frame
	Origin  string        // who the frame has to be
	Message string        // what to post to it
	Keep    time.Duration // how long the frame stays for the next question
}

// A Checker asks the provider's frame in a hidden frame of the tab,
// and returns its answer. Codes: [ErrFrameNoResponse], [ErrPageGone].
type Checker interface {
	CheckSession(ctx context.Context, check Check) (answer string, err error)
}

// MonitorSession watches the session from now on, as if
// [MonitorSettings].Session had been set.
func (c *Client) MonitorSession() {
	if !c.watchful.Swap(true) {
		c.session.monitor.settle()
	}
}

// A ProviderSession is the session at the provider; Subject is empty if
// nobody is signed in there.
type ProviderSession struct {
	State   string // session_state (Session Management 2)
	Subject string // sub
}

// QuerySessionStatus asks the provider, in a hidden frame, who is signed in
// there. It changes nothing here: the tokens that it needs for that are
// forgotten, and the userinfo endpoint is left alone. The scope is "openid"
// unless args have one. It returns nil if the provider has no session
// management. Codes: those of [Client.SigninSilent] without a refresh token;
// that nobody is signed in is no error with [MonitorSettings].Anonymous.
func (c *Client) QuerySessionStatus(ctx context.Context, args SigninArgs) (*ProviderSession, error) {
	user, _ := c.session.current()
	found, err := c.providerSession(ctx, user, args)
	if err != nil && (found.State == "" || !c.settings.Monitor.Anonymous) {
		return nil, err
	}
	if found.State == "" {
		return nil, nil
	}
	return &found, nil
}

// providerSession asks who is signed in at the provider. A refusal has the
// session_state of nobody, if the provider gave one.
func (c *Client) providerSession(ctx context.Context, previous *User, args SigninArgs) (ProviderSession, error) {
	args.Scope, args.SkipUserinfo = cmp.Or(args.Scope, "openid"), true
	user, err := c.session.signinFrame(c.Calling(ctx), c, previous, args)
	if err == nil {
		return ProviderSession{State: user.SessionState, Subject: user.Subject()}, nil
	}
	var refusal *oidc.ProviderError
	if errors.As(err, &refusal) && wantsUser(err) {
		return ProviderSession{State: refusal.SessionState}, err
	}
	return ProviderSession{}, err
}

// monitor watches the provider's session. What it has learned outlives a vigil.
type monitor struct {
	session *session
	vigil   *vigil  // what is watched, nil for nothing; guarded by the session's turn
	blinder *Client // the tab whose frame cannot be relied on, see giveUp; guarded so, too

	tab     atomic.Pointer[Client] // that answered last
	seen    atomic.Bool            // the frame has said "unchanged": it can see the provider's cookies
	doubted atomic.Bool            // it said "changed" and nothing had; it may do so once
}

// start watches the session of user, or of nobody, instead of the one before.
// The caller has the session's turn, as of all below but settle, disregard and giveUp.
func (m *monitor) start(user *User) {
	m.stop()
	c := m.client(user)
	if c == nil || m.blinder != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &vigil{monitor: m, user: user, cancel: cancel}
	w.client.Store(c)
	m.vigil = w
	m.session.config.spawn(func() { w.run(ctx) })
}

// client returns a tab that wants the session of user watched, nil if there
// is none.
func (m *monitor) client(user *User) *Client {
	for _, c := range m.session.present() {
		if user != nil && c.watchful.Load() || user == nil && c.settings.Monitor.Anonymous {
			return c
		}
	}
	return nil
}

// settle goes on with the settings of the first tab that is there and wants a watch;
// it begins one where there is none, and ends the one that no tab wants.
func (m *monitor) settle() {
	m.session.turn.Lock()
	defer m.session.turn.Unlock()
	m.goOn()
}

// goOn is settle for who has the turn.
func (m *monitor) goOn() {
	user, _ := m.session.current()
	next := m.client(user)
	switch {
	case m.vigil == nil:
		m.start(user)
	case next == nil:
		m.stop()
	default:
		m.vigil.client.Store(next)
	}
}

// stop ends the watch.
func (m *monitor) stop() {
	if m.vigil != nil {
		m.vigil.cancel()
		m.vigil = nil
	}
}

// disregard forgets what a tab has answered.
func (m *monitor) disregard(c *Client) {
	m.session.turn.Lock()
	defer m.session.turn.Unlock()
	if m.tab.CompareAndSwap(c, nil) {
		m.doubted.Store(false)
	}
	if m.blinder == c {
		m.trust()
	}
	m.goOn()
}

// end is for a sign-out: from now on nobody is watched, with new confidence.
func (m *monitor) end() {
	m.doubted.Store(false)
	m.trust()
	m.start(nil)
}

// trust has frames be asked again.
func (m *monitor) trust() {
	m.blinder = nil
	m.session.stats.count(func(stats *Stats) { stats.Unwatched = "" })
}

// giveUp ends all watching until the next sign-out, or until the tab is gone
// that has answered last: others have frames of their own.
func (m *monitor) giveUp(why Unwatched) {
	m.session.turn.Lock()
	defer m.session.turn.Unlock()
	m.blinder = m.tab.Load()
	m.stop()
	if m.blinder == nil { // the tab is gone already
		m.goOn()
		return
	}
	m.session.stats.count(func(stats *Stats) { stats.Unwatched = why })
	m.session.config.Logf("session: the provider's session is not watched any more: %s", why.advice())
}
