package api

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// settingsJSON are the settings of a UserManager.
type settingsJSON struct {
	Authority             string `json:"authority"`
	ClientID              string `json:"client_id"`
	RedirectURI           string `json:"redirect_uri"`
	SilentRedirectURI     string `json:"silent_redirect_uri"`
	PostLogoutRedirectURI string `json:"post_logout_redirect_uri"`
	Scope                 string `json:"scope"`
	popupSettingsJSON
	requestJSON

	ClientSecret         string `json:"client_secret"`
	ClientAuthentication string `json:"client_authentication"`
	ClientAssertionAlg   string `json:"token_endpoint_auth_signing_alg"`

	providerJSON
	fetchJSON
	compatJSON

	PromptAfterSignout            bool                  `json:"promptAfterSignout"`
	PAR                           string                `json:"par"`
	DPoP                          strictjson.RawMessage `json:"dpop"`
	RevokeTokensOnSignout         *bool                 `json:"revokeTokensOnSignout"`
	SignoutMethod                 string                `json:"signoutMethod"`
	LoadUserInfo                  bool                  `json:"loadUserInfo"`
	AutomaticSilentRenew          *bool                 `json:"automaticSilentRenew"`
	Restore                       string                `json:"restore"`
	Prepare                       string                `json:"prepare"` // the page's; see web/shim/intent.js
	IncludeIDTokenInSilentRenew   *bool                 `json:"includeIdTokenInSilentRenew"`
	SilentRequestTimeoutInSeconds strictjson.Seconds    `json:"silentRequestTimeoutInSeconds"`
	ExpiringNotificationInSeconds strictjson.Seconds    `json:"accessTokenExpiringNotificationTimeInSeconds"`
	watchJSON
}

// requestJSON are the parameters that settings and single sign-ins share.
type requestJSON struct {
	ResponseType     string                `json:"response_type"`
	Prompt           string                `json:"prompt"`
	Display          string                `json:"display"`
	MaxAge           *int64                `json:"max_age"` // seconds
	UILocales        string                `json:"ui_locales"`
	ACRValues        string                `json:"acr_values"`
	Claims           strictjson.RawMessage `json:"claims"`
	ResponseMode     string                `json:"response_mode"`
	Resource         strictjson.RawMessage `json:"resource"`
	ExtraQueryParams queryParams           `json:"extraQueryParams"`
}

// queryParams are parameters of a query: strings, numbers and booleans.
type queryParams map[string]strictjson.RawMessage

// settings converts to the engine's. The error names the setting.
func (j *settingsJSON) settings() (session.Settings, error) {
	request, err := j.requestJSON.settings()
	if err != nil {
		return session.Settings{}, coded(err, oidc.ErrInvalidConfig)
	}
	monitor, idle, err := j.watchJSON.settings()
	if err != nil {
		return session.Settings{}, err
	}
	provider, err := j.providerJSON.settings()
	if err != nil {
		return session.Settings{}, err
	}
	bound, bindCode, err := dpop(j.DPoP)
	if err != nil {
		return session.Settings{}, err
	}
	fetch, err := fetchSettings(j.Fetch)
	if err != nil {
		return session.Settings{}, fmt.Errorf("fetch: %w: %w", err, oidc.ErrInvalidConfig)
	}
	if j.Prepare != "" && j.Prepare != "intent" && j.Prepare != "idle" {
		return session.Settings{}, fmt.Errorf("prepare has to be intent or idle: %w", oidc.ErrInvalidConfig)
	}
	if j.SignoutMethod != "" && j.SignoutMethod != "get" && j.SignoutMethod != "post" {
		return session.Settings{}, fmt.Errorf("signoutMethod has to be get or post: %w", oidc.ErrInvalidConfig)
	}
	settings := session.Settings{
		Fetch:                      fetch,
		Monitor:                    monitor,
		Idle:                       idle,
		LogoutEvents:               j.LogoutEvents,
		PopupRedirectURI:           j.PopupRedirectURI,
		PopupPostLogoutRedirectURI: j.PopupPostLogoutRedirectURI,

		Issuer:                j.Authority,
		ClientID:              j.ClientID,
		RedirectURI:           j.RedirectURI,
		SilentRedirectURI:     j.SilentRedirectURI,
		PostLogoutRedirectURI: j.PostLogoutRedirectURI,
		SignoutByPost:         j.SignoutMethod == "post",
		Scope:                 j.Scope,
		Request:               request,
		Authentication:        j.authentication(),
		PromptAfterSignout:    j.PromptAfterSignout,
		Push:                  oidc.PushMode(j.PAR),
		Provider:              provider,
		DPoP:                  bound,
		BindCode:              bindCode,
		RevokeAtSignout:       j.RevokeTokensOnSignout,
		LoadUserinfo:          j.LoadUserInfo,
		ManualRenew:           j.AutomaticSilentRenew != nil && !*j.AutomaticSilentRenew,
		Restore:               session.RestoreMode(j.Restore),
		OmitIDTokenHint:       j.IncludeIDTokenInSilentRenew != nil && !*j.IncludeIDTokenInSilentRenew,
		SilentTimeout:         duration(j.SilentRequestTimeoutInSeconds),
		ExpiringNotice:        duration(j.ExpiringNotificationInSeconds),
	}
	if err := j.apply(&settings); err != nil {
		return session.Settings{}, fmt.Errorf("%w: %w", err, oidc.ErrInvalidConfig)
	}
	return settings, nil
}

