//go:build !js

// Package engine drives the browsers that the end-to-end tests run in:
// Chromium by its own protocol, Firefox by WebDriver BiDi, WebKit by
// WebDriver. What it starts ends with the process that started it.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
)

// ErrNotFound is the error of [Start] on a machine without the browser.
var ErrNotFound = errors.New("not found")

// Names are the engines that [Start] knows.
var Names = []string{"chromium", "firefox", "webkit"}

// A Browser runs until it is stopped.
type Browser interface {
	// Open opens a tab in a profile; in a fresh one, that is there as long as
	// the tab, if profile is empty. What the tab's pages log as an error goes to
	// console, if the engine hears it.
	Open(ctx context.Context, profile string, console func(line string)) (Tab, error)

	// Attach drives a window that is there already.
	Attach(ctx context.Context, window Window, console func(line string)) (Tab, error)

	// Windows are the tabs and windows of a profile.
	Windows(ctx context.Context, profile string) ([]Window, error)

	// Close closes a window as a person does.
	Close(ctx context.Context, window Window) error

	// Hears says whether it hears what pages log.
	Hears() bool

	Stop()
}

// A Window is what a profile shows.
type Window struct {
	ID, Profile string
	URL, Title  string
}

// A Tab shows one page after the other.
type Tab interface {
	// Window has no URL and no title.
	Window() Window

	// Navigate waits until the page has loaded, or has itself gone on to another.
	// That none can be loaded is an error, but in WebKit, which shows a page that
	// says so.
	Navigate(ctx context.Context, url string) error
	Reload(ctx context.Context) error

	// Evaluate returns the JSON of what an expression, or its promise, comes to.
	Evaluate(ctx context.Context, expression string) (json.RawMessage, error)

	// Holds says whether an expression is true. It is an error if the page goes
	// away.
	Holds(ctx context.Context, expression string) (bool, error)

	// Click and Type do what a person does, with an element that is visible.
	Click(ctx context.Context, selector string) error
	Type(ctx context.Context, selector, text string) error

	// Release closes the tab that was opened, and the profile with the tab that
	// it was made for, and lets go of a window that was attached to.
	Release()
}

// WithoutForeignCookies has a browser give frames of other sites no cookies. Chromium
// gives them none in any profile that Open makes.
const WithoutForeignCookies = "no foreign cookies"

// Start starts a browser by its name, with settings that a person may make.
func Start(ctx context.Context, name string, settings ...string) (Browser, error) {
	foreign := !slices.Contains(settings, WithoutForeignCookies)
	switch name {
	case "chromium":
		return StartChromium(ctx)
	case "firefox":
		return startFirefox(ctx, foreign)
	case "webkit":
		return startWebKit(ctx, foreign)
	}
	return nil, fmt.Errorf("there is no engine %q: %q", name, Names)
}

// program is the path of the first program that is there.
func program(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: %w; scripts/browsers.sh installs it where apt-get can", names[0], ErrNotFound)
}
