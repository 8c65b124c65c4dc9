package session

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/session/pace"
)

// An expiry watches the access token of a session. One goroutine per user who
// is signed in moves between these states:
//
//	          due                     new token
//	resting ───────▶ renewing ─────────────────────▶ resting, with the new user
//	                  │ ▲   │  no session any more
//	          failed  ▼ │   └──────────────────────▶ unloaded, with the reason
//	                waiting
//
// Waiting ends after a backoff, or on a wake-up; see retry.go. What cannot
// get better by itself waits for a wake-up alone. Everybody who needs a good
// token meanwhile joins the renewal in the air, or gets its failure.
type expiry struct {
	session *session
	alarm
	stop func() // ends the watch; for who has the session's turn
}

// start watches the access token of user instead of the one before. The
// caller has the session's turn.
func (e *expiry) start(user *User) {
	e.stop()
	if user.ExpiresAt == 0 {
		return
	}
	var ctx context.Context
	ctx, e.stop = context.WithCancel(context.Background())
	w := &watch{expiry: e, user: user, roll: e.session.roll()}
	e.session.config.spawn(func() { w.run(ctx) })
}

// notice is how much life is left when a token counts as expiring: as much as any
// of the tabs that are there wants.
func (e *expiry) notice(lifetime time.Duration) time.Duration {
	var wanted time.Duration
	for _, c := range e.session.present() {
		wanted = max(wanted, c.settings.ExpiringNotice)
	}
	if wanted == 0 {
		wanted = defaultExpiringNotice
	}
	return pace.Notice(lifetime, wanted)
}

// A watch is the part of an [expiry] that concerns one access token.
type watch struct {
	*expiry
	user     *User
	roll     float64 // of when it is renewed: clients that began together must not come together
	renewing atomic.Bool

	expiring, expired bool
}

// run looks at the clocks until ctx ends, which is when the user changes.
func (w *watch) run(ctx context.Context) {
	for ctx.Err() == nil {
		w.session.config.sleep(ctx, "expiry", w.look(ctx), w.alarm)
	}
}

// look does what is due, and returns how long nothing is.
func (w *watch) look(ctx context.Context) time.Duration {
	left := w.user.left(w.session.config.Now())
	notice, next := w.notice(w.user.lifetime), w.session.config.Tick
	for _, mark := range []struct {
		at   time.Duration
		what func()
	}{
		{notice, func() { w.tell(&w.expiring, AccessTokenExpiring) }},
		{pace.Due(notice, w.roll), func() { next = min(next, w.renew(ctx)) }},
		{min(notice, 0), func() { w.tell(&w.expired, AccessTokenExpired) }},
	} {
		if left <= mark.at {
			mark.what()
		} else {
			next = min(next, left-mark.at)
		}
	}
	if due := w.refreshDue(left); due > 0 {
		next = min(next, due)
	} else {
		next = min(next, w.renew(ctx))
	}
	return next
}

// tell tells the tabs, once.
func (w *watch) tell(told *bool, name EventName) {
	if !*told {
		*told = true
		w.session.notify(Event{Name: name})
	}
}

// renew starts a renewal on behalf of a tab that wants it, unless one is in
// the air or the last failure has to be waited for: then it returns how long.
// It does not end with the watch, which the renewed user replaces.
func (w *watch) renew(ctx context.Context) time.Duration {
	if w.renewing.Load() {
		return w.session.config.Tick
	}
	last := w.session.lastFailure(w.user)
	if pause := last.Pause(time.Now(), w.user.left(w.session.config.Now())); pause > 0 {
		return pause
	}
	tabs := w.session.willing(nil)
	if len(tabs) > 1 && tabs[0] == last.by { // its settings may be why
		tabs = append(tabs[1:], last.by)
	}
	for _, c := range tabs {
		if c.manual.Load() {
			continue
		}
		w.renewing.Store(true)
		c.session.config.spawn(func() {
			defer w.ring()
			defer w.renewing.Store(false)
			_ = c.session.keep(context.WithoutCancel(ctx), c, w.user) // it tells the tabs
		})
		break
	}
	return w.session.config.Tick
}

// RenewAutomatically turns the renewal before the access token expires on or
// off for this tab, whatever [Settings].ManualRenew says. Tabs share the
// renewal: it is off when all of them want that. One that was due is made up
// for; one in the air goes on.
func (c *Client) RenewAutomatically(on bool) {
	if manual := c.manual.Swap(!on); manual && on {
		c.Wake()
	}
}
