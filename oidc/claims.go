package oidc

import (
	"fmt"
	"math"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// claimSet is the payload of a JWT, read claim by claim: a claim of the
// wrong type is an error that names it, never a zero value (RFC 7519 4).
type claimSet map[string]strictjson.RawMessage

func parseClaims(payload []byte) (claimSet, error) {
	var set claimSet
	if !startsObject(payload) || strictjson.Unmarshal(payload, &set) != nil {
		return nil, ErrTokenMalformed
	}
	return set, nil
}

// has tells whether there is a claim; null is none.
func has(set map[string]strictjson.RawMessage, claim string) bool {
	raw, ok := set[claim]
	return ok && string(raw) != "null"
}

// reader decodes claims and keeps the first error.
type reader struct {
	set  claimSet
	code Code // of what is not a token; empty for a [ClaimError]
	err  error
}

func (r *reader) fail(claim, step, why string) {
	switch {
	case r.err != nil:
	case r.code != "":
		r.err = fmt.Errorf("%s is %s: %w", claim, why, r.code)
	default:
		r.err = &ClaimError{Claim: claim, Step: step, Err: fmt.Errorf("%s is %s: %w", claim, why, ErrClaimInvalid)}
	}
}

// text returns a claim that has to be a string.
func (r *reader) text(claim, step string, required bool) string {
	raw := r.set[claim]
	if !has(r.set, claim) {
		if required {
			r.fail(claim, step, "absent")
		}
		return ""
	}
	var value string
	if strictjson.Unmarshal(raw, &value) != nil || required && value == "" {
		r.fail(claim, step, "no text, or empty")
	}
	return value
}

// context returns acr, which is a string. Some providers send a number, and UAA an
// object: that is none which anybody could have asked for.
func (r *reader) context(step string) string {
	raw := string(r.set["acr"])
	switch {
	case strings.HasPrefix(raw, "{"):
		return ""
	case raw != "" && strings.Trim(raw, "0123456789") == "":
		return raw
	}
	return r.text("acr", step, false)
}

// maxNumericDate keeps NumericDate values where adding to them cannot
// overflow: the year 33658.
const maxNumericDate = 1e12

// seconds returns a claim that has to be a NumericDate: a JSON number of
// seconds since the epoch, perhaps with a fraction (RFC 7519 2).
func (r *reader) seconds(claim, step string, required bool) int64 {
	raw := r.set[claim]
	if !has(r.set, claim) {
		if required {
			r.fail(claim, step, "absent")
		}
		return 0
	}
	var value float64
	if strictjson.Unmarshal(raw, &value) != nil || math.Abs(value) > maxNumericDate {
		r.fail(claim, step, "no number of seconds")
		return 0
	}
	return int64(math.Floor(value))
}

// strings returns a claim that has to be a string or an array of strings, as
// aud is (RFC 7519 4.1.3).
func (r *reader) strings(claim, step string, required bool) []string {
	raw := r.set[claim]
	if !has(r.set, claim) {
		if required {
			r.fail(claim, step, "absent")
		}
		return nil
	}
	var one string
	if strings.HasPrefix(string(raw), `"`) && strictjson.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var elements []strictjson.RawMessage
	if !strings.HasPrefix(string(raw), "[") || strictjson.Unmarshal(raw, &elements) != nil {
		r.fail(claim, step, "neither text nor an array of texts")
		return nil
	}
	values := make([]string, len(elements))
	for i, element := range elements {
		// null decodes into a string without an error
		if !strings.HasPrefix(string(element), `"`) || strictjson.Unmarshal(element, &values[i]) != nil {
			r.fail(claim, step, "neither text nor an array of texts")
			return nil
		}
	}
	return values
}
