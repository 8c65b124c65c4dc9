package web

import (
	"strconv"
	"strings"
)

// negotiate returns the Content-Encoding to answer with: the one that the
// client likes best, br before gzip if it likes both the same, and "" if it
// takes neither (RFC 9110 12.5.3).
func (a *asset) negotiate(accept []string) string {
	weights := parseWeights(strings.Join(accept, ","))
	best, bestWeight := "", weights["identity"]
	for _, encoding := range []string{"gzip", "br"} {
		weight, listed := weights[encoding]
		if !listed {
			weight = weights["*"]
		}
		if a.encodings[encoding] != nil && weight > 0 && weight >= bestWeight {
			best, bestWeight = encoding, weight
		}
	}
	return best
}

// parseWeights reads the header Accept-Encoding. A weight that is no number
// counts as 0: what cannot be read is not sent.
func parseWeights(accept string) map[string]float64 {
	weights := make(map[string]float64)
	for item := range strings.SplitSeq(accept, ",") {
		coding, parameter, weighted := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		weight := 1.0
		if weighted {
			name, value, _ := strings.Cut(parameter, "=")
			parsed, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !strings.EqualFold(strings.TrimSpace(name), "q") {
				parsed = 0
			}
			weight = parsed
		}
		weights[coding] = weight
	}
	return weights
}

// matches reports whether one of the ETags in If-None-Match is etag, by weak
// comparison (RFC 9110 13.1.2).
func matches(ifNoneMatch []string, etag string) bool {
	for item := range strings.SplitSeq(strings.Join(ifNoneMatch, ","), ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}
