package oidc

import (
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

// reader decodes claims and keeps the first error.
type reader struct {
	set claimSet
	err error
}

func (r *reader) fail(claim, step string) {
	if r.err == nil {
		r.err = &ClaimError{Claim: claim, Step: step, Err: ErrClaimInvalid}
	}
}

// text returns a claim that has to be a string.
func (r *reader) text(claim, step string, required bool) string {
	raw, ok := r.set[claim]
	if !ok {
		if required {
			r.fail(claim, step)
		}
		return ""
	}
	var value *string
	if strictjson.Unmarshal(raw, &value) != nil || value == nil || required && *value == "" {
		r.fail(claim, step)
		return ""
	}
	return *value
}

// maxNumericDate keeps NumericDate values where adding to them cannot
// overflow: the year 33658.
const maxNumericDate = 1e12

// seconds returns a claim that has to be a NumericDate: a JSON number of
// seconds since the epoch, perhaps with a fraction (RFC 7519 2).
func (r *reader) seconds(claim, step string, required bool) int64 {
	raw, ok := r.set[claim]
	if !ok {
		if required {
			r.fail(claim, step)
		}
		return 0
	}
	var value *float64
	if strictjson.Unmarshal(raw, &value) != nil || value == nil || math.Abs(*value) > maxNumericDate {
		r.fail(claim, step)
		return 0
	}
	return int64(math.Floor(*value))
}

// strings returns a claim that has to be a string or an array of strings, as
// aud is (RFC 7519 4.1.3).
func (r *reader) strings(claim, step string, required bool) []string {
	raw, ok := r.set[claim]
	if !ok {
		if required {
			r.fail(claim, step)
		}
		return nil
	}
	var one string
	if strings.HasPrefix(string(raw), `"`) && strictjson.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var elements []strictjson.RawMessage
	if !strings.HasPrefix(string(raw), "[") || strictjson.Unmarshal(raw, &elements) != nil {
		r.fail(claim, step)
		return nil
	}
	values := make([]string, len(elements))
	for i, element := range elements {
		// null decodes into a string without an error
		if !strings.HasPrefix(string(element), `"`) || strictjson.Unmarshal(element, &values[i]) != nil {
			r.fail(claim, step)
			return nil
		}
	}
	return values
}
