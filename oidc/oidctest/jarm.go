package oidctest

import (
	"net/url"
	"slices"
	"time"
)

// signed returns the response as one parameter, a JWT, if the request asks for
// that (JARM 2.3).
func (op *OP) signed(q, response url.Values) url.Values {
	if op.PlainResponses || !slices.Contains([]string{"jwt", "query.jwt", "fragment.jwt"}, q.Get("response_mode")) {
		return response
	}
	key := op.signer()
	header := map[string]any{"alg": key.Alg, "kid": key.ID}
	claims := map[string]any{"iss": op.issuer(), "aud": op.ClientID, "exp": time.Now().Unix() + 600}
	for name := range response {
		claims[name] = response.Get(name)
	}
	if op.EditResponse != nil {
		op.EditResponse(header, claims)
	}
	token := op.Sign(header, claims)
	if op.ReplaceResponse != nil {
		token = op.ReplaceResponse(token)
	}
	op.remember(token)
	return url.Values{"response": {token}}
}

// inFragment tells where the response goes.
func inFragment(q url.Values) bool {
	return slices.Contains([]string{"fragment", "fragment.jwt"}, q.Get("response_mode"))
}
