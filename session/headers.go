package session

import (
	"context"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// headed is a transport that adds headers to each request. None replaces one
// that a request has.
type headed struct {
	oidc.Transport
	extra map[string]string
}

// withHeaders adds the headers in a JSON object; empty is none.
func withHeaders(t oidc.Transport, object string) oidc.Transport {
	var extra map[string]string
	if strictjson.Unmarshal([]byte(object), &extra) != nil || len(extra) == 0 {
		return t // checked with the settings
	}
	return &headed{t, extra}
}

// Do is [oidc.Transport].
func (t *headed) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	with := *req
	with.Header = map[string]string{}
	for _, header := range []map[string]string{t.extra, req.Header} {
		for name, value := range header {
			with.Header[strings.ToLower(name)] = value
		}
	}
	return t.Transport.Do(ctx, &with)
}