// coded gives a code to an error that has none.
func coded(err error, code oidc.Code) error {
	if errors.Is(err, oidc.ErrUnsupported) {
		return err
	}
	return fmt.Errorf("%w: %w", err, code)
}

// authentication is that of a client with a secret. Without one the client is
// public, whatever its settings say beside.
func (j *settingsJSON) authentication() oidc.ClientAuthentication {
	if j.ClientSecret == "" {
		return oidc.ClientAuthentication{}
	}
	return oidc.ClientAuthentication{
		Method: j.ClientAuthentication, Secret: oidc.Secret(j.ClientSecret), Algorithm: j.ClientAssertionAlg,
	}
}

// duration converts seconds, within a day.
func duration(seconds strictjson.Seconds) time.Duration {
	return time.Duration(min(seconds, 86400) * strictjson.Seconds(time.Second))
}

// settings converts to the engine's. The error names the parameter and has no
// code, but for response_type: [oidc.ErrUnsupported].
func (j *requestJSON) settings() (session.RequestSettings, error) {
	if j.ResponseType != "" && j.ResponseType != "code" {
		return session.RequestSettings{}, fmt.Errorf("response_type has to be code: %w", oidc.ErrUnsupported)
	}
	resource, err := oneOrMany(j.Resource)
	if err != nil {
		return session.RequestSettings{}, fmt.Errorf("resource: %w", err)
	}
	extra, err := extraParams(j.ExtraQueryParams)
	if err != nil {
		return session.RequestSettings{}, fmt.Errorf("extraQueryParams: %w", err)
	}
	claims, err := claimsParam(j.Claims)
	if err != nil {
		return session.RequestSettings{}, errors.New("claims has to be an object")
	}
	return session.RequestSettings{
		Claims:       claims,
		Prompt:       j.Prompt,
		Display:      j.Display,
		MaxAge:       j.MaxAge,
		UILocales:    j.UILocales,
		ACRValues:    j.ACRValues,
		ResponseMode: j.ResponseMode,
		Resource:     resource,
		Extra:        extra,
	}, nil
}

// claimsParam takes the claims parameter as an object, or written as text.
func claimsParam(raw strictjson.RawMessage) (string, error) {
	switch {
	case isNull(raw):
		return "", nil
	case strings.HasPrefix(string(raw), "{"):
		return string(raw), nil
	}
	var text string
	err := strictjson.Unmarshal(raw, &text)
	return text, err
}

// oneOrMany decodes a string or an array of strings.
func oneOrMany(raw strictjson.RawMessage) ([]string, error) {
	if isNull(raw) {
		return nil, nil
	}
	if strings.HasPrefix(string(raw), "[") {
		var many []string
		if strictjson.Unmarshal(raw, &many) != nil {
			return nil, errTexts
		}
		if len(many) > most {
			return nil, errTooMany
		}
		return many, nil
	}
	var one string
	if strictjson.Unmarshal(raw, &one) != nil {
		return nil, errTexts
	}
	return []string{one}, nil
}

// most is how many entries a list has at most, and a set of parameters or
// headers: no app has so many, and a page that has would keep all others waiting.
const most = 200

// largest bounds the settings of a client in bytes, with what else is open's.
const largest = 256 << 10

var (
	errTooMany = errors.New("more than 200 entries")
	errTexts   = errors.New("has to be text or an array of texts")
)

