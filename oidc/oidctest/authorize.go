package oidctest

import (
	"crypto/rand"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authorize is the authorization endpoint (OIDC Core 3.1.2).
func (op *OP) authorize(w http.ResponseWriter, r *http.Request) {
	q := op.parameters(r.URL.Query())
	op.checkAuthorize(q)
	op.remember(q.Get("state"), q.Get("nonce"))
	fresh := op.SignedIn && !op.tooOld(q)
	if op.AnswersFirst {
		op.waiting = append(op.waiting, q)
	}
	switch {
	case !fresh && q.Get("prompt") == "none" && !op.AnswersFirst:
		op.denySilently(w, r, q)
	case !fresh && op.LoginForm:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = loginForm.Execute(w, loginPage{op.Base() + "/login", r.URL.RawQuery})
	default:
		if !fresh || op.authTime == 0 {
			op.authTime = time.Now().Unix()
		}
		if !op.SignedIn {
			op.changeSession()
		}
		op.SignedIn = true
		op.grantCode(w, r, q)
	}
}

// tooOld tells whether the session is older than max_age allows
// (OIDC Core 3.1.2.1).
func (op *OP) tooOld(q url.Values) bool {
	maxAge, err := strconv.ParseInt(q.Get("max_age"), 10, 64)
	return err == nil && op.authTime != 0 && time.Now().Unix()-op.authTime > maxAge
}

type loginPage struct{ Action, Request string }

var loginForm = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en"><title>Sign in</title><link rel="icon" href="data:,">
<form method="post" action="{{.Action}}"><input type="hidden" name="request" value="{{.Request}}"><button>Sign in</button></form>
`))

// login takes the form.
func (op *OP) login(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.PostFormValue("request"))
	if err != nil {
		op.tb.Errorf("oidctest: the login form: %v", err)
	}
	op.SignedIn, op.authTime = true, time.Now().Unix()
	op.changeSession()
	op.grantCode(w, r, q)
}

func (op *OP) grantCode(w http.ResponseWriter, r *http.Request, q url.Values) {
	if len(op.waiting) > 0 {
		q, op.waiting = op.waiting[0], op.waiting[1:]
	}
	code := "code-" + random()
	op.codes[code] = q
	op.remember(code)
	op.respond(w, r, q, url.Values{"code": {code}})
}

// respond sends the End-User back with state and iss (RFC 9207 2).
func (op *OP) respond(w http.ResponseWriter, r *http.Request, q, response url.Values) {
	if op.profile != nil {
		op.respondAs(w, r, q, response)
		return
	}
	response.Set("state", q.Get("state"))
	response.Set("iss", op.issuer())
	op.setSession(w, q, response)
	redirect(w, r, q.Get("redirect_uri"), inFragment(q), op.signed(q, response), op.EditCallback)
}

// signout is the end_session_endpoint (RP-Initiated Logout 2).
func (op *OP) signout(w http.ResponseWriter, r *http.Request) {
	if op.profile != nil {
		op.signoutAs(w, r)
		return
	}
	op.SignedIn = false
	op.changeSession()
	op.setSessionCookie(w)
	_ = r.ParseForm() // of a GET, the query
	q := r.Form
	op.remember(q.Get("state"))
	if q.Get("post_logout_redirect_uri") == "" {
		_, _ = w.Write([]byte("signed out"))
		return
	}
	parameters := url.Values{}
	if state := q.Get("state"); state != "" {
		parameters.Set("state", state)
	}
	redirect(w, r, q.Get("post_logout_redirect_uri"), false, parameters, op.EditSignout)
}

func redirect(w http.ResponseWriter, r *http.Request, to string, fragment bool, parameters url.Values, edit func(url.Values)) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme == "" {
		http.Error(w, "the address to come back to is no URL", http.StatusBadRequest)
		return
	}
	if edit != nil {
		edit(parameters)
	}
	if fragment {
		http.Redirect(w, r, to+"#"+parameters.Encode(), http.StatusSeeOther)
		return
	}
	query := u.Query()
	for name, values := range parameters {
		query[name] = values
	}
	u.RawQuery = query.Encode()
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

// checkAuthorize fails the test on a request that breaks a rule.
func (op *OP) checkAuthorize(q url.Values) {
	for name, values := range q {
		if len(values) > 1 && name != "resource" {
			op.tb.Errorf("oidctest: parameter %s comes %d times (RFC 6749 3.1)", name, len(values))
		}
	}
	want := map[string]string{
		"client_id": op.ClientID, "response_type": "code", "code_challenge_method": "S256",
	}
	for name, value := range want {
		if q.Get(name) != value {
			op.tb.Errorf("oidctest: %s = %q, want %q", name, q.Get(name), value)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if random, _, _ := strings.Cut(q.Get(name), ";"); len(random) != 43 {
			op.tb.Errorf("oidctest: %s has %d characters, want 256 random bits", name, len(random))
		}
	}
	if !slices.Contains(strings.Fields(q.Get("scope")), "openid") {
		op.tb.Errorf("oidctest: scope lacks openid (OIDC Core 3.1.2.1)")
	}
}

func random() string { return rand.Text() }
