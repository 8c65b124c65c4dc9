package keycloak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// CreateRealm makes a realm of its representation; one of the same name goes.
func (s *Server) CreateRealm(ctx context.Context, realm Object) error {
	if err := s.Ask(ctx, http.MethodDelete, "/"+fmt.Sprint(realm["realm"]), nil, nil); err != nil && !strings.Contains(err.Error(), "404") {
		return err
	}
	return s.Ask(ctx, http.MethodPost, "", realm, nil)
}

// Ask asks the admin API for what is at a path below /admin/realms. Body and answer
// are JSON; nil for none.
func (s *Server) Ask(ctx context.Context, method, path string, body, answer any) error {
	// A token lives for a minute.
	name, password := s.Admin()
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {name}, "password": {password}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.at("/realms/master/protocol/openid-connect/token"), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := do(r, &token); err != nil {
		return err
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err = http.NewRequestWithContext(ctx, method, s.at("/admin/realms"+path), bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token.AccessToken)
	return do(r, answer)
}

func do(r *http.Request, answer any) error {
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("keycloak: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("status %d: %s", res.StatusCode, body)
	}
	if err == nil && answer != nil {
		err = json.Unmarshal(body, answer)
	}
	if err != nil {
		return fmt.Errorf("keycloak: %s %s: %w", r.Method, r.URL.Path, err)
	}
	return nil
}
