//go:build !js

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A firefoxTab is a top-level browsing context.
type firefoxTab struct {
	browser *firefox
	window  Window
	opened  bool // by Open
	owns    bool // the profile
}

func (tab *firefoxTab) Window() Window { return tab.window }

// call sends a command about the tab.
func (tab *firefoxTab) call(ctx context.Context, method string, params object, result any) error {
	params["context"] = tab.window.ID
	return tab.browser.bidi.call(ctx, method, params, result)
}

// Navigate is done as well where the page itself goes on while it loads.
func (tab *firefoxTab) Navigate(ctx context.Context, url string) error {
	err := tab.call(ctx, "browsingContext.navigate", object{"url": url, "wait": "complete"}, nil)
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "NS_BINDING_ABORTED"):
		return nil
	case strings.Contains(err.Error(), frameFailed):
		return tab.loaded(ctx)
	}
	return err
}

// frameFailed is the error where it is a frame of the page that shows an error page:
// Firefox ends the command by it, and finds no name for the error in the address of
// the page, as it does in that of an error page.
const frameFailed = "Address rejected"

// loaded waits until the page has loaded.
func (tab *firefoxTab) loaded(ctx context.Context) error {
	for {
		if is, err := tab.Holds(ctx, "document.readyState === 'complete'"); err == nil && is {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the page does not load: %w", context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (tab *firefoxTab) Reload(ctx context.Context) error {
	return tab.call(ctx, "browsingContext.reload", object{"wait": "complete"}, nil)
}

func (tab *firefoxTab) Evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	return tab.evaluate(ctx, expression, true)
}

func (tab *firefoxTab) Holds(ctx context.Context, expression string) (bool, error) {
	value, err := tab.evaluate(ctx, expression, false)
	return string(value) == "true", err
}

// asJSON is a script whose value is the JSON of an expression, or of what its
// promise comes to.
func asJSON(expression string, await bool) string {
	if await {
		return `(async () => JSON.stringify(await (` + expression + "\n)) ?? 'null')()"
	}
	return `(() => JSON.stringify((` + expression + "\n)) ?? 'null')()"
}

func (tab *firefoxTab) evaluate(ctx context.Context, expression string, await bool) (json.RawMessage, error) {
	var r struct {
		Type             string
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	err := tab.browser.bidi.call(ctx, "script.evaluate", object{
		"target": object{"context": tab.window.ID}, "expression": asJSON(expression, await), "awaitPromise": await,
	}, &r)
	if err == nil && r.Type == "exception" {
		err = errors.New(r.ExceptionDetails.Text)
	}
	if err != nil {
		return nil, err
	}
	return json.RawMessage(r.Result.Value), nil
}

// Click moves the mouse to the middle of an element and presses its button.
func (tab *firefoxTab) Click(ctx context.Context, selector string) error {
	if err := show(ctx, tab, selector); err != nil {
		return err
	}
	var found struct{ Nodes []struct{ SharedID string } }
	locator := object{"type": "css", "value": selector}
	if err := tab.call(ctx, "browsingContext.locateNodes", object{"locator": locator}, &found); err != nil {
		return err
	}
	if len(found.Nodes) == 0 {
		return fmt.Errorf("%s is gone", selector)
	}
	element := object{"type": "element", "element": object{"sharedId": found.Nodes[0].SharedID}}
	return tab.perform(ctx, "pointer",
		object{"type": "pointerMove", "x": 0, "y": 0, "origin": element},
		object{"type": "pointerDown", "button": 0}, object{"type": "pointerUp", "button": 0})
}

// Type focuses an element and presses keys.
func (tab *firefoxTab) Type(ctx context.Context, selector, text string) error {
	if err := show(ctx, tab, selector); err != nil {
		return err
	}
	if _, err := tab.evaluate(ctx, "document.querySelector("+quoted(selector)+").focus()", false); err != nil {
		return err
	}
	var keys []object
	for _, r := range text {
		keys = append(keys, object{"type": "keyDown", "value": string(r)}, object{"type": "keyUp", "value": string(r)})
	}
	return tab.perform(ctx, "key", keys...)
}

// perform has a device do something.
func (tab *firefoxTab) perform(ctx context.Context, device string, actions ...object) error {
	return tab.call(ctx, "input.performActions",
		object{"actions": []object{{"type": device, "id": device, "actions": actions}}}, nil)
}

func (tab *firefoxTab) Release() {
	tab.browser.listen(tab.window.ID, nil)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if tab.opened {
		_ = tab.browser.Close(ctx, tab.window) // the test may have done it
	}
	if tab.owns {
		_ = tab.browser.bidi.call(ctx, "browser.removeUserContext", object{"userContext": tab.window.Profile}, nil)
	}
}
