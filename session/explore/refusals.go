//go:build !js

package explore

import (
	"strconv"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A sulk is how a provider refuses all that it is asked for without anybody looking.
type sulk struct {
	status           int // of the token endpoint
	body             string
	hinted, unhinted string // errors of the authorization endpoint, with a hint and without
}

// sulks are as providers have them, and as they might.
var sulks = []sulk{
	{400, `{"error":"invalid_grant"}`, "invalid_request", "login_required"},
	{400, `{"error":"invalid_request"}`, "invalid_request", "invalid_request"},
	{401, `{"error":"invalid_token"}`, "login_required", "unauthorized_client"},
	{403, `{"error":"access_denied"}`, "access_denied", "access_denied"},
	{400, `{"error":"Bad Request"}`, "request_not_supported", "request_not_supported"},
	{400, `{"error":"invalid_dpop_proof"}`, "invalid_scope", "invalid_scope"},
	{200, `{"error":"no"}`, "no", "no"},
	{200, `{}`, "", ""},
	{200, `<!doctype html>`, "", ""},
	{400, ``, "", ""},
	{401, ``, "interaction_required", "invalid_request"},
	{404, ``, "invalid_request", ""},
	{423, `{"error":"account_locked"}`, "login_required", "login_required"},
}

func (s *sulk) endpoint() *oidc.Response { return answer(s.status, s.body) }

// authorize returns what the browser comes back with; "" is a code, which leads nowhere.
func (s *sulk) authorize(hinted bool) string {
	code := cond(hinted, s.hinted, s.unhinted)
	return cond(code == "", "&code=none", "&error="+strings.ReplaceAll(code, " ", "+"))
}

// checkWorks has the providers refuse everything from now on, perhaps after a while in
// which access tokens live no moment.
func (w *world) checkWorks() {
	if w.brief = mix(w.seed, 13)%4 == 0; w.brief {
		w.say("== access tokens have expired when they come")
		w.settle(lifetime)
	}
	w.sulk = &sulks[mix(w.seed, 12)%uint64(len(sulks))]
	w.say("== providers refuse everything: %v", *w.sulk)
	w.settle(lifetime)
	failed := ""
	for range 200 { // no answer at all is believed after ten in a row, and requests get lost
		failed = ""
		for _, p := range w.pages() {
			p.failed = nil
			p.ask()
		}
		w.settle(3 * time.Minute)
		for _, p := range w.pages() {
			if user := p.client.Current(); p.failed != nil || user != nil && expired(user) {
				failed = p.name + " has " + strconv.Quote(name(user)) + because(p.failed)
			}
		}
		if failed == "" || w.violation != nil {
			return
		}
	}
	w.violate("works", failed)
}
