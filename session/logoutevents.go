package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session/pace"
)

const (
	// logoutSilence is how long a server of logout events may say nothing, before the
	// stream counts as broken.
	logoutSilence = time.Minute

	// steady is how long a stream lives that does not count as a failure.
	steady = time.Minute

	// logoutEventLimit bounds a line of a stream, in bytes.
	logoutEventLimit = 1 << 10
)

// logoutEvents hears of the end of the session from a server of the app, which the
// provider tells of it (Back-Channel Logout 1.0): resource.LogoutStream in Go. There is
// one stream for a session, for as long as somebody is signed in and a tab wants it; see
// [Settings].LogoutEvents. A stream that ends is begun again after a pause that grows,
// and one that was refused for a reason that stays with another access token, or after
// the longest pause.
type logoutEvents struct {
	session *session
	alarm          // there is another access token, or a tab has woken up
	line    string // of the user whose session it is; guarded by the session's turn, as all below
	cancel  func() // nil if there is no stream
}

// start hears of the session of user. A renewal goes on with the stream that there is,
// until that ends. The caller has the session's turn, as of all below.
func (l *logoutEvents) start(user *User) {
	if l.cancel != nil && l.line == user.line {
		l.ring()
		return
	}
	l.stop()
	if l.client() == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.line, l.cancel = user.line, cancel
	e := &earshot{logoutEvents: l, line: user.line, since: user.claims.IssuedAt}
	l.session.config.spawn(func() { e.run(ctx) })
}

// client returns a tab that wants to hear, nil if there is none.
func (l *logoutEvents) client() *Client {
	for _, c := range l.session.present() {
		if c.settings.LogoutEvents != "" {
			return c
		}
	}
	return nil
}

// stop ends the stream.
func (l *logoutEvents) stop() {
	if l.cancel != nil {
		l.cancel()
		l.cancel = nil
	}
}

// settle goes by the tabs that are there now.
func (l *logoutEvents) settle() {
	l.session.turn.Lock()
	defer l.session.turn.Unlock()
	switch user, _ := l.session.current(); {
	case l.client() == nil:
		l.stop()
	case user != nil && l.cancel == nil:
		l.start(user)
	}
}

// An earshot is what is heard of one session.
type earshot struct {
	*logoutEvents
	line  string
	since int64 // the iat of its ID Token: an earlier logout is of another session; seconds since the epoch

	own     string // the digest of its sid, which an access token need not have
	failure pace.Failure
	refused oidc.Secret // the access token that is good for nothing there
}

// run hears until ctx ends.
func (e *earshot) run(ctx context.Context) {
	s := e.session
	for ctx.Err() == nil {
		pause := time.Until(e.failure.Until)
		if pause <= 0 {
			pause = e.hear(ctx)
		}
		if pause > 0 && s.config.sleep(ctx, "logout events", pause, e.alarm) {
			e.failure.Wake(time.Now())
		}
	}
}

// hear listens once, and returns for how long there is no reason to do so again.
func (e *earshot) hear(ctx context.Context) time.Duration {
	s, start := e.session, time.Now()
	c := e.client() // whose settings say where the token goes, and for which API it is
	token, err := e.credential(ctx, c)
	if err == nil && token.AccessToken == e.refused {
		err = oidc.ErrTokenExpired
	}
	if after, passing := isPassing(err); passing {
		return e.again(after)
	}
	if err != nil {
		return pace.RestLimit // or until there is another token
	}
	resp, err := e.request(ctx, c, token)
	if ctx.Err() != nil {
		return 0
	}
	lasts, after := answered(resp, err)
	if lasts {
		e.refused = token.AccessToken
		s.config.Logf("session: logoutEvents: nothing can be heard there with this access token: %s", whyNot(resp, err))
		return pace.RestLimit
	}
	if time.Since(start) >= steady {
		e.failure = pace.Failure{}
	}
	return e.again(after)
}

// again returns the pause after one more failure.
func (e *earshot) again(after time.Duration) time.Duration {
	e.failure = e.failure.Again(time.Now(), 0, after, pace.Verdict{Passing: true}, e.session.roll())
	return time.Until(e.failure.Until)
}

// credential returns who has an access token for the server of c's settings, none that has
// expired.
func (e *earshot) credential(ctx context.Context, c *Client) (*User, error) {
	s := e.session
	user, _ := s.current()
	if user == nil || user.line != e.line || c == nil {
		return nil, ErrNotSignedIn
	}
	e.own = user.sessionDigest()
	api, err := c.settings.Fetch.find(c.settings.LogoutEvents)
	if err != nil {
		return nil, err
	}
	if api.Resource != "" {
		token, err := s.resourceToken(ctx, c, api.Resource)
		if err != nil {
			return nil, err
		}
		user = token.holder
	}
	if user.left(s.config.Now()) <= 0 {
		return nil, oidc.ErrTokenExpired
	}
	return user, nil
}

// request sends a request, and hears what comes.
func (e *earshot) request(ctx context.Context, c *Client, token *User) (*oidc.Response, error) {
	transport := e.session.registry.config.Transport
	if isBound(token) {
		transport = token.key.Over(transport)
	}
	header := map[string]string{"Authorization": "Bearer " + token.AccessToken.Reveal(), "Accept": "text/event-stream"}
	if e.since > 0 {
		header["Last-Event-ID"] = strconv.FormatInt(e.since, 10) + "." + e.own
	}
	var lines eventLines
	take := func(piece []byte) error { return lines.take(piece, e.told) }
	resp, err := transport.Do(ctx, &oidc.Request{
		Method: "GET", URL: c.settings.LogoutEvents, Header: header, NoStore: true,
		Stream: &oidc.Stream{Take: take, Silence: logoutSilence},
	})
	if err == nil && resp.Status == 200 { // of a transport that cannot stream
		err = take(resp.Body)
	}
	return resp, err
}

// told is for an event: it ends the session if it is about that one, and not older. A server
// may tell of other sessions of the same person.
func (e *earshot) told(name, data string) error {
	var event struct {
		IssuedAt int64  `json:"iat"`
		Session  string `json:"session"`
	}
	if name != "logout" || strictjson.Unmarshal([]byte(data), &event) != nil || event.IssuedAt < e.since {
		return nil
	}
	e.session.endIf(func(user *User) bool {
		own := user.sessionDigest()
		return user.line == e.line && (event.Session == "" || own == "" || event.Session == own)
	})
	return nil
}

// answered tells whether a stream that has ended would end in the same way at once, as long
// as the access token is the same, and how long its server asks to wait.
func answered(resp *oidc.Response, err error) (lasts bool, after time.Duration) {
	switch {
	case err != nil:
		return !isAny(err, oidc.ErrNetwork, oidc.ErrTimeout, oidc.ErrAborted) && !errors.Is(err, errLineTooLong), 0
	case resp.Status == 429 || resp.Status >= 500:
		return false, oidc.RetryAfter(resp)
	}
	return resp.Status != 200, 0
}

// whyNot is for a log.
func whyNot(resp *oidc.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	return "status " + strconv.Itoa(resp.Status)
}

// checkLogoutEvents wants an address that the access token may be sent to.
func (s *Settings) checkLogoutEvents() error {
	if s.LogoutEvents == "" {
		return nil
	}
	if _, err := s.Fetch.find(s.LogoutEvents); err != nil {
		return fmt.Errorf("logoutEvents has to be an absolute address that fetch.allow has: %w", oidc.ErrInvalidConfig)
	}
	return nil
}
