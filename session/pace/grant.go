package pace

// A Grant is what is known of a refresh token. A provider that rotates them
// takes the second use of one for a theft, and revokes both (RFC 9700 4.14.2).
// So one whose answer was lost is in doubt: it is used once more, when the
// provider is known to be within reach, because most lost answers are requests
// that never arrived.
type Grant struct {
	Lost    int  // answers that never came
	Spent   bool // an answer came that holds no usable refresh token
	Refused bool // by the provider
}

// LostLimit is how many lost answers make a refresh token useless.
const LostLimit = 2

// Usable tells whether using the refresh token can do no harm, and whether an
// answer was lost: then the provider is asked for something else first.
func (g Grant) Usable() (usable, inDoubt bool) {
	if g.Spent || g.Refused || g.Lost >= LostLimit {
		return false, false
	}
	return true, g.Lost > 0
}

// SilenceLimit is how many silent renewals in a row end a session. Behind a
// provider that is overloaded they may be error pages: each one counts only if
// the provider has answered something else right after it, and they take
// minutes.
const SilenceLimit = 10

// A Verdict is what a failed renewal says about the session.
type Verdict struct {
	Passing bool // it may succeed later
	Nobody  bool // is signed in at the provider any more, says its frame
	Other   bool // is signed in at the provider by now
	Silent  bool // something else than an answer came, and the token has ended
	Ended   bool // the token has
}

// Ends tells whether the session is over after f and another failure. A refresh
// token in doubt has its last use before a session ends because of a frame,
// which sees no session where the browser keeps the provider's cookies from it:
// then g says so.
func (v Verdict) Ends(f Failure, g *Grant) bool {
	over := v.Nobody || v.Silent && f.Silences+1 >= SilenceLimit || !v.Passing && (g.Refused || v.Ended && !v.Silent)
	switch {
	case v.Other:
		return true
	case over && g.Lost >= LostLimit && !g.Spent && !g.Refused:
		g.Lost = LostLimit - 1
		return false
	}
	return over
}
