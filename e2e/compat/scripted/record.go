//go:build !js

package scripted

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// headers that are compared, beside those that begin with "X-".
var headers = []string{"Accept", "Authorization", "Content-Type", "Cookie", "Dpop"}

// random are parameters whose values the client draws.
var random = []string{"state", "nonce", "code_challenge", "code_verifier", "dpop_jkt", "client_assertion"}

// record writes a request down: names, order and encoding as they came, and
// values as they came where they do not differ from run to run.
func (p *Provider) record(endpoint string, r *http.Request, body string) {
	if p.script.Frames && r.Header.Get("Sec-Fetch-Dest") == "iframe" {
		endpoint = "frame " + endpoint
	}
	line := r.Method + " " + endpoint
	if r.Header.Get("Sec-Fetch-Mode") == "no-cors" {
		line = "PROBE " + endpoint
	}
	p.log = append(p.log, line)
	if r.Header.Get("Sec-Fetch-Mode") == "cors" {
		p.recordHeaders(endpoint, r.Header)
	}
	for _, raw := range []string{r.URL.RawQuery, body} {
		for pair := range strings.SplitSeq(raw, "&") {
			if pair != "" {
				p.log = append(p.log, endpoint+" "+p.parameter(pair))
			}
		}
	}
}

func (p *Provider) recordHeaders(endpoint string, all http.Header) {
	var lines []string
	for name, values := range all {
		if !slices.Contains(headers, name) && !strings.HasPrefix(name, "X-") {
			continue
		}
		value := strings.Join(values, ", ")
		if name == "Dpop" {
			value = "<proof>"
		}
		lines = append(lines, endpoint+" "+name+": "+p.name(value))
	}
	slices.Sort(lines)
	p.log = append(p.log, lines...)
}

// parameter returns a pair of a query or a form with a name for its value
// where that is random. What follows a semicolon in a state is the app's.
func (p *Provider) parameter(pair string) string {
	name, value, _ := strings.Cut(pair, "=")
	if slices.Contains(random, name) {
		drawn, rest, found := strings.Cut(value, "%3B")
		if decoded, err := url.QueryUnescape(drawn); err == nil && len(decoded) >= 16 {
			p.names[decoded] = "<" + name + ">"
			value = "<" + name + ">"
			if found {
				value += "%3B" + rest
			}
		}
	}
	return p.name(name + "=" + value)
}
