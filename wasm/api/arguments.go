package api

import (
	"fmt"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// decode reads the parameters of a call, and refuses those that it does not
// name.
func decode(params []byte, v any) error {
	if len(params) == 0 {
		params = []byte("{}")
	}
	if err := strictjson.UnmarshalKnown(params, v); err != nil {
		return fmt.Errorf("parameters: %s: %w", err.Error(), oidc.ErrInvalidArgument)
	}
	return nil
}

// noArgs refuses all parameters.
func noArgs(params []byte) error { return decode(params, &struct{}{}) }

// callbackURL reads the address that the provider sent a page to.
func callbackURL(params []byte) (string, error) {
	var p struct {
		URL string `json:"url"`
	}
	err := decode(params, &p)
	return p.URL, err
}

func signinArgs(params []byte) (session.SigninArgs, error) {
	var j signinJSON
	if err := decode(params, &j); err != nil {
		return session.SigninArgs{}, err
	}
	return j.args()
}

func silentArgs(params []byte) (session.SigninArgs, error) {
	var j silentJSON
	if err := decode(params, &j); err != nil {
		return session.SigninArgs{}, err
	}
	return j.args()
}

func signoutArgs(params []byte) (session.SignoutArgs, error) {
	var j signoutJSON
	if err := decode(params, &j); err != nil {
		return session.SignoutArgs{}, err
	}
	return j.args()
}

// passwordJSON are the arguments of a sign-in with a password.
type passwordJSON struct {
	Username         string      `json:"username"`
	Password         string      `json:"password"`
	SkipUserInfo     bool        `json:"skipUserInfo"`
	ExtraTokenParams queryParams `json:"extraTokenParams"`
}

func passwordArgs(params []byte) (session.PasswordArgs, error) {
	var j passwordJSON
	if err := decode(params, &j); err != nil {
		return session.PasswordArgs{}, err
	}
	extra, err := extraParams(j.ExtraTokenParams)
	if err != nil {
		return session.PasswordArgs{}, fmt.Errorf("extraTokenParams: %w: %w", err, oidc.ErrInvalidArgument)
	}
	return session.PasswordArgs{
		Username: j.Username, Password: oidc.Secret(j.Password), Extra: extra, SkipUserinfo: j.SkipUserInfo,
	}, nil
}
