package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// fetchMargin is how long an access token has to be good for, at least,
	// to be sent; a third of its life if that is less.
	fetchMargin = 10 * time.Second
	// refusalPause is how long a token that was refused right after it was
	// renewed keeps others from being renewed for the same reason, and
	// refusalLimit how many are renewed in that time, whatever the answers are.
	refusalPause = time.Minute
	refusalLimit = 3
)

// A FetchRequest is a request of the app's that is to carry an access token.
type FetchRequest struct {
	Method string
	URL    string
	Header map[string]string

	// Repeatable says that the transport can send the body more than once.
	Repeatable bool

	// Shown is the subject of the user whom the page has shown when the app called,
	// empty for a user without one; nil if that was nobody. A program that is new
	// may find somebody else.
	Shown *string

	// ReturnTo is as in [SigninArgs], for [StepUpRedirect].
	ReturnTo string
}

// Fetch sends a request to an API through t, with the access token for it and
// the proof that goes with a token that is bound to a key (RFC 6750 2.1,
// RFC 9449 7.1). A token that is about to expire is renewed before. If the API
// refuses the token as invalid, it is renewed, and the request sent once more
// if it can be; what comes then is the result, whatever it is.
//
// A challenge for a stronger sign-in raises [StepUpRequired] in this tab and
// is answered as the settings say, see [StepUpMode].
//
// No redirect takes the token off the list of the settings, nor a proof to
// where the token does not go: those are refused.
//
// t gets requests without a body, adds it, and returns the head of the answer.
// Codes: [ErrFetchNotAllowed], [oidc.ErrInvalidArgument] for headers that are
// not the app's to set, [oidc.ErrRedirectRefused], [ErrNotSignedIn], [ErrStepUpRequired], those of t, of
// [Client.SigninSilent] and of [Client.SigninRedirect].
func (c *Client) Fetch(ctx context.Context, req *FetchRequest, t oidc.Transport) (*oidc.Response, error) {
	api, err := c.settings.Fetch.find(req.URL)
	if err != nil {
		return nil, err
	}
	for name := range req.Header {
		if strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "DPoP") {
			return nil, fmt.Errorf("the header %s is set by fetch itself: %w", strings.ToLower(name), oidc.ErrInvalidArgument)
		}
	}
	if !req.Repeatable {
		t = &firstAnswer{transport: t}
	}
	f := &fetch{client: c, session: c.session, api: api, request: req, transport: t}
	return f.run(ctx)
}

// fetch is one call of [Client.Fetch].
type fetch struct {
	client    *Client
	session   *session
	api       *API
	request   *FetchRequest
	transport oidc.Transport
}

