package oidc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// holders are the values of this package that carry secrets, each with one
// in every field that has room for it.
func holders(t *testing.T) map[string]any {
	m := goodMetadata(t)
	callback := goodParsedCallback(t, m)
	tokens := &TokenResponse{AccessToken: mark, RefreshToken: mark, IDToken: mark}
	return map[string]any{
		"Secret":                *goodSecret(),
		"*Secret":               goodSecret(),
		"[]Secret":              []Secret{mark},
		"map of Secret":         map[string]Secret{"a": mark},
		"Transaction":           *goodTransaction(),
		"*Transaction":          goodTransaction(),
		"Callback":              *callback,
		"*Callback":             callback,
		"a struct of Callback":  struct{ C Callback }{*callback},
		"TokenResponse":         *tokens,
		"*TokenResponse":        tokens,
		"RefreshRequest":        *goodRefresh(),
		"RevocationRequest":     *goodRevocation(),
		"UserinfoRequest":       UserinfoRequest{AccessToken: mark},
		"AuthenticationRequest": AuthenticationRequest{IDTokenHint: mark},
		"EndSessionRequest":     EndSessionRequest{IDTokenHint: mark, State: mark},
		"ExpectedIDToken":       ExpectedIDToken{Nonce: mark, AccessToken: mark},
		"IDTokenClaims":         IDTokenClaims{Nonce: mark},
	}
}

func goodSecret() *Secret {
	s := Secret(mark)
	return &s
}

func TestSecretsAreRedacted(t *testing.T) {
	for name, value := range holders(t) {
		t.Run(name, func(t *testing.T) {
			checkNoSecret(t, value)
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
			fmt.Fprintln(&log, value)
			if strings.Contains(log.String(), mark) {
				t.Errorf("a log shows a secret: %s", log.String())
			}
			for _, marshal := range []func(any) ([]byte, error){json.Marshal, strictjson.Marshal} {
				if data, err := marshal(value); err != nil || bytes.Contains(data, []byte(mark)) {
					t.Errorf("JSON shows a secret: %s (%v)", data, err)
				}
			}
		})
	}
}

// The verbs that do not ask for String print a complaint with the value.
func TestSecretVerbs(t *testing.T) {
	for _, verb := range "vsqxXdcUtbeEfFgGo" {
		for _, flags := range []string{"", "+", "#", " ", "100."} {
			format := "%" + flags + string(verb)
			got := fmt.Sprintf(format, Secret(mark))
			if got != redacted {
				t.Errorf("%s prints %s", format, got)
			}
		}
	}
	if got := Secret(mark).String(); got != redacted {
		t.Errorf("String = %q", got)
	}
	if got := Secret(mark).Reveal(); got != mark {
		t.Errorf("Reveal = %q", got)
	}
	if got := goodParsedCallback(t, goodMetadata(t)).String(); got != redacted {
		t.Errorf("Callback.String = %q", got)
	}
}

func TestSecretEqual(t *testing.T) {
	for _, other := range []string{"", "s3cr3", mark + "x", "S3cr3t", mark + "\x00"} {
		if Secret(mark).equal(other) {
			t.Errorf("equal to %q", other)
		}
	}
	if !Secret(mark).equal(mark) {
		t.Error("not equal to itself")
	}
}

// What is kept beside states has no name that could be one.
func TestIsState(t *testing.T) {
	random := strings.Repeat("aA-_", 10) + "aAA"
	for state, want := range map[string]bool{
		random: true, random + ";back": true, random + ";a;b": true,
		"": false, "underway": false, "restore:https://op.example:app": false, random[1:]: false, random + "A": false,
		"restore:https://op.example:app" + strings.Repeat("A", 13): false, random[1:] + ":": false, random + "=": false, ";" + random: false,
	} {
		if IsState(Secret(state)) != want {
			t.Errorf("%s: want %t", state, want)
		}
	}
	state, err := NewState(fixedRandom(), "back")
	if err != nil || !IsState(state) {
		t.Errorf("one that was made here is none: %v", err)
	}
}
