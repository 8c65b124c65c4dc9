package oidctest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
)

// sessionCookie holds the browser state of OIDC Session Management 3.2: it
// changes whenever the End-User signs in or out.
const sessionCookie = "oidctest_session"

// checkSessionFrame is the provider's frame of OIDC Session Management 3.2.
const checkSessionFrame = `<!doctype html>
<title>Session</title>
<script>
addEventListener("message", async ({ data, origin, source }) => {
  const [question, client, digest, salt] = /^(\S+) ([^ .]+)\.([^ .]+)$/.exec(data) ?? [];
  if (!question) return source.postMessage("error", origin);
  const cookie = document.cookie.match(/\boidctest_session=(\w*)/)?.[1] ?? "";
  const bytes = new TextEncoder().encode([client, origin, cookie, salt].join(" "));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  source.postMessage(hex === digest ? "unchanged" : "changed", origin);
});
</script>
`

func (op *OP) checkSession(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(checkSessionFrame))
}

// changeSession gives the browser a new state.
func (op *OP) changeSession() { op.browserState = random() }

// setSession adds the session_state of Session Management 2 to a response,
// and its cookie. The cookie works in frames of other sites, too, where the
// browser lets it.
func (op *OP) setSession(w http.ResponseWriter, q, response url.Values) {
	if !op.CheckSession {
		return
	}
	redirectURI, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		return
	}
	op.setSessionCookie(w)
	salt := random()
	text := op.ClientID + " " + redirectURI.Scheme + "://" + redirectURI.Host + " " + op.browserState + " " + salt
	digest := sha256.Sum256([]byte(text))
	response.Set("session_state", hex.EncodeToString(digest[:])+"."+salt)
}

func (op *OP) setSessionCookie(w http.ResponseWriter) {
	if !op.CheckSession {
		return
	}
	if op.browserState == "" {
		op.changeSession()
	}
	cookie := &http.Cookie{Name: sessionCookie, Value: op.browserState, Path: "/"}
	http.SetCookie(w, cookie) // WebKit takes the other one over https alone
	cookie.Secure, cookie.SameSite = true, http.SameSiteNoneMode
	http.SetCookie(w, cookie)
}