func (f *fetch) run(ctx context.Context) (*oidc.Response, error) {
	used, err := f.credential(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := f.send(ctx, used)
	if err != nil {
		return nil, err
	}
	if refusesToken(resp) {
		if used, resp, err = f.renewAndRepeat(ctx, used, resp); err != nil {
			return nil, err
		}
	}
	for range 2 { // somebody may have signed in meanwhile, to no avail
		want := stepUpOf(resp)
		if want == nil {
			break
		}
		stronger, err := f.stepUp(ctx, used, want)
		if err != nil {
			return nil, f.documented(resp, err)
		}
		if !stronger || !f.request.Repeatable {
			break
		}
		if used, err = f.another(ctx, used); err != nil {
			return nil, err
		}
		if resp, err = f.send(ctx, used); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// credential returns the token for the API, renewed if it is about to expire.
func (f *fetch) credential(ctx context.Context) (*credential, error) {
	user, err := f.session.freshUser(ctx, f.client)
	if err != nil {
		return nil, err
	}
	if shown := f.request.Shown; shown != nil && *shown != user.person() {
		return nil, fmt.Errorf("the page shows somebody else: %w", oidc.ErrSubjectChanged)
	}
	if f.api.Resource == "" {
		return &credential{user, user}, nil
	}
	token, err := f.session.resourceToken(ctx, f.client, f.api.Resource)
	if err != nil {
		return nil, fmt.Errorf("token for a resource: %w", err)
	}
	return token, sameSubject(token.user, user)
}

// send sends the request with a token.
func (f *fetch) send(ctx context.Context, with *credential) (*oidc.Response, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err // given up while the token was renewed
	}
	header := map[string]string{"Authorization": "Bearer " + with.holder.AccessToken.Reveal()}
	for name, value := range f.request.Header {
		header[name] = value
	}
	var transport oidc.Transport = &pinned{f, with.user}
	if isBound(with.holder) {
		transport = with.holder.key.Over(transport)
	}
	resp, err := transport.Do(ctx, &oidc.Request{
		Method:      f.request.Method,
		URL:         f.request.URL,
		Header:      header,
		MayRedirect: f.api.follows,
	})
	if errors.Is(err, oidc.ErrRedirectRefused) {
		return nil, fmt.Errorf("the API redirects, and the token would go with it: %w", err)
	}
	return resp, err
}

// pinned sends a request of user's as long as that is who is signed in.
type pinned struct {
	*fetch
	user *User
}

// Do is [oidc.Transport].
func (p *pinned) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	if err := p.session.still(p.user); err != nil {
		return nil, err
	}
	return p.transport.Do(ctx, req)
}

// still fails if it is not user who is signed in.
func (s *session) still(user *User) error {
	current, _ := s.current()
	if current == nil {
		return ErrNotSignedIn
	}
	return sameSubject(current, user)
}

// renewAndRepeat renews a token that was refused. What cannot be renewed, or
// cannot be repeated, ends with the answer that is there; a token that was
// renewed in vain is not renewed again for a while.
func (f *fetch) renewAndRepeat(ctx context.Context, used *credential, resp *oidc.Response) (*credential, *oidc.Response, error) {
	s, futile := f.session, "futile\n"+f.api.Resource
	if s.noted("renewed\n" + digest(used.holder.AccessToken)) {
		s.note(used.user, futile)
	}
	if s.noted(futile) || !s.mayRenew(f.api.Resource, used.holder.AccessToken) {
		return used, resp, nil
	}
	fresh, err := f.renew(ctx, used)
	if err != nil {
		s.renewalFailed(used.holder.AccessToken)
		s.config.Logf("session: a token was refused by an API and not renewed: %v", f.documented(resp, err))
		if err := s.still(used.user); errors.Is(err, oidc.ErrSubjectChanged) {
			return nil, nil, err
		}
		return used, resp, nil
	}
	if !f.request.Repeatable {
		s.note(fresh.user, "renewed\n"+digest(fresh.holder.AccessToken))
		return used, resp, nil // the next request has the new token
	}
	if resp, err = f.send(ctx, fresh); err == nil && refusesToken(resp) {
		s.note(fresh.user, futile)
	}
	return fresh, resp, err
}

// renew returns another token than the one used. However many requests were
// refused with that, it is renewed once.
func (f *fetch) renew(ctx context.Context, used *credential) (*credential, error) {
	if f.api.Resource != "" {
		f.session.fetches.drop(f.api.Resource, used.holder.AccessToken)
	} else if err := f.session.keep(ctx, f.client, used.user); err != nil {
		return nil, err
	}
	return f.another(ctx, used)
}

// another returns a credential to repeat a request with: of the person who made
// it, or it is [oidc.ErrSubjectChanged].
func (f *fetch) another(ctx context.Context, used *credential) (*credential, error) {
	fresh, err := f.credential(ctx)
	if err == nil && !same(fresh.user, used.user) {
		return nil, fmt.Errorf("the request is somebody else's: %w", oidc.ErrSubjectChanged)
	}
	return fresh, err
}

// refusesToken tells whether another token may do better (RFC 6750 3.1).
//
// Lenient: a browser shows WWW-Authenticate only where the API exposes it by
// CORS, some APIs name no error, and some write what nobody can read.
func refusesToken(resp *oidc.Response) bool {
	if resp.Status != 401 {
		return false
	}
	header, exposed := resp.Header["www-authenticate"]
	challenges, err := oidc.ParseChallenges(header)
	return !exposed || err != nil || slices.ContainsFunc(challenges, func(c oidc.Challenge) bool {
		return (c.Scheme == "bearer" || c.Scheme == "dpop") && (c.ErrorCode() == "" || c.ErrorCode() == "invalid_token")
	}) && stepUpOf(resp) == nil
}

// documented adds to an error where the API that refused says what it wants (RFC 9728 5.1):
// text for developers, nothing is fetched from there. It is shown where it is the address for
// the API that was asked (3.1), so that no other text of the API's gets into an error.
func (f *fetch) documented(resp *oidc.Response, err error) error {
	challenges, _ := oidc.ParseChallenges(resp.Header["www-authenticate"])
	if challenge, found := oidc.FindChallenge(challenges, ""); found {
		address := challenge.Params["resource_metadata"]
		path, here := strings.CutPrefix(address, f.api.origin+"/.well-known/oauth-protected-resource")
		if here && strings.HasPrefix(f.request.URL, f.api.origin+path) {
			return fmt.Errorf("what the API wants is at %s: %w", address, err)
		}
	}
	return err
}

// freshUser returns the user with an access token that is good for a while:
// restored if the program is new, renewed if the token is about to expire.
func (s *session) freshUser(ctx context.Context, c *Client) (*User, error) {
	before, _ := s.current()
	user, err := c.Restore(ctx, "")
	switch {
	case err != nil:
		return nil, err
	case user == nil:
		return nil, ErrNotSignedIn
	case before != nil && !same(user, before): // the request is of who was there when it was made
		return nil, fmt.Errorf("somebody else signed in: %w", oidc.ErrSubjectChanged)
	case !s.expiring(user):
		return user, nil
	}
	renewErr := s.keepFor(ctx, c, user)
	asked := user
	user, _ = s.current()
	switch {
	case user == nil:
		return nil, ErrNotSignedIn
	case !same(user, asked):
		return nil, fmt.Errorf("somebody else signed in: %w", oidc.ErrSubjectChanged)
	case user.left(s.config.Now()) > 0: // not renewed, perhaps, and still good
		return user, nil
	case renewErr != nil:
		return nil, renewErr
	}
	return nil, fmt.Errorf("the access token came expired: %w", oidc.ErrTokenExpired)
}

// expiring tells whether the access token of user is not to be sent any more.
func (s *session) expiring(user *User) bool {
	return user.left(s.config.Now()) <= min(fetchMargin, user.lifetime/3)
}

// firstAnswer sends a request once: whoever repeats it gets the same answer.
type firstAnswer struct {
	transport oidc.Transport
	resp      *oidc.Response
}

// Do is [oidc.Transport].
func (t *firstAnswer) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	if t.resp != nil {
		return t.resp, nil
	}
	resp, err := t.transport.Do(ctx, req)
	t.resp = resp
	return resp, err
}
