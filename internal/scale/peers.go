package scale

import "time"

// How others do it, in the same world.
const (
	peerNotice = time.Minute      // before the end
	fixedPause = 5 * time.Second  // of naive clients
	peerPause  = 5 * time.Second  // of oidc-client-ts after a timeout of its frame
	peerFrame  = 10 * time.Second // until then; an error page sends no message either
)

// attemptNaively renews, and tries again after a fixed pause whatever was said.
func (w *world) attemptNaively(i int) {
	c := &w.clients[i]
	ok, answer, _ := w.ask(token)
	switch {
	case ok && c.used:
		w.signOut(i)
	case ok:
		w.renewed(i, peerNotice)
	default:
		if answer == Late {
			w.report.Wasted++
			c.used = true
		}
		w.fails(i, passing(answer, 0).took+fixedPause)
	}
}

// attemptAsPeer is SilentRenewService of oidc-client-ts: it repeats timeouts of
// the frame, and nothing else. Metadata stays as it is, and keys are not used.
func (w *world) attemptAsPeer(i int) {
	c := &w.clients[i]
	if w.Policy == PeerFrames {
		if ok, _, _ := w.ask(authorize); !ok {
			w.fails(i, peerFrame+peerPause)
			return
		}
		if c.blocked {
			w.stick(i)
			return
		}
	}
	if ok, _, _ := w.ask(token); ok {
		w.renewed(i, peerNotice)
		return
	}
	w.stick(i)
}

// fails has a client try again later.
func (w *world) fails(i int, pause time.Duration) {
	w.clients[i].failure.Attempts++
	w.schedule(i, w.now.Add(pause))
}

// stick is a client that waits for somebody to reload or to sign in again.
func (w *world) stick(i int) {
	c := &w.clients[i]
	c.failure.Attempts++
	c.slot, c.stuck = 0, true
	if c.waited {
		c.waited = false
		w.waiting--
		w.stuck++
	}
	w.report.Stuck++
}
