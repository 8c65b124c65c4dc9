//go:build !js

package api

import (
	"errors"
	"fmt"
	"testing"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

func TestUserShape(t *testing.T) {
	full := &session.User{
		AccessToken:  "access",
		TokenType:    "Bearer",
		RefreshToken: "refresh",
		IDToken:      "id",
		Scope:        "openid profile",
		ExpiresAt:    1_800_000_000,
		SessionState: "session",
		Profile:      map[string]strictjson.RawMessage{"sub": []byte(`"me"`), "groups": []byte(`["a"]`), "age": []byte(`7`)},
		State:        []byte(`{"cart":[1]}`),
		Response:     map[string]string{"kc_action_status": "success"},
	}
	golden(t, "user.json", newUserJSON(full))
	golden(t, "user-minimal.json", newUserJSON(&session.User{AccessToken: "access", TokenType: "Bearer", IDToken: "id", Scope: "openid"}))
	golden(t, "user-nobody.json", newUserJSON(nil))
}

func TestEventShapes(t *testing.T) {
	user := &session.User{AccessToken: "access", TokenType: "Bearer", IDToken: "id", Scope: "openid"}
	refusal := &oidc.ProviderError{Endpoint: "authorization", ErrorCode: "login_required", Description: "no session"}
	events := []session.Event{
		{Name: session.UserLoaded, User: user},
		{Name: session.UserUnloaded},
		{Name: session.AccessTokenExpiring},
		{Name: session.AccessTokenExpired},
		{Name: session.SilentRenewError, Err: refusal},
		{Name: session.RestoreError, Err: session.ErrFrameNoResponse},
		{Name: session.IdleCountdown, SecondsLeft: new(int)},
	}
	for _, e := range events {
		golden(t, "event-"+string(e.Name)+".json", newEventJSON(e))
	}
}

func TestErrorShapes(t *testing.T) {
	shapes := map[string]error{
		"error-code.json":      fmt.Errorf("authority: %w", oidc.ErrInvalidConfig),
		"error-claim.json":     &oidc.ClaimError{Claim: "nonce", Step: "OIDC Core 3.1.3.7 step 11", Err: oidc.ErrNonceMismatch},
		"error-transport.json": &oidc.TransportError{Endpoint: "token", Status: 502, Err: oidc.ErrHTTPStatus},
		"error-provider.json": &oidc.ProviderError{Endpoint: "token", Status: 400, ErrorCode: "invalid_grant",
			Description: "expired", URI: "https://op.example/errors"},
		"error-skew.json":     &oidc.ClockSkewError{Seconds: -3600, Err: oidc.ErrIssuedInFuture},
		"error-internal.json": errors.New("of no concern to the page"),
	}
	for name, err := range shapes {
		golden(t, name, toRPC(err))
	}
}
