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
	"unicode"
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

// IsNews tells whether storage takes what a program tells: who knows of a later sign-out,
// the second number, has news, else who has no lower order. The others hear of it from
// storage, and say what follows. Numbers that nobody can have got to are none.
func IsNews(stored, told Standing, now time.Time) bool {
	old, from := stored.numbers()
	order, out := told.numbers()
	return !(old <= 2*float64(now.UnixMilli())) || from > old || out > from || !(out < from) && order >= old
}

// numbers are the first two of an order.
func (s Standing) numbers() (order, out float64) {
	first, rest, found := strings.Cut(s.Order, " ")
	if !found {
		rest = "undefined"
	}
	second, _, _ := strings.Cut(rest, " ")
	return number(first), number(second)
}

var (
	decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?Infinity$`)
	based   = regexp.MustCompile(`^0[xXoObB][0-9a-fA-F]+$`)
)

// number is that of JavaScript.
func number(s string) float64 {
	s = strings.TrimFunc(s, func(r rune) bool { return r != '\u0085' && unicode.IsSpace(r) || r == '\ufeff' })
	switch {
	case s == "":
		return 0
	case decimal.MatchString(s):
		n, _ := strconv.ParseFloat(s, 64)
		return n
	case based.MatchString(s):
		if n, err := strconv.ParseInt(s, 0, 64); err == nil {
			return float64(n)
		}
	}
	return math.NaN()
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
