//go:build !js

package explore

import (
	"github.com/oidcspa/oidcspa/session"
)

// What depends on how pages and programs tell each other of the hint.

// removesWithoutHint says that a page that comes back without a hint signs out.
const removesWithoutHint = true

func open(r *session.Registry, settings session.Settings, p *page, h hint) (*session.Client, error) {
	return r.Open(settings, session.Page{Navigator: p, Framer: p, Popper: p, Transactions: p, Listener: p, Checker: p}, h.signedIn)
}

// wake tells a program that a page is shown again.
func wake(c *session.Client, _ hint) { c.Wake() }

// Hint is [session.Listener].
func (p *page) Hint(signedIn bool) { p.hinted(hint{signedIn: signedIn}) }
