package api

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

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
	if err := unmarshal(params, v); err != nil {
		return fmt.Errorf("parameters: %s: %w", err.Error(), oidc.ErrInvalidArgument)
	}
	return nil
}

// unmarshal is [strictjson.UnmarshalKnown] for what people write. Build tools make
// text of numbers and truth values, and scopes come in arrays: what can mean one
// thing alone is taken for that.
func unmarshal(data []byte, v any) error {
	for {
		err := strictjson.UnmarshalKnown(data, v)
		var misfit *strictjson.Misfit
		var members map[string]strictjson.RawMessage
		if !errors.As(err, &misfit) || strictjson.Unmarshal(data, &members) != nil {
			return err
		}
		meant := meaning(misfit, members[misfit.Member])
		if meant == nil {
			return err
		}
		members[misfit.Member] = meant
		if data, err = strictjson.Marshal(members); err != nil {
			return err
		}
	}
}

// meaning returns the value of the right type that is meant; nil for none.
func meaning(misfit *strictjson.Misfit, raw strictjson.RawMessage) strictjson.RawMessage {
	const number = "0123456789.-+eE"
	var text string
	var scopes []string
	want := misfit.Want
	if want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	switch isText := strictjson.Unmarshal(raw, &text) == nil; {
	case want.Kind() == reflect.String && strings.Trim(string(raw), number) == "":
		return strictjson.RawMessage(`"` + string(raw) + `"`)
	case misfit.Member == "scope" && strictjson.Unmarshal(raw, &scopes) == nil:
		raw, _ = strictjson.Marshal(strings.Join(scopes, " "))
		return raw
	case isText && want.Kind() == reflect.Bool && (text == "true" || text == "false"),
		isText && (want.Kind() == reflect.Int64 || want.Kind() == reflect.Float64) && text != "" && strings.Trim(text, number) == "":
		return strictjson.RawMessage(text)
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
