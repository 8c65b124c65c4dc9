package api

import (
	"context"
	"fmt"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// watchJSON are the settings about who watches over the session.
type watchJSON struct {
	MonitorSession          bool                  `json:"monitorSession"`
	MonitorAnonymousSession bool                  `json:"monitorAnonymousSession"`
	CheckSessionInterval    strictjson.Seconds    `json:"checkSessionIntervalInSeconds"`
	StopCheckSessionOnError *bool                 `json:"stopCheckSessionOnError"`
	QueryStatusResponseType string                `json:"query_status_response_type"`
	LogoutEvents            string                `json:"logoutEvents"`
	Idle                    strictjson.RawMessage `json:"idle"` // an idleJSON
}

// idleJSON is the setting idle.
type idleJSON struct {
	TimeoutInSeconds strictjson.Seconds  `json:"timeoutInSeconds"`
	OfRefreshToken   bool                `json:"ofRefreshToken"`
	WarnInSeconds    *strictjson.Seconds `json:"warnInSeconds"`
	Action           string              `json:"action"`
}

// defaultIdleWarning is how long the countdown is.
const defaultIdleWarning = time.Minute

// settings converts to the engine's. The error names the setting.
func (j *watchJSON) settings() (monitor session.MonitorSettings, idle session.IdleSettings, err error) {
	if j.QueryStatusResponseType != "" && j.QueryStatusResponseType != "code" {
		return monitor, idle, fmt.Errorf("query_status_response_type has to be code: %w", oidc.ErrUnsupported)
	}
	monitor = session.MonitorSettings{
		Session:     j.MonitorSession,
		Anonymous:   j.MonitorAnonymousSession,
		Interval:    duration(j.CheckSessionInterval),
		KeepOnError: j.StopCheckSessionOnError != nil && !*j.StopCheckSessionOnError,
	}
	idle, err = idleSettings(j.Idle)
	return monitor, idle, err
}

func idleSettings(raw strictjson.RawMessage) (session.IdleSettings, error) {
	if isNull(raw) {
		return session.IdleSettings{}, nil
	}
	var j idleJSON
	if err := strictjson.UnmarshalKnown(raw, &j); err != nil {
		return session.IdleSettings{}, fmt.Errorf("idle: %s: %w", err.Error(), oidc.ErrInvalidConfig)
	}
	idle := session.IdleSettings{
		Timeout:        duration(j.TimeoutInSeconds),
		OfRefreshToken: j.OfRefreshToken,
		Warn:           defaultIdleWarning,
		RemoveOnly:     j.Action == "remove",
	}
	if j.WarnInSeconds != nil {
		idle.Warn = duration(*j.WarnInSeconds)
	}
	switch {
	case idle.Timeout == 0 && !idle.OfRefreshToken:
		return idle, fmt.Errorf("idle.timeoutInSeconds has to be more than 0, or idle.ofRefreshToken true: %w", oidc.ErrInvalidConfig)
	case j.Action != "" && j.Action != "signout" && j.Action != "remove":
		return idle, fmt.Errorf("idle.action has to be signout or remove: %w", oidc.ErrInvalidConfig)
	}
	return idle, nil
}

type checkParams struct {
	URL     string `json:"url"`
	Origin  string `json:"origin"`
	Message string `json:"message"`
	Keep    int64  `json:"keep"` // milliseconds
}

type checkResult struct {
	Answer string `json:"answer"`
}

// CheckSession is [session.Checker].
func (p page) CheckSession(ctx context.Context, check session.Check) (string, error) {
	var result checkResult
	err := p.call(ctx, serviceTimeout, "checkSession", checkParams{
		URL: check.URL, Origin: check.Origin, Message: check.Message, Keep: check.Keep.Milliseconds(),
	}, &result)
	return result.Answer, err
}

func (c *Connection) signinInitiated(ctx context.Context, client *session.Client, params []byte) (any, error) {
	url, err := callbackURL(params)
	if err != nil {
		return nil, err
	}
	if err := c.arrives(ctx, &session.SigninArgs{}, false); err != nil {
		return nil, err
	}
	return nil, client.SigninInitiated(ctx, url)
}

// sessionStatusJSON is the result of "querySessionStatus".
type sessionStatusJSON struct {
	SessionState string `json:"session_state"`
	Sub          string `json:"sub,omitempty"`
}

func querySessionStatus(ctx context.Context, client *session.Client, params []byte) (any, error) {
	args, err := silentArgs(params)
	if err != nil {
		return nil, err
	}
	found, err := client.QuerySessionStatus(ctx, args)
	if err != nil || found == nil {
		return nil, err
	}
	return sessionStatusJSON{SessionState: found.State, Sub: found.Subject}, nil
}

func stayActive(ctx context.Context, client *session.Client, params []byte) (any, error) {
	if err := noArgs(params); err != nil {
		return nil, err
	}
	return nil, client.StayActive(ctx)
}

// frontchannelLogout is told by the host, which belongs to no tab: it says
// that the provider framed the front-channel logout page.
func (c *Connection) frontchannelLogout(params []byte) error {
	url, err := callbackURL(params)
	if err != nil {
		return err
	}
	c.registry.FrontChannelLogout(url)
	return nil
}
