package op

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// authTimeKey is where a grant keeps the time of the sign-in.
const authTimeKey = "auth_time"

func anyRequest(*http.Request, *goidc.AuthnSession, *goidc.Client) bool { return true }

// authenticate answers an authorization request: at once if there is a
// session that will do, else with a form, and then what the form brings.
func (p *Provider) authenticate(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, _ *goidc.Client) (goidc.Status, error) {
	if r.PathValue("callback") != "" {
		return p.submitted(w, r, as)
	}
	prompt := strings.Fields(string(as.Prompt))
	silent := slices.Contains(prompt, string(goidc.PromptTypeNone))
	if silent && len(prompt) > 1 {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeInvalidRequest, "prompt has none and another value")
	}
	if session, ok := p.login(r); ok && suffices(session, as, prompt) {
		return granted(as, session)
	}
	if silent {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeLoginRequired, "there is no session that answers this request")
	}
	return p.showForm(w, as, loginPage{User: as.LoginHint})
}

// suffices reports whether a session answers a request without a form (OIDC
// Core 3.1.2.1: prompt, max_age, id_token_hint).
func suffices(session login, as *goidc.AuthnSession, prompt []string) bool {
	for _, interactive := range []goidc.PromptType{goidc.PromptTypeLogin, goidc.PromptTypeSelectAccount} {
		if slices.Contains(prompt, string(interactive)) {
			return false
		}
	}
	if as.MaxAuthnAgeSecs != nil && time.Since(session.at) > time.Duration(*as.MaxAuthnAgeSecs)*time.Second {
		return false
	}
	return isHinted(session, as)
}

// isHinted reports whether the id_token_hint, if there is one, is about the
// End-User of the session.
func isHinted(session login, as *goidc.AuthnSession) bool {
	hinted, ok := as.IDTokenHintClaims[goidc.ClaimSubject]
	return !ok || hinted == session.subject
}

// submitted takes the form.
func (p *Provider) submitted(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession) (goidc.Status, error) {
	switch r.PostFormValue("action") {
	case "cancel":
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeAccessDenied, "the user cancelled the sign-in")
	case "sign-in":
		name := r.PostFormValue("username")
		user, ok := p.user(name, r.PostFormValue("password"))
		if !ok {
			return p.showForm(w, as, loginPage{User: name, Message: "This user name and password do not match. Please try again."})
		}
		session := login{subject: user.subject(), name: user.Name, at: time.Now()}
		p.startLogin(w, r, session)
		if !isHinted(session, as) {
			return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeLoginRequired, "another user signed in")
		}
		return granted(as, session)
	default: // a reload of the form's address
		return p.showForm(w, as, loginPage{User: as.LoginHint})
	}
}

func granted(as *goidc.AuthnSession, session login) (goidc.Status, error) {
	as.Subject = session.subject
	as.Username = session.name
	as.GrantedScopes = as.Scopes
	as.Store = map[string]any{authTimeKey: session.at.Unix()}
	return goidc.StatusSuccess, nil
}

func (p *Provider) showForm(w http.ResponseWriter, as *goidc.AuthnSession, page loginPage) (goidc.Status, error) {
	page.Base = p.issuer.Path
	page.Action = p.issuer.Path + authorizePath + "/" + as.ID + "/login"
	page.Client = as.ClientID
	// The redirect that follows the form counts as a target of the form.
	if err := render(w, http.StatusOK, "login.html", page, origin(as.RedirectURI)); err != nil {
		return goidc.StatusFailure, err
	}
	return goidc.StatusPending, nil
}

func anyLogout(*http.Request, *goidc.LogoutSession) bool { return true }

// logout ends the session at once for the client that shows the session's
// own ID Token; from anybody else it may be a trick and needs a click
// (RP-Initiated Logout 2 and 6).
func (p *Provider) logout(w http.ResponseWriter, r *http.Request, ls *goidc.LogoutSession) (goidc.Status, error) {
	session, ok := p.login(r)
	confirmed := r.PathValue("callback") != "" && r.PostFormValue("action") == "sign-out"
	if ok && !confirmed && ls.IDTokenHintClaims[goidc.ClaimSubject] != session.subject {
		page := logoutPage{Base: p.issuer.Path, Action: p.issuer.Path + endSessionPath + "/" + ls.ID + "/confirm"}
		if err := render(w, http.StatusOK, "logout.html", page, origin(ls.PostLogoutRedirectURI)); err != nil {
			return goidc.StatusFailure, err
		}
		return goidc.StatusPending, nil
	}
	p.endLogin(w, r)
	return goidc.StatusSuccess, nil
}

// signedOut answers a logout request without a post_logout_redirect_uri.
func (p *Provider) signedOut(w http.ResponseWriter, _ *http.Request, _ *goidc.LogoutSession) error {
	return render(w, http.StatusOK, "logout.html", logoutPage{Base: p.issuer.Path}, "")
}
