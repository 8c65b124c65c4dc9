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

// A Verdict is what a failed renewal says about the session.
type Verdict struct {
	Passing bool // it may succeed later
	Over    bool // nobody is signed in at the provider any more, or somebody else
	Silent  bool // the frame shows something else than a response
}

// Ends tells whether the session is over, for all that is known of its refresh
// token.
func (v Verdict) Ends(g Grant) bool {
	return v.Over || !v.Passing && (v.Silent || g.Refused)
}
