package oidctest

import (
	"net/http"
	"net/url"
	"slices"
)

// push is the pushed authorization request endpoint (RFC 9126 2).
func (op *OP) push(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Has("request_uri") {
		op.tb.Errorf("oidctest: a pushed request that is no form, or names another one: %v", err)
	}
	if op.pushed == nil {
		op.pushed = map[string]url.Values{}
	}
	requestURI := "urn:ietf:params:oauth:request_uri:" + random()
	op.pushed[requestURI] = r.PostForm
	op.answer(w, PAR, http.StatusCreated, map[string]any{"request_uri": requestURI, "expires_in": 60}, op.EditPush)
}

// parameters returns those of an authorization request, which may have been
// pushed: then the URL holds a reference to it, good for one visit, and
// nothing else (RFC 9126 4).
func (op *OP) parameters(q url.Values) url.Values {
	requestURI := q.Get("request_uri")
	if requestURI == "" {
		if op.RequirePAR {
			op.tb.Errorf("oidctest: a request that was not pushed")
		}
		return q
	}
	request, ok := op.pushed[requestURI]
	delete(op.pushed, requestURI)
	if !ok || len(q) != 2 || q.Get("client_id") != request.Get("client_id") {
		op.tb.Errorf("oidctest: a reference that is unknown, used before, or not alone")
	}
	return request
}

// revoke is the revocation endpoint (RFC 7009 2).
func (op *OP) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("token") == "" || r.PostForm.Get("client_id") != op.ClientID {
		op.tb.Errorf("oidctest: a revocation without a token or a client: %v", err)
	}
	op.revoked = append(op.revoked, r.PostForm.Get("token"))
	delete(op.refresh, r.PostForm.Get("token"))
	w.WriteHeader(http.StatusOK)
}

// Revoked tells whether a token was revoked.
func (op *OP) Revoked(token string) bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return slices.Contains(op.revoked, token)
}
