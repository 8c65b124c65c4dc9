package api

import (
	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/session"
)

// userJSON is a user as the page gets it: the tokens leave the worker here
// and nowhere else.
type userJSON struct {
	AccessToken  string                           `json:"access_token"`
	TokenType    string                           `json:"token_type"`
	RefreshToken string                           `json:"refresh_token,omitempty"`
	IDToken      string                           `json:"id_token,omitempty"`
	Scope        string                           `json:"scope,omitempty"`
	ExpiresAt    int64                            `json:"expires_at,omitempty"` // seconds since the epoch
	SessionState string                           `json:"session_state,omitempty"`
	Profile      map[string]strictjson.RawMessage `json:"profile"`
	State        strictjson.RawMessage            `json:"state,omitempty"`
	URLState     string                           `json:"url_state,omitempty"`
	Response     map[string]string                `json:"response_parameters,omitempty"`
	Kept         map[string]strictjson.RawMessage `json:"extraTokenResponseProperties,omitempty"`
}

// newUserJSON returns nil for nobody.
func newUserJSON(user *session.User) *userJSON {
	if user == nil {
		return nil
	}
	profile := user.Profile
	if profile == nil { // there was no ID Token
		profile = map[string]strictjson.RawMessage{}
	}
	return &userJSON{
		AccessToken:  user.AccessToken.Reveal(),
		TokenType:    user.TokenType,
		RefreshToken: user.RefreshToken.Reveal(),
		IDToken:      user.IDToken.Reveal(),
		Scope:        user.Scope,
		ExpiresAt:    user.ExpiresAt,
		SessionState: user.SessionState,
		Response:     user.Response,
		Profile:      profile,
		State:        user.State,
		URLState:     user.URLState,
		Kept:         user.Kept,
	}
}

// UserAnswer is the answer to "getUser" that a user is.
func UserAnswer(user *session.User) []byte {
	answer, _ := strictjson.Marshal(newUserJSON(user)) // what has come as JSON is JSON
	return answer
}

// eventJSON is the notification "event".
type eventJSON struct {
	Name  session.EventName `json:"name"`
	User  *userJSON         `json:"user,omitempty"`
	Error *eventErrorJSON   `json:"error,omitempty"`

	StepUp      *stepUpJSON `json:"step_up,omitempty"`
	SecondsLeft *int        `json:"seconds_left,omitempty"`
}

type eventErrorJSON struct {
	Message string    `json:"message"`
	Data    errorData `json:"data"`
}

func newEventJSON(event session.Event) eventJSON {
	j := eventJSON{Name: event.Name, User: newUserJSON(event.User), SecondsLeft: event.SecondsLeft, StepUp: newStepUpJSON(event)}
	if event.Err != nil {
		data, message := describe(event.Err)
		j.Error = &eventErrorJSON{Message: message, Data: data}
	}
	return j
}
