package api

import (
	"context"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// steps are what a page may call after "open" for steps: the methods of an
// OidcClient.
var steps = []struct {
	name string
	run  func(context.Context, *session.Steps, []byte) (any, error)
}{
	{"metadata", stepMetadata},
	{"createSignin", stepSignin},
	{"readSignin", stepSigninState},
	{"processSignin", stepSigninResponse},
	{"useRefreshToken", stepRefresh},
	{"tokenProof", stepProof},
	{"processCredentials", stepPassword},
	{"createSignout", stepSignout},
	{"readSignout", stepSignoutState},
	{"processSignout", stepSignoutResponse},
	{"revokeToken", stepRevoke},
}

// openedSteps returns nil for a connection that is not open for an OidcClient.
func (c *Connection) openedSteps() *session.Steps {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.steps
}

func runStep(ctx context.Context, s *session.Steps, method string, params []byte) (any, error) {
	for _, step := range steps {
		if step.name == method {
			result, err := step.run(ctx, s, params)
			return result, toRPC(err)
		}
	}
	return nil, &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: "unknown method"}
}

func stepMetadata(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	if err := noArgs(params); err != nil {
		return nil, err
	}
	return s.Metadata(ctx)
}

// signinRequestJSON is a sign-in that an app makes itself.
type signinRequestJSON struct {
	URL          string                `json:"url,omitempty"`
	ID           string                `json:"id"` // the state
	Scope        string                `json:"scope"`
	RedirectURI  string                `json:"redirect_uri"`
	ResponseMode string                `json:"response_mode,omitempty"`
	Created      int64                 `json:"created"` // seconds since the epoch
	State        strictjson.RawMessage `json:"state,omitempty"`
}

func newSigninRequestJSON(r *session.SigninRequest, state strictjson.RawMessage) signinRequestJSON {
	return signinRequestJSON{
		URL: r.URL, ID: stateID(r.State), Scope: r.Scope, RedirectURI: r.RedirectURI, ResponseMode: r.ResponseMode, Created: r.CreatedAt, State: state,
	}
}

// stateID returns a state without what the app added.
func stateID(state oidc.Secret) string {
	id, _, _ := strings.Cut(state.Reveal(), ";")
	return id
}

func stepSignin(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	args, err := signinArgs(params)
	if err != nil {
		return nil, err
	}
	request, err := s.Signin(ctx, args)
	if err != nil {
		return nil, err
	}
	return newSigninRequestJSON(request, nil), nil
}

// readJSON names a response whose state is read.
type readJSON struct {
	URL       string `json:"url"`
	KeepState bool   `json:"keepState"`
}

func stepSigninState(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	var j readJSON
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	request, state, err := s.SigninState(ctx, j.URL, j.KeepState)
	if err != nil {
		return nil, err
	}
	return newSigninRequestJSON(request, state), nil
}

// responseJSON is the response to a sign-in, and how to complete it.
type responseJSON struct {
	readJSON
	ExtraHeaders map[string]string `json:"extraHeaders"`
}

func stepSigninResponse(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	var j responseJSON
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	return stepResult(s.SigninResponse(ctx, j.URL, session.ResponseArgs{Header: j.ExtraHeaders, Keep: j.KeepState}))
}

// stepUserJSON is a user with the members of the token response that are not
// this client's.
type stepUserJSON struct {
	*userJSON
	Extra map[string]strictjson.RawMessage `json:"extra,omitempty"`
}

func stepResult(user *session.User, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return stepUserJSON{newUserJSON(user), user.Extra}, nil
}

// refreshJSON is what is left of a user who is to be renewed, and what the
// request has beside.
type refreshJSON struct {
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	SessionState string `json:"session_state"`
	Scope        string `json:"scope"`

	RedirectURI      string                `json:"redirect_uri"`
	Resource         strictjson.RawMessage `json:"resource"`
	TimeoutInSeconds strictjson.Seconds    `json:"timeoutInSeconds"`
	ExtraTokenParams queryParams           `json:"extraTokenParams"`
	ExtraHeaders     map[string]string     `json:"extraHeaders"`
}

func stepRefresh(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	var j refreshJSON
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	arguments := argumentsJSON{
		RedirectURI:      j.RedirectURI,
		requestJSON:      requestJSON{Resource: j.Resource},
		ExtraTokenParams: j.ExtraTokenParams,
	}
	args, err := arguments.args()
	if err != nil {
		return nil, err
	}
	args.Timeout, args.Header = duration(j.TimeoutInSeconds), j.ExtraHeaders
	return stepResult(s.Refresh(ctx, &session.User{
		RefreshToken: oidc.Secret(j.RefreshToken),
		IDToken:      oidc.Secret(j.IDToken),
		SessionState: j.SessionState,
		Scope:        j.Scope,
	}, args))
}

func stepProof(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	var j struct {
		Nonce string `json:"nonce"`
	}
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	return s.TokenProof(ctx, j.Nonce)
}

func stepPassword(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	args, err := passwordArgs(params)
	if err != nil {
		return nil, err
	}
	return stepResult(s.Password(ctx, args))
}

// signoutRequestJSON is a sign-out that an app makes itself.
type signoutRequestJSON struct {
	URL string `json:"url"`
	ID  string `json:"id,omitempty"` // the state
}

func stepSignout(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	args, err := signoutArgs(params)
	if err != nil {
		return nil, err
	}
	url, state, err := s.Signout(ctx, args)
	if err != nil {
		return nil, err
	}
	return signoutRequestJSON{URL: url, ID: stateID(state)}, nil
}

func stepSignoutState(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	var j readJSON
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	return stepSignoutResult(s.SignoutState(ctx, j.URL, j.KeepState))
}

func stepSignoutResponse(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	url, err := callbackURL(params)
	if err != nil {
		return nil, err
	}
	return stepSignoutResult(s.SignoutResponse(ctx, url))
}

// stepSignoutResult is empty if the address holds no state.
func stepSignoutResult(response *session.SignoutResponse, err error) (any, error) {
	if err != nil || response == nil {
		return signoutResult{}, err
	}
	return signoutResult{response.State, response.URLState}, nil
}

// tokenJSON names a token to revoke.
type tokenJSON struct {
	Token string            `json:"token"`
	Type  session.TokenType `json:"type"`
}

func stepRevoke(ctx context.Context, s *session.Steps, params []byte) (any, error) {
	var j tokenJSON
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	return nil, s.Revoke(ctx, oidc.Secret(j.Token), j.Type)
}
