package oidc

import (
	"slices"
	"strings"
)

// A Challenge is why a resource server refused a request, and what it wants
// instead: one element of WWW-Authenticate (RFC 9110 11.6.1). Its text is the
// server's, not to be shown as HTML.
type Challenge struct {
	Scheme  string            // in lower case: "bearer", "dpop"
	Token68 string            // of schemes that have one in place of parameters
	Params  map[string]string // names in lower case
}

// maxChallengeLength bounds the header in bytes.
const maxChallengeLength = 16 << 10

// ParseChallenges parses the value of a WWW-Authenticate header, or several
// joined by commas (RFC 9110 11.6.1). Its one failure is
// [ErrChallengeMalformed].
func ParseChallenges(header string) ([]Challenge, error) {
	if len(header) > maxChallengeLength {
		return nil, ErrChallengeMalformed
	}
	s := &challengeScanner{rest: header}
	var challenges []Challenge
	for s.skip(" \t,"); s.rest != ""; s.skip(" \t,") {
		name := s.token()
		if name == "" {
			return nil, ErrChallengeMalformed
		}
		if !s.nextIs('=') {
			challenges = append(challenges, s.challenge(name))
			continue
		}
		if len(challenges) == 0 || !s.parameter(name, &challenges[len(challenges)-1]) {
			return nil, ErrChallengeMalformed
		}
	}
	return challenges, nil
}

// challengeScanner reads from the front of what is left.
type challengeScanner struct{ rest string }

func (s *challengeScanner) skip(set string) { s.rest = strings.TrimLeft(s.rest, set) }

// nextIs looks past white space, which it leaves where it is.
func (s *challengeScanner) nextIs(c byte) bool {
	next := strings.TrimLeft(s.rest, " \t")
	return next != "" && next[0] == c
}

// take returns the characters up to the first that is not ok.
func (s *challengeScanner) take(ok func(byte) bool) string {
	n := 0
	for n < len(s.rest) && ok(s.rest[n]) {
		n++
	}
	taken := s.rest[:n]
	s.rest = s.rest[n:]
	return taken
}

// token reads a token (RFC 9110 5.6.2).
func (s *challengeScanner) token() string {
	return s.take(func(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 })
}

// challenge reads what follows a scheme up to its parameters.
func (s *challengeScanner) challenge(scheme string) Challenge {
	before := s.rest
	s.skip(" ")
	token68 := s.take(func(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("-._~+/", c) >= 0 })
	token68 += s.take(func(c byte) bool { return c == '=' })
	if token68 == "" || s.rest != "" && !s.nextIs(',') && strings.Trim(s.rest, " \t") != "" {
		token68, s.rest = "", before // it is the first parameter
	}
	return Challenge{Scheme: strings.ToLower(scheme), Token68: token68, Params: map[string]string{}}
}

// parameter reads "= value" and the end of the element. A name comes once in
// a challenge (RFC 9110 11.2).
func (s *challengeScanner) parameter(name string, c *Challenge) bool {
	s.skip(" \t")
	s.rest = s.rest[len("="):]
	s.skip(" \t")
	value := s.token()
	ok := value != ""
	if strings.HasPrefix(s.rest, `"`) { // no character of a token
		value, ok = s.quotedString()
	}
	name = strings.ToLower(name)
	_, twice := c.Params[name]
	if !ok || twice || c.Token68 != "" {
		return false
	}
	c.Params[name] = value
	s.skip(" \t")
	return s.rest == "" || s.rest[0] == ','
}

// quotedString reads a quoted string and removes its escapes
// (RFC 9110 5.6.4).
func (s *challengeScanner) quotedString() (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		if s.rest[i] == '"' {
			s.rest = s.rest[i+1:]
			return b.String(), true
		}
		if s.rest[i] == '\\' && i+1 < len(s.rest) {
			i++
		}
		c := s.rest[i]
		if c < ' ' && c != '\t' || c == 0x7f { // not even behind a backslash
			return "", false
		}
		b.WriteByte(c)
	}
	return "", false
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// ErrorCode returns the error parameter: "invalid_token",
// "insufficient_scope", "insufficient_user_authentication", "use_dpop_nonce"
// or "" (RFC 6750 3.1, RFC 9449 7.1, RFC 9470 3).
func (c *Challenge) ErrorCode() string { return c.Params["error"] }

// Scopes returns the scopes that the resource takes (RFC 6750 3).
func (c *Challenge) Scopes() []string { return SplitScope(c.Params["scope"]) }

// FindChallenge returns the first challenge for an access token, of the
// schemes Bearer and DPoP, that has the error, or any error if that is "".
func FindChallenge(challenges []Challenge, errorCode string) (*Challenge, bool) {
	i := slices.IndexFunc(challenges, func(c Challenge) bool {
		return (c.Scheme == "bearer" || c.Scheme == "dpop") && (errorCode == "" || c.ErrorCode() == errorCode)
	})
	if i < 0 {
		return nil, false
	}
	return &challenges[i], true
}

// A StepUp is the authentication that a resource asks for (RFC 9470 3): the
// same fields of an [AuthenticationRequest] ask the provider for it.
type StepUp struct {
	ACRValues string
	MaxAge    *int64 // seconds
}

// FindStepUp returns what a new sign-in has to bring, if one of the
// challenges says that the authentication does not suffice. Codes:
// [ErrChallengeMalformed] if max_age is not a number of seconds.
func FindStepUp(challenges []Challenge) (*StepUp, error) {
	c, found := FindChallenge(challenges, "insufficient_user_authentication")
	if !found {
		return nil, nil
	}
	stepUp := &StepUp{ACRValues: c.Params["acr_values"]}
	if text, present := c.Params["max_age"]; present {
		age, ok := deltaSeconds(text)
		if !ok {
			return nil, ErrChallengeMalformed
		}
		seconds := int64(age.Seconds())
		stepUp.MaxAge = &seconds
	}
	return stepUp, nil
}

// WantsDPoPNonce tells whether a request is to be sent again with the nonce
// of the answer (RFC 9449 9).
func WantsDPoPNonce(challenges []Challenge) bool {
	c, found := FindChallenge(challenges, "use_dpop_nonce")
	return found && c.Scheme == "dpop"
}