// extraParams converts values as JavaScript does: what it writes for a number
// in JSON is what it writes in a query.
func extraParams(params queryParams) (map[string]string, error) {
	if params == nil {
		return nil, nil
	}
	if len(params) > most {
		return nil, errTooMany
	}
	extra := make(map[string]string, len(params))
	for name, raw := range params {
		var value any
		if err := strictjson.Unmarshal(raw, &value); err != nil {
			return nil, err
		}
		switch value := value.(type) {
		case string:
			extra[name] = value
		case bool, float64:
			extra[name] = string(raw)
		case nil: // as if it were not there
		default:
			return nil, fmt.Errorf("%s is no string, number or boolean", strictjson.Printable(name))
		}
	}
	return extra, nil
}

// argumentsJSON are the arguments that all sign-ins have.
type argumentsJSON struct {
	RedirectURI string `json:"redirect_uri"`
	Scope       string `json:"scope"`
	requestJSON

	LoginHint        string                `json:"login_hint"`
	IDTokenHint      string                `json:"id_token_hint"`
	Nonce            string                `json:"nonce"`
	URLState         string                `json:"url_state"`
	ExtraTokenParams queryParams           `json:"extraTokenParams"`
	State            strictjson.RawMessage `json:"state"`
	RequestObject    string                `json:"request"`
	RequestURI       string                `json:"request_uri"`
	SkipUserInfo     bool                  `json:"skipUserInfo"`
}

func (j *argumentsJSON) args() (session.SigninArgs, error) {
	request, err := j.requestJSON.settings()
	if err != nil {
		return session.SigninArgs{}, coded(err, oidc.ErrInvalidArgument)
	}
	extra, err := extraParams(j.ExtraTokenParams)
	if err != nil {
		return session.SigninArgs{}, fmt.Errorf("extraTokenParams: %w: %w", err, oidc.ErrInvalidArgument)
	}
	return session.SigninArgs{
		RedirectURI: j.RedirectURI,
		Scope:       j.Scope,
		Request:     request,
		LoginHint:   j.LoginHint,
		IDTokenHint: oidc.Secret(j.IDTokenHint),
		Nonce:       oidc.Secret(j.Nonce),
		URLState:    j.URLState,
		ExtraToken:  extra,
		State:       noState(j.State),

		RequestObject: j.RequestObject,
		RequestURI:    j.RequestURI,
		SkipUserinfo:  j.SkipUserInfo,
	}, nil
}

// silentJSON are the arguments of a silent sign-in.
type silentJSON struct {
	argumentsJSON
	ForceIframeAuth  bool               `json:"forceIframeAuth"`
	TimeoutInSeconds strictjson.Seconds `json:"silentRequestTimeoutInSeconds"`
}

func (j *silentJSON) args() (session.SigninArgs, error) {
	args, err := j.argumentsJSON.args()
	args.ForceFrame, args.Timeout = j.ForceIframeAuth, duration(j.TimeoutInSeconds)
	return args, err
}

// signinJSON are the arguments of a sign-in by redirect.
type signinJSON struct {
	argumentsJSON
	ReturnTo string `json:"return_to"`
}

func (j *signinJSON) args() (session.SigninArgs, error) {
	args, err := j.argumentsJSON.args()
	args.ReturnTo = j.ReturnTo
	return args, err
}

// signoutJSON are the arguments of a sign-out.
type signoutJSON struct {
	PostLogoutRedirectURI string                `json:"post_logout_redirect_uri"`
	IDTokenHint           string                `json:"id_token_hint"`
	ExtraQueryParams      queryParams           `json:"extraQueryParams"`
	State                 strictjson.RawMessage `json:"state"`
	URLState              string                `json:"url_state"`
}

func (j *signoutJSON) args() (session.SignoutArgs, error) {
	extra, err := extraParams(j.ExtraQueryParams)
	if err != nil {
		return session.SignoutArgs{}, fmt.Errorf("extraQueryParams: %w: %w", err, oidc.ErrInvalidArgument)
	}
	return session.SignoutArgs{
		PostLogoutRedirectURI: j.PostLogoutRedirectURI,
		IDTokenHint:           oidc.Secret(j.IDTokenHint),
		Extra:                 extra,
		State:                 noState(j.State),
		URLState:              j.URLState,
	}, nil
}

// noState keeps a null that JavaScript sent from becoming a state.
func noState(raw strictjson.RawMessage) strictjson.RawMessage {
	if isNull(raw) {
		return nil
	}
	return raw
}

func isNull(raw strictjson.RawMessage) bool { return raw == nil || string(raw) == "null" }
