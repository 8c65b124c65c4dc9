// Package pagemodel is web/shim/standing.js in Go: what a page does with what its
// storage holds and with what happens to it. The simulator plays pages with it;
// e2e.TestPageModel runs both through the same schedules.
package pagemodel

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Standing is what storage holds of a session.
type Standing struct {
	SignedIn bool   `json:"signed_in"` // it is worth restoring
	Order    string `json:"order"`     // numbers of the program's, the first of which is that of the last sign-in or sign-out
}

// StandingOf reads the two values of storage, nil for nothing.
func StandingOf(hint, order *string) Standing {
	s := Standing{SignedIn: hint != nil}
	if order != nil {
		s.Order = *order
	}
	return s
}

// IsNews tells whether storage takes what a program tells: old news changes nothing,
// nor does news of the same order by who does not know of a sign-out, the second
// number. A number that nobody can have got to is none.
func IsNews(stored, told Standing, now time.Time) bool {
	old, oldOut := stored.numbers()
	order, out := told.numbers()
	return order > old || order == old && !(out < oldOut) || !(old <= 2*float64(now.UnixMilli()))
}

// numbers are the first two of an order.
func (s Standing) numbers() (order, out float64) {
	first, rest, _ := strings.Cut(s.Order, " ")
	second, _, _ := strings.Cut(rest, " ")
	return parseInt(first), parseInt(second)
}

var leadingInt = regexp.MustCompile(`^[\s\v\p{Z}\x{FEFF}]*([+-]?[0-9]+)`)

// parseInt is that of JavaScript.
func parseInt(s string) float64 {
	found := leadingInt.FindStringSubmatch(s)
	if found == nil {
		return math.NaN()
	}
	n, _ := strconv.ParseFloat(found[1], 64)
	return n
}

// An Event is what happens to a page.
type Event string

// The events.
const (
	Call   Event = "call"   // the app asks who is signed in
	Lost   Event = "lost"   // the program has ended
	Shown  Event = "shown"  // it comes out of the back/forward cache
	Woken  Event = "woken"  // it is shown again otherwise, or online
	Stored Event = "stored" // another page has written to storage
)

// What follows from an event.
const (
	Ask     = "ask"  // ask a program, which is started if none runs
	Find    = "find" // ask a program that runs, if one does
	Tell    = "tell" // tell the program what storage holds
	Nothing = ""
)

// A Page is what a page knows of itself.
type Page struct {
	Connected bool `json:"connected"` // to a program
	Left      bool `json:"left"`      // it has ended the connection to sleep
}

// Reaction says what a page does when something happens.
func Reaction(event Event, stored Standing, page Page) string {
	switch {
	case event == Call, event == Lost, event == Shown && page.Left:
		if page.Connected || stored.SignedIn {
			return Ask
		}
		return Find
	case page.Connected:
		return Tell
	case event == Stored && stored.SignedIn:
		return Ask
	}
	return Nothing
}

// MayLeave tells whether the tab may be sent to the provider; response: its
// address holds one of this client.
func MayLeave(event Event, response bool) bool { return event == Call && !response }
