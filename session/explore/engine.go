//go:build !js

package explore

import (
	"github.com/oidcspa/oidcspa/session"
)

// What depends on how pages and programs tell each other of the hint.

// removesWithoutHint says that a page that comes back without a hint signs out.
const removesWithoutHint = true

func open(r *session.Registry, settings session.Settings, l *link, h hint) (*session.Client, error) {
	return r.Open(settings, session.Page{Navigator: l, Framer: l, Popper: l, Transactions: l, Listener: l, Checker: l}, h.signedIn)
}

// wake tells a program that a page is shown again.
func wake(c *session.Client, _ hint) { c.Wake() }

// Hint is [session.Listener].
func (l *link) Hint(signedIn bool) { l.hinted(hint{signedIn: signedIn}) }
