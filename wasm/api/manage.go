package api

import (
	"context"
	"fmt"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// userLimit bounds a user that the page stores, in bytes: it stays when the page
// is gone.
const userLimit = 128 << 10

func storeUser(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var p struct {
		User strictjson.RawMessage `json:"user"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if isNull(p.User) {
		return nil, client.StoreUser(ctx, nil)
	}
	if len(p.User) > userLimit {
		return nil, fmt.Errorf("user: of %d bytes, at most %d: %w", len(p.User), userLimit, oidc.ErrInvalidArgument)
	}
	var j userJSON
	if err := strictjson.UnmarshalKnown(p.User, &j); err != nil {
		return nil, fmt.Errorf("user: %s: %w", err.Error(), oidc.ErrInvalidArgument)
	}
	// An app may store in its handler of userLoaded: no end without this.
	now := newUserJSON(client.Current())
	if now != nil && j.Response == nil { // no part of what toStorageString() returns
		now.Response = nil
	}
	if current, err := strictjson.Marshal(now); err == nil {
		if given, err := strictjson.Marshal(&j); err == nil && string(given) == string(current) {
			return nil, nil
		}
	}
	return nil, client.StoreUser(ctx, &session.User{
		AccessToken:  oidc.Secret(j.AccessToken),
		TokenType:    j.TokenType,
		RefreshToken: oidc.Secret(j.RefreshToken),
		IDToken:      oidc.Secret(j.IDToken),
		Scope:        j.Scope,
		ExpiresAt:    j.ExpiresAt,
		SessionState: j.SessionState,
		Profile:      j.Profile,
		State:        noState(j.State),
		URLState:     j.URLState,
		Response:     j.Response,
		Kept:         j.Kept,
	})
}

func signinCredentials(ctx context.Context, client *session.Client, params []byte) (any, error) {
	args, err := passwordArgs(params)
	if err != nil {
		return nil, err
	}
	return userResult(client.SigninPassword(ctx, args))
}

// silentSignoutJSON are the arguments of a sign-out in a hidden frame.
type silentSignoutJSON struct {
	signoutJSON
	SilentRequestTimeoutInSeconds strictjson.Seconds `json:"silentRequestTimeoutInSeconds"`
}

func signoutSilent(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var j silentSignoutJSON
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	args, err := j.args()
	if err != nil {
		return nil, err
	}
	args.Timeout = duration(j.SilentRequestTimeoutInSeconds)
	return nil, client.SignoutSilent(ctx, args)
}

func silentRenew(_ context.Context, client *session.Client, params []byte) (any, error) {
	var p struct {
		On bool `json:"on"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	client.RenewAutomatically(p.On)
	return nil, nil
}

func monitorSession(_ context.Context, client *session.Client, params []byte) (any, error) {
	if err := noArgs(params); err != nil {
		return nil, err
	}
	client.MonitorSession()
	return nil, nil
}

func dpopThumbprint(ctx context.Context, client *session.Client, params []byte) (any, error) {
	if err := noArgs(params); err != nil {
		return nil, err
	}
	thumbprint, err := client.DPoPThumbprint(ctx)
	if err != nil || thumbprint == "" {
		return nil, err
	}
	return thumbprint, nil
}
