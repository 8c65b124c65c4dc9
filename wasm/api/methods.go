package api

import (
	"context"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/session"
)

// getUserParams hold the address that the tab shows.
type getUserParams struct {
	ReturnTo string `json:"return_to"`
}

func getUser(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var p getUserParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	return userResult(client.Restore(ctx, p.ReturnTo))
}

func getMetadata(ctx context.Context, client *session.Client, params []byte) (any, error) {
	if err := noArgs(params); err != nil {
		return nil, err
	}
	return client.Metadata(ctx)
}

// prepareJSON says who prepares a sign-in: the app if By is empty, else the
// setting prepare, which is "intent" or "idle".
type prepareJSON struct {
	By string `json:"by"`
}

func prepare(ctx context.Context, client *session.Client, params []byte) (any, error) {
	if err := decode(params, &prepareJSON{}); err != nil {
		return nil, err
	}
	return nil, client.Prepare(ctx)
}

func removeUser(ctx context.Context, client *session.Client, params []byte) (any, error) {
	if err := noArgs(params); err != nil {
		return nil, err
	}
	return nil, client.RemoveUser(ctx)
}

func (c *Connection) signinRedirect(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var j struct {
		signinJSON
		calledJSON
	}
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	args, err := j.args()
	if err != nil {
		return nil, err
	}
	if err := c.arrives(ctx, &args, false); err != nil {
		return nil, err
	}
	args.Called = int64(j.Called)
	return nil, client.SigninRedirect(ctx, args)
}

func signinSilent(ctx context.Context, client *session.Client, params []byte) (any, error) {
	args, err := silentArgs(params)
	if err != nil {
		return nil, err
	}
	return userResult(client.SigninSilent(ctx, args))
}

func signinCallback(ctx context.Context, client *session.Client, params []byte) (any, error) {
	url, err := callbackURL(params)
	if err != nil {
		return nil, err
	}
	return userResult(client.SigninCallback(ctx, url))
}

// proofJSON are the arguments for a DPoP proof.
type proofJSON struct {
	URL    string `json:"url"`
	Method string `json:"method"`
	Nonce  string `json:"nonce"`
}

func dpopProof(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var j proofJSON
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	proof, err := client.DPoPProof(ctx, j.Method, j.URL, j.Nonce)
	if err != nil {
		return nil, err
	}
	return proof, nil
}

// revokeJSON are the arguments of a revocation.
type revokeJSON struct {
	Types []session.TokenType `json:"types"`
}

func revokeTokens(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var j revokeJSON
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	return nil, client.RevokeTokens(ctx, j.Types...)
}

func signoutRedirect(ctx context.Context, client *session.Client, params []byte) (any, error) {
	args, err := signoutArgs(params)
	if err != nil {
		return nil, err
	}
	return nil, client.SignoutRedirect(ctx, args)
}

// signoutResult is what the app gave to a sign-out.
type signoutResult struct {
	State    strictjson.RawMessage `json:"state"` // null if there is none
	URLState string                `json:"url_state,omitempty"`
}

func signoutCallback(ctx context.Context, client *session.Client, params []byte) (any, error) {
	url, err := callbackURL(params)
	if err != nil {
		return nil, err
	}
	response, err := client.SignoutCallback(ctx, url)
	if err != nil || response == nil {
		return nil, err
	}
	return signoutResult{response.State, response.URLState}, nil
}
