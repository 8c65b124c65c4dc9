package oidctest_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Every profile says where its shape is from, and what of it is a guess.
func TestProfileSources(t *testing.T) {
	names, own := map[string]bool{}, 0
	day := regexp.MustCompile(`^20\d\d-\d\d(-\d\d)?$`)
	for _, p := range oidctest.Profiles() {
		if names[p.Name] || p.Name == "" {
			t.Errorf("the name %q comes twice, or there is none", p.Name)
		}
		names[p.Name] = true
		if p.OwnSource() {
			own++
		}
		if len(p.Sources) == 0 || p.Register == "" {
			t.Errorf("%s: no source, or nothing to register", p.Name)
		}
		if !strings.Contains(p.Register, "`authority`") {
			t.Errorf("%s: nobody learns what authority is", p.Name)
		}
		if p.Secret && p.Limit(oidctest.StepSignin) == nil {
			t.Errorf("%s: nobody learns that it takes a secret", p.Name)
		}
		for _, s := range p.Sources {
			if u, err := url.Parse(s.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || s.For == "" || !day.MatchString(s.Read) {
				t.Errorf("%s: source %+v", p.Name, s)
			}
		}
		for step, reason := range p.Waits {
			if reason == "" || !slices.Contains(oidctest.Steps(), step) {
				t.Errorf("%s: %s waits for %q", p.Name, step, reason)
			}
		}
		for _, l := range p.Limits {
			if l.Why == "" {
				t.Errorf("%s: %s is limited, and nobody says why", p.Name, l.Step)
			}
		}
	}
	if own < 12 {
		t.Errorf("%d profiles rest on the provider's own examples or code, want 12", own)
	}
	if len(names) < 30 {
		t.Errorf("%d profiles: some are lost", len(names))
	}
}

// The texts are JSON, and name no address but those of examples.
func TestProfileTexts(t *testing.T) {
	address := regexp.MustCompile(`https?://[^/"\s]+`)
	for _, p := range oidctest.Profiles() {
		for name, text := range map[string]string{
			"Metadata": p.Metadata, "Keys": p.Keys, "Userinfo": p.Userinfo, "Tokens": p.Tokens, "Refreshed": p.Refreshed,
			"IDToken.Header": p.IDToken.Header, "IDToken.Claims": p.IDToken.Claims, "RefreshedID": p.RefreshedID,
			"AccessToken.Header": p.AccessToken.Header, "AccessToken.Claims": p.AccessToken.Claims,
			"Callback": p.Callback, "SilentDenied": p.SilentDenied,
		} {
			if text != "" && json.Unmarshal([]byte(text), &map[string]any{}) != nil {
				t.Errorf("%s: %s is no JSON", p.Name, name)
			}
			if name == "Metadata" || name == "Keys" {
				for _, found := range address.FindAllString(text, -1) {
					if !strings.HasSuffix(found, "op.example.test") && found != "http://docs.cloudfoundry.org" && found != "http://client-register" {
						t.Errorf("%s: %s has the address %s", p.Name, name, found)
					}
				}
			}
		}
	}
}

// A profile is played at the addresses of the provider that plays it.
func TestProfileElsewhere(t *testing.T) {
	for _, p := range oidctest.Profiles() {
		op := oidctest.New(t)
		op.Issuer = "http://127.0.0.1:9000"
		p.Play(op)
		if !strings.HasPrefix(op.Issuer, "http://127.0.0.1:9000/") && op.Issuer != "http://127.0.0.1:9000" {
			t.Errorf("%s: the issuer is %s", p.Name, op.Issuer)
		}
		if got := op.Address(p.Authority); got != op.Issuer {
			t.Errorf("%s: Address = %s, want %s", p.Name, got, op.Issuer)
		}
	}
}
