package session

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// anonymousPause is how long after a sign-out nobody is watched: the provider
// may be about to end its session, too.
const anonymousPause = time.Second

// A vigil is what a monitor does for one user, or for nobody.
type vigil struct {
	*monitor
	client atomic.Pointer[Client] // who wants it
	user   *User                  // nil for nobody
	cancel func()

	known   ProviderSession
	pause   time.Duration // before the next question
	silence int           // questions in a row without an answer
	silent  *Client       // the tab that they were asked of
}

// interval is the time between two questions, as the tab wants it.
func (w *vigil) interval() time.Duration { return w.client.Load().settings.Monitor.Interval }

// run asks until ctx ends, the session is over, or asking has no point.
func (w *vigil) run(ctx context.Context) {
	w.pause = w.interval()
	if w.user != nil {
		w.known = ProviderSession{State: w.user.SessionState, Subject: w.user.person()}
	} else if !w.sleep(ctx, anonymousPause) || !w.meet(ctx) {
		return
	}
	for w.sleep(ctx, w.pause) {
		metadata, err := w.client.Load().Metadata(ctx)
		if err != nil {
			w.slower()
			continue
		}
		check, ok := w.question(metadata)
		if !ok {
			return
		}
		status, err := w.ask(ctx, check)
		if ctx.Err() != nil || !w.take(ctx, status, err) {
			return
		}
	}
}

// meet finds out who is signed in at the provider while nobody is here.
func (w *vigil) meet(ctx context.Context) bool {
	found, err := w.client.Load().providerSession(ctx, nil, SigninArgs{})
	if found.State == "" {
		if ctx.Err() == nil && err != nil {
			w.session.config.Logf("session: who is signed in at the provider is not known: %v", err)
		}
		return false
	}
	w.known = found
	if found.Subject != "" {
		w.session.notify(Event{Name: UserSignedIn})
	}
	return true
}

// question returns what to ask; false if the provider cannot be asked.
func (w *vigil) question(metadata *oidc.Metadata) (Check, bool) {
	origin := metadata.CheckSessionOrigin()
	message, err := oidc.CheckSessionMessage(w.client.Load().settings.ClientID, w.known.State)
	if origin == "" || err != nil {
		return Check{}, false
	}
	return Check{
		URL: metadata.CheckSessionIframe, Origin: origin, Message: message, Keep: 2*w.interval() + slowestCheck,
	}, true
}

// ask asks the frame of the tab that answered last, or of another one if that
// tab is gone.
func (w *vigil) ask(ctx context.Context, check Check) (oidc.SessionStatus, error) {
	asked := map[*Client]bool{}
	for tab := w.session.nextTab(w.tab.Load(), asked); tab != nil; tab = w.session.nextTab(nil, asked) {
		asked[tab] = true
		answer, err := tab.page.Checker.CheckSession(ctx, check)
		tab.served(err)
		if errors.Is(err, ErrPageGone) {
			continue
		}
		w.tab.Store(tab)
		status, _ := oidc.ParseSessionStatus(answer)
		return status, err
	}
	return "", ErrPageGone
}

// take does what the answer asks for; false ends the watch.
func (w *vigil) take(ctx context.Context, status oidc.SessionStatus, err error) bool {
	switch {
	case errors.Is(err, ErrPageGone): // no tab, or all of them are frozen
		w.slower()
		return true
	case err != nil:
		if tab := w.tab.Load(); w.silent != tab {
			w.silent, w.silence = tab, 0
		}
		if w.silence++; w.silence == checkPatience {
			w.giveUp(FrameSilent)
			return false
		}
		return true
	}
	w.silence = 0
	switch status {
	case oidc.SessionUnchanged:
		w.pause = w.interval()
		w.seen.Store(true)
		w.doubted.Store(false)
	case oidc.SessionChanged:
		return w.recheck(ctx)
	case oidc.SessionError: // asking the provider must not follow (Session Management 3.1)
		if !w.client.Load().settings.Monitor.KeepOnError {
			w.giveUp(FrameError)
			return false
		}
	}
	return true
}

// recheck finds out what has changed, by a silent sign-in. A frame that says
// so again although nothing has changed does not see the provider's cookies:
// where the browser blocks them, this would never end (Session Management 5.1).
func (w *vigil) recheck(ctx context.Context) bool {
	seen := w.seen.Load()
	if w.doubted.Swap(true) {
		w.giveUp(FrameBlind)
		return false
	}
	found, err := w.client.Load().providerSession(ctx, w.user, SigninArgs{})
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil && !wantsUser(err):
		// Nothing is known: the frame will say it again.
		w.doubted.Store(false)
		w.slower()
		return true
	}
	w.pause = w.interval()
	switch {
	case w.user == nil:
		return w.anonymous(found)
	case found.Subject == w.known.Subject:
		w.renewState(ctx, found)
		return true
	case !seen && found.Subject == "":
		// The silent sign-in is as blind as the frame.
		w.giveUp(FrameBlind)
		return false
	}
	w.session.endIf(func(user *User) bool { return user == w.user })
	return false
}

// anonymous tells what became of the provider's session while nobody is
// signed in here.
func (w *vigil) anonymous(found ProviderSession) bool {
	before := w.known.Subject
	w.known = found
	switch {
	case found.Subject == before && before != "":
		w.session.notify(Event{Name: UserSessionChanged})
	case found.Subject != "":
		w.session.notify(Event{Name: UserSignedIn})
	case before != "":
		w.session.notify(Event{Name: UserSignedOut})
	}
	return found.State != ""
}

// renewState gives the user the new session_state. No renewal goes on
// meanwhile, which would find another user than it began with.
func (w *vigil) renewState(ctx context.Context, found ProviderSession) {
	s := w.session
	w.known = found
	release, err := s.takeTurn(ctx, w.client.Load())
	if err != nil {
		return
	}
	defer release()
	before := s.scene()
	s.mu.Lock()
	shown := s.grant.shown
	s.mu.Unlock()
	current := before.user
	if current == w.user && found.State != w.user.SessionState {
		next := *w.user
		next.SessionState, next.RefreshToken = found.State, shown
		if current, err = s.replace(before, &next, false); err != nil {
			return
		}
	}
	if current != nil && current.person() == found.Subject {
		s.notify(Event{Name: UserSessionChanged})
	}
}

// slower doubles the pause.
func (w *vigil) slower() { w.pause = max(w.interval(), min(2*w.pause, slowestCheck)) }

func (w *vigil) sleep(ctx context.Context, d time.Duration) bool {
	return w.session.config.sleep(ctx, "monitor", d, nil)
}
