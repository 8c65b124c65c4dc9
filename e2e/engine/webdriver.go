//go:build !js

package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// A webdriver is a session by WebDriver. It does one command after the other,
// in the window that it was switched to.
type webdriver struct {
	mu      sync.Mutex
	base    string // the address of the session
	current string // the window
	limit   time.Duration
}

// commandTime bounds a command, and grace one whose scripts and pages have a limit:
// what it asks of a page that then comes out of the back/forward cache is not
// answered. Its caller's context does not: the driver would not notice, and be busy
// for whoever comes next.
const (
	commandTime = 70 * time.Second
	grace       = time.Second
)

// call sends a command and decodes its value, if result is not nil.
func (s *webdriver) call(ctx context.Context, method, path string, params, result any) error {
	var body []byte
	if method == http.MethodPost {
		if params == nil {
			params = object{}
		}
		var err error
		if body, err = json.Marshal(params); err != nil {
			return err
		}
	}
	bound := commandTime
	if s.limit != 0 {
		bound = s.limit + grace
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bound)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var got struct{ Value json.RawMessage }
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		var failure struct{ Error, Message string }
		_ = json.Unmarshal(got.Value, &failure)
		return fmt.Errorf("%s %s: %s: %s", method, path, failure.Error, failure.Message)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(got.Value, result)
}

// in does something in a window, where scripts have so much time, and pages that
// load: nearly every command waits for those, and sometimes for one that came out
// of the back/forward cache long ago.
func (s *webdriver) in(ctx context.Context, window string, limit time.Duration, do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := context.Cause(ctx); err != nil {
		return err // it ended while others were served
	}
	if s.current != window {
		s.current = ""
		if err := s.call(ctx, http.MethodPost, "/window", object{"handle": window}, nil); err != nil {
			return err
		}
		s.current = window
	}
	if s.limit != limit {
		limits := object{"script": limit.Milliseconds(), "pageLoad": limit.Milliseconds()}
		if err := s.call(ctx, http.MethodPost, "/timeouts", limits, nil); err != nil {
			return err
		}
		s.limit = limit
	}
	return do()
}

// element finds an element.
func (s *webdriver) element(ctx context.Context, selector string) (string, error) {
	var references map[string]string
	params := object{"using": "css selector", "value": selector}
	err := s.call(ctx, http.MethodPost, "/element", params, &references)
	for _, reference := range references {
		return reference, err
	}
	return "", err
}

// close closes a window, and leaves none chosen.
func (s *webdriver) close(ctx context.Context, window string) error {
	return s.in(ctx, window, scriptTime, func() error {
		s.current = ""
		return s.call(ctx, http.MethodDelete, "/window", nil, nil)
	})
}

// handles are the windows of the session.
func (s *webdriver) handles(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var handles []string
	err := s.call(ctx, http.MethodGet, "/window/handles", nil, &handles)
	return handles, err
}
