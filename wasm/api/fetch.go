package api

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// A Relay sends one request of a page's, with a body that came from there, and
// hands the body of the answer over. Its Do may be called more than once, if
// the body is not streamed; it returns answers without their bodies.
type Relay interface {
	oidc.Transport
	// Answer is the rest of what the last Do returned.
	Answer() Answer
	// Deliver hands the body of the last answer over, and returns when that
	// is done or the page has given up.
	Deliver()
	Close()
}

// RelayOptions are how to send a request, in the words of RequestInit.
type RelayOptions struct {
	Mode, Redirect, Cache, Integrity string

	Streamed bool // the body comes in pieces, and once
}

// An Answer is what a page gets to know of an answer beside its status and
// its header.
type Answer struct {
	StatusText string `json:"status_text"`
	URL        string `json:"url"`
	Redirected bool   `json:"redirected"`
	HasBody    bool   `json:"has_body"`
}

// fetchParams are a request of the app's. The bodies go through a channel,
// which the page has handed over under that number.
type fetchParams struct {
	Channel     int               `json:"channel"`
	URL         string            `json:"url"`
	Method      string            `json:"method"`
	Headers     map[string]string `json:"headers"`
	Mode        string            `json:"mode"`
	Credentials string            `json:"credentials"`
	Redirect    string            `json:"redirect"`
	Cache       string            `json:"cache"`
	Integrity   string            `json:"integrity"`
	Streamed    bool              `json:"streamed"`
	ReturnTo    string            `json:"return_to"`
	Shown       *string           `json:"shown"` // the sub that the page has shown last
}

// check refuses what cannot be sent with a token, or not come back.
func (p *fetchParams) check() error {
	switch {
	case len(p.Headers) > most:
		return fmt.Errorf("headers: %w: %w", errTooMany, oidc.ErrInvalidArgument)
	case p.Mode != "cors" && p.Mode != "same-origin":
		return fmt.Errorf("mode: only cors and same-origin can carry an access token: %w", oidc.ErrInvalidArgument)
	case p.Credentials == "include":
		return fmt.Errorf("credentials: cookies do not go with an access token: %w", oidc.ErrInvalidArgument)
	case p.Redirect != "follow" && p.Redirect != "error":
		return fmt.Errorf("redirect: only follow and error are possible: %w", oidc.ErrInvalidArgument)
	}
	return nil
}

type fetchResult struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Answer
}

// fetch answers when the head of the API's answer is there; its body goes to
// the page as the app reads it.
func (c *Connection) fetch(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var p fetchParams
	if err := decode(params, &p); err != nil {
		c.giveBack(params)
		return nil, err
	}
	if c.Relay == nil {
		return nil, fmt.Errorf("fetch: %w", oidc.ErrUnsupported)
	}
	// The channel is taken first: what is refused gives it back.
	relay, err := c.Relay(p.Channel, RelayOptions{p.Mode, p.Redirect, p.cache(), p.Integrity, p.Streamed})
	if err != nil {
		return nil, err
	}
	resp, err := c.send(ctx, client, &p, relay)
	if err != nil {
		relay.Close()
		return nil, err
	}
	c.spawn("fetch", func() {
		defer relay.Close()
		relay.Deliver()
	})
	return fetchResult{resp.Status, resp.Header, relay.Answer()}, nil
}

// giveBack closes the channel of a call that cannot be read otherwise.
func (c *Connection) giveBack(params []byte) {
	var p struct {
		Channel int `json:"channel"`
	}
	if c.Relay == nil || strictjson.Unmarshal(params, &p) != nil {
		return
	}
	if relay, err := c.Relay(p.Channel, RelayOptions{}); err == nil {
		relay.Close()
	}
}

func (c *Connection) send(ctx context.Context, client *session.Client, p *fetchParams, relay Relay) (*oidc.Response, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	resp, err := client.Fetch(ctx, &session.FetchRequest{
		Method:     p.Method,
		URL:        p.URL,
		Header:     p.Headers,
		Repeatable: !p.Streamed,
		ReturnTo:   p.ReturnTo,
		Shown:      p.Shown,
	}, relay)
	if origin, unclear := oidc.Origin(p.URL); errors.Is(err, session.ErrFetchNotAllowed) && unclear == nil {
		err = fmt.Errorf("%s: %w", origin, err)
	}
	return resp, err
}

// cache is the mode that a request is sent with.
func (p *fetchParams) cache() string {
	if p.Cache == "default" {
		// The address is the same for the next person, and what the browser has
		// kept may be of the one before. Asking whether it is good does not help
		// where an ETag is a version number.
		return "no-store"
	}
	return p.Cache
}

// fetchJSON are the settings about requests to APIs.
type fetchJSON struct {
	Fetch strictjson.RawMessage `json:"fetch"` // fetchSettingsJSON
}

// fetchSettingsJSON are the setting "fetch".
type fetchSettingsJSON struct {
	Allow  []strictjson.RawMessage `json:"allow"` // apiJSON, or the URL alone
	StepUp string                  `json:"stepUp"`
}

// apiJSON is one address that gets the access token.
type apiJSON struct {
	URL      string `json:"url"`
	Resource string `json:"resource"`

	TokenFollowsRedirects bool `json:"tokenFollowsRedirects"`
}

// fetchSettings converts to the engine's. The error has no code.
func fetchSettings(raw strictjson.RawMessage) (session.FetchSettings, error) {
	var j fetchSettingsJSON
	if isNull(raw) {
		return session.FetchSettings{}, nil
	}
	if err := strictjson.UnmarshalKnown(raw, &j); err != nil {
		return session.FetchSettings{}, err
	}
	if len(j.Allow) > most {
		return session.FetchSettings{}, fmt.Errorf("allow: %w", errTooMany)
	}
	settings := session.FetchSettings{StepUp: session.StepUpMode(j.StepUp)}
	for _, raw := range j.Allow {
		var api apiJSON
		var err error
		if strings.HasPrefix(string(raw), "{") {
			err = strictjson.UnmarshalKnown(raw, &api)
		} else if strictjson.Unmarshal(raw, &api.URL) != nil {
			err = errors.New("has to be an array of texts and objects")
		}
		if err != nil {
			return settings, fmt.Errorf("allow: %w", err)
		}
		settings.Allow = append(settings.Allow, session.API{
			URL: api.URL, Resource: api.Resource, TokenFollowsRedirects: api.TokenFollowsRedirects,
		})
	}
	return settings, nil
}

// stepUpJSON is what an API asks for, in an event.
type stepUpJSON struct {
	URL       string `json:"url"`
	ACRValues string `json:"acr_values,omitempty"`
	MaxAge    *int64 `json:"max_age,omitempty"` // seconds
	Scope     string `json:"scope,omitempty"`
}

// newStepUpJSON returns nil for an event of another kind.
func newStepUpJSON(event session.Event) *stepUpJSON {
	if event.StepUp == nil {
		return nil
	}
	return &stepUpJSON{event.URL, event.StepUp.ACRValues, event.StepUp.MaxAge, event.StepUp.Scope}
}
