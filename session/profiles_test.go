package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/resource"
)

// An outcome is what became of one step with one provider.
type outcome struct {
	note string // how it went well
	err  error  // or why it did not
}

func (o outcome) String() string {
	switch {
	case o.err == nil:
		return o.note
	case reasonOf(o.err) != "":
		return "`" + string(reasonOf(o.err)) + "`"
	}
	return "refused"
}

// reasonOf returns the code of an error, empty if it has none.
func reasonOf(err error) oidc.Code {
	var code oidc.Code
	_ = errors.As(err, &code)
	return code
}

// A trial is a client, and an API, with one provider.
type trial struct {
	*world
	profile *oidctest.Profile
	mended  bool // with the settings that the profile's limits name
	client  *Client
	tab     *tab
	extra   map[string]string // of the sign-out
	tokens  resource.Preset   // of the API
}

// newTrial opens a tab whose hint may say that there was a session.
func newTrial(t *testing.T, p *oidctest.Profile, mended, hint bool) *trial {
	w := &trial{world: newWorld(t), profile: p, mended: mended}
	p.Play(w.op)
	w.settings.Issuer, w.settings.Provider.MetadataURL = w.op.Issuer, w.op.Address(p.MetadataURL)
	w.settings.Scope = cmp.Or(p.Scope, w.settings.Scope)
	w.settings.LoadUserinfo = p.Userinfo != ""
	for i := range p.Limits {
		if mended && p.Limits[i].Setting != "" {
			w.apply(&p.Limits[i])
		}
	}
	w.restart()
	w.client, w.tab = w.open(hint)
	w.tab.frame = func(_ context.Context, url string) (string, error) {
		if address := w.op.Visit(url); address != "" {
			return address, nil
		}
		return "", ErrFrameNoResponse
	}
	return w
}

// apply makes the setting that mends a limit.
func (w *trial) apply(limit *oidctest.Limit) {
	switch limit.Setting {
	case "scope":
		w.settings.Scope = limit.Value
	case "client_secret":
		w.settings.Authentication.Secret = oidc.Secret(limit.Value)
	case "extraQueryParams":
		w.extra = map[string]string{"client_id": w.op.ClientID, "logout_uri": w.settings.PostLogoutRedirectURI}
	case "Tokens":
		preset, ok := presets[limit.Value]
		if !ok {
			w.t.Fatalf("there is no %s", limit.Value)
		}
		w.tokens = preset
	default:
		w.t.Fatalf("nobody here knows the setting %s", limit.Setting)
	}
}

// signin goes to the provider and comes back.
func (w *trial) signin() (*User, error) {
	if err := w.client.SigninRedirect(w.t.Context(), SigninArgs{}); err != nil {
		return nil, err
	}
	user, err := w.client.SigninCallback(w.t.Context(), w.op.Visit(w.tab.address))
	if err == nil && user.Subject() != w.op.Subject {
		err = fmt.Errorf("%s is signed in, want %s", user.Subject(), w.op.Subject)
	}
	return user, err
}

// run takes the steps, as far as there is somebody signed in for them.
func run(t *testing.T, p *oidctest.Profile, mended bool) map[oidctest.Step]outcome {
	outcomes := map[oidctest.Step]outcome{}
	synctest.Test(t, func(t *testing.T) {
		w := newTrial(t, p, mended, true)
		w.op.Edit(func() { w.op.SignedIn = false })
		user, err := w.client.User(t.Context())
		if err == nil && user != nil {
			err = errors.New("somebody is signed in")
		}
		outcomes[oidctest.StepRestore] = outcome{"nobody", err}

		w.op.Edit(func() { w.op.SignedIn = true })
		user, err = w.signin()
		if outcomes[oidctest.StepSignin] = (outcome{"works", err}); err != nil {
			return
		}
		w.api(outcomes)
		frames := w.tab.frames
		renewed, err := w.client.SigninSilent(t.Context(), SigninArgs{})
		how := "by refresh token"
		if w.tab.frames > frames {
			how = "in the hidden frame"
		}
		if err == nil && (renewed == user || renewed.Subject() != w.op.Subject) {
			err = errors.New("nothing new came")
		}
		outcomes[oidctest.StepRenew] = outcome{how, err}
		if err == nil {
			w.checkOtherTokens()
		}
		outcomes[oidctest.StepEnd] = w.end()
	})
	if _, ok := outcomes[oidctest.StepEnd]; ok {
		synctest.Test(t, func(t *testing.T) {
			outcomes[oidctest.StepSignout] = newTrial(t, p, mended, false).signoutAfterSignin()
		})
	}
	return outcomes
}

// end lets the session end at the provider: it has to end here, too, when the access
// token does.
func (w *trial) end() outcome {
	user, _ := w.client.session.current()
	if user == nil {
		return outcome{err: errors.New("nobody was signed in")}
	}
	w.op.RevokeRefreshTokens()
	w.op.Edit(func() { w.op.SignedIn = false })
	if user.ExpiresAt == 0 {
		_, err := w.client.SigninSilent(w.t.Context(), SigninArgs{})
		if wantsUser(err) || errors.Is(err, ErrFrameNoResponse) {
			err = nil
		}
		return outcome{"when the app renews: the token says no end", err}
	}
	time.Sleep(time.Until(time.Unix(user.ExpiresAt, 0)) + time.Hour) // a refusal may be looked at again, for some minutes
	synctest.Wait()
	user, err := w.client.User(w.t.Context())
	if err == nil && user != nil {
		err = errors.New("somebody is still signed in")
	}
	return outcome{"with the access token", err}
}

