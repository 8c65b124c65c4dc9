//go:build !js

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// scriptTime is how long a promise or a page that loads may take, and glanceTime
// how long an expression: a page that goes away, or comes out of the cache, takes
// the answer with it.
const (
	scriptTime = 60 * time.Second
	glanceTime = 2 * time.Second
)

// A webkitTab is a window of a session.
type webkitTab struct {
	*webkitProfile
	handle string
	opened bool // by Open
	owns   bool // the profile
}

func (tab *webkitTab) Window() Window { return Window{ID: tab.handle, Profile: tab.base} }

// do sends a command in the window.
func (tab *webkitTab) do(ctx context.Context, method, path string, params any) error {
	return tab.in(ctx, tab.handle, scriptTime, func() error { return tab.call(ctx, method, path, params, nil) })
}

func (tab *webkitTab) Navigate(ctx context.Context, url string) error {
	return tab.do(ctx, http.MethodPost, "/url", object{"url": url})
}

func (tab *webkitTab) Reload(ctx context.Context) error {
	return tab.do(ctx, http.MethodPost, "/refresh", nil)
}

func (tab *webkitTab) Evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	return tab.evaluate(ctx, scriptTime, expression, true)
}

func (tab *webkitTab) Holds(ctx context.Context, expression string) (bool, error) {
	value, err := tab.evaluate(ctx, glanceTime, expression, false)
	return string(value) == "true", err
}

// evaluate has a script call back: what it throws has no text of its own.
func (tab *webkitTab) evaluate(ctx context.Context, limit time.Duration, expression string, await bool) (json.RawMessage, error) {
	script := `const done = arguments[arguments.length - 1], fail = (e) => done({ error: String(e?.code ?? "") + " " + e });
		try { Promise.resolve(` + asJSON(expression, await) + `).then((value) => done({ value }), fail); } catch (e) { fail(e); }`
	var r struct{ Value, Error *string }
	err := tab.in(ctx, tab.handle, limit, func() error {
		return tab.call(ctx, http.MethodPost, "/execute/async", object{"script": script, "args": []any{}}, &r)
	})
	switch {
	case err != nil:
		return nil, err
	case r.Error != nil:
		return nil, errors.New(*r.Error)
	case r.Value == nil:
		return nil, fmt.Errorf("%s: no answer", expression)
	}
	return json.RawMessage(*r.Value), nil
}

func (tab *webkitTab) Click(ctx context.Context, selector string) error {
	return tab.at(ctx, selector, "/click", nil)
}

func (tab *webkitTab) Type(ctx context.Context, selector, text string) error {
	return tab.at(ctx, selector, "/value", object{"text": text})
}

// at sends a command about an element that is visible.
func (tab *webkitTab) at(ctx context.Context, selector, path string, params any) error {
	if err := show(ctx, tab, selector); err != nil {
		return err
	}
	return tab.in(ctx, tab.handle, scriptTime, func() error {
		element, err := tab.element(ctx, selector)
		if err != nil {
			return err
		}
		return tab.call(ctx, http.MethodPost, "/element/"+element+path, params, nil)
	})
}

func (tab *webkitTab) Release() {
	switch {
	case tab.owns:
		tab.release()
	case tab.opened:
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = tab.close(ctx, tab.handle) // the test may have done it
	}
}