// signoutAfterSignin signs in and out by redirect.
func (w *trial) signoutAfterSignin() outcome {
	if _, err := w.signin(); err != nil {
		return outcome{err: err}
	}
	if err := w.client.SignoutRedirect(w.t.Context(), SignoutArgs{Extra: w.extra}); err != nil {
		return outcome{err: err}
	}
	address := w.op.Visit(w.tab.address)
	signedIn := false
	w.op.Edit(func() { signedIn = w.op.SignedIn })
	switch {
	case signedIn:
		return outcome{err: errors.New("the session goes on")}
	case address == "":
		return outcome{note: "stays there"}
	}
	_, err := w.client.SignoutCallback(w.t.Context(), address)
	return outcome{"comes back", err}
}

// api asks an API with the access token.
func (w *trial) api(outcomes map[oidctest.Step]outcome) {
	outcomes[oidctest.StepAPI] = outcome{"works", w.ask(w.op.Issued().AccessToken, w.tokens, w.audience())}
	w.checkOtherTokens()
}

// ask returns why an API does not let a token through.
func (w *trial) ask(token string, preset resource.Preset, audiences ...string) (refused error) {
	issuer := resource.Issuer{
		Issuer: w.op.Address(w.profile.Authority), MetadataURL: w.op.Address(w.profile.MetadataURL),
		Audiences: audiences, Tokens: preset, Tenants: w.profile.Tenants, WithoutSubject: w.profile.WithoutSubject,
	}
	if w.profile.Issuer != "" {
		issuer.MetadataURL, issuer.Issuer = oidc.ConfigurationURL(issuer.Issuer), w.op.Address(w.profile.Issuer)
	}
	guard, err := resource.New(resource.Config{
		Issuers:   []resource.Issuer{issuer},
		Transport: w.transport,
		Refused:   func(_ *http.Request, err error) { refused = err },
	})
	if err != nil {
		return err
	}
	var scopes []string
	if w.profile.APIScope != "" {
		scopes = append(scopes, w.profile.APIScope)
	}
	reached := false
	handler := guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if reached = true; resource.ClaimsFrom(r.Context()).Subject == "" && !issuer.WithoutSubject {
			refused = errors.New("a token of nobody is let through")
		}
	}), scopes...)
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/things", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	if !reached && refused == nil {
		refused = errors.New("nobody says why")
	}
	return refused
}

// audience is that of the API.
func (w *trial) audience() string { return cmp.Or(w.profile.Audience, "https://api.example.test") }

// TestProfiles takes every provider that people have through the client and the API.
// A step works, or fails with the error that the profile has for it; a setting that mends
// it is named by the error, and mends it.
func TestProfiles(t *testing.T) {
	rows := map[string]string{}
	for _, p := range oidctest.Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			plain := run(t, &p, false)
			mended := plain
			for _, limit := range p.Limits {
				if limit.Setting != "" {
					mended = run(t, &p, true)
					break
				}
			}
			row := "| " + p.Name
			for _, step := range oidctest.Steps() {
				limit, wait := p.Limit(step), p.Waits[step]
				right := limit
				if wait != "" && limit != nil && limit.Setting == "" {
					right = nil // that it works is what is waited for
				}
				wrong := judge(right, step, plain, mended)
				switch {
				case p.Waits[oidctest.StepSignin] != "" && step != oidctest.StepSignin: // nothing comes behind it
				case wrong != nil && wait == "":
					t.Errorf("%s: %v", step, wrong)
				case wrong == nil && wait != "":
					t.Errorf("%s is right, and need not wait for %s", step, wait)
				}
				row += " | " + cell(limit, wait, step, mended)
				for _, o := range []outcome{plain[step], mended[step]} {
					if o.err != nil {
						t.Logf("%s: %v", step, o.err)
					}
				}
			}
			rows[p.Name] = row + " |"
		})
	}
	if len(rows) < len(oidctest.Profiles()) {
		return // -run has chosen some
	}
	checkProviders(t, rows)
}

// judge returns what is wrong with a step.
func judge(limit *oidctest.Limit, step oidctest.Step, plain, mended map[oidctest.Step]outcome) error {
	before, tried := plain[step]
	after, reached := mended[step]
	switch {
	case !reached:
		return errors.New("nobody came so far")
	case limit == nil:
		return errors.Join(before.err, after.err)
	case tried && before.err == nil:
		return errors.New("it works, but the profile says that it does not")
	case tried && limit.Code != reasonOf(before.err):
		return fmt.Errorf("%w, want %s", before.err, string(limit.Code))
	case limit.Setting == "":
		return nil
	case after.err != nil:
		return fmt.Errorf("with %s: %w", limit.Setting, after.err)
	case tried && limit.Code != "" && !strings.Contains(sentence(before.err), limit.Setting):
		return fmt.Errorf("the error does not name %s: %w", limit.Setting, before.err)
	}
	return nil
}

// sentence is what a developer reads: the provider's own words, too.
func sentence(err error) string {
	var refusal *oidc.ProviderError
	if errors.As(err, &refusal) {
		return err.Error() + ": " + refusal.Description
	}
	return err.Error()
}

// cell is that of the table.
func cell(limit *oidctest.Limit, wait string, step oidctest.Step, outcomes map[oidctest.Step]outcome) string {
	o, reached := outcomes[step]
	text := o.String()
	switch {
	case !reached:
		return "–"
	case wait != "":
		text = "not yet: " + text
	}
	if limit != nil && limit.Setting != "" && outcomes[step].err == nil {
		name := limit.Setting
		if step == oidctest.StepAPI {
			name = limit.Value
		}
		text += ", with `" + name + "`"
	}
	return text
}
