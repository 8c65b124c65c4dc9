//go:build !js

// Package chromium finds the browser that the tests drive and holds the flags
// they start it with.
package chromium

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// ErrNotFound is the error of [Path] on a machine without Chromium.
var ErrNotFound = errors.New("no Chromium found: install Debian's package with `apt-get install chromium` or set CHROMIUM to its path")

// names are the programs looked for in PATH, first match wins.
var names = []string{"chromium", "chromium-browser", "google-chrome", "chrome"}

// Path returns the browser's program: the one that the environment variable
// CHROMIUM names, else the first known one in PATH, else [ErrNotFound]. A
// CHROMIUM that is not a program is an error; nothing else is tried then.
func Path() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("CHROMIUM: %w", err)
		}
		return found, nil
	}
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", ErrNotFound
}

// Options returns the start flags for a headless browser that stays offline
// and behaves like a user's. Give the program as well, with
// [chromedp.ExecPath] and [Path]. An empty userDataDir is a fresh profile that
// chromedp deletes. A flag given after these replaces the one in here.
func Options(userDataDir string) []chromedp.ExecAllocatorOption {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		// chromedp's defaults switch off what renewal and popups must cope with.
		chromedp.Flag("disable-background-timer-throttling", false),
		chromedp.Flag("disable-backgrounding-occluded-windows", false),
		chromedp.Flag("disable-renderer-backgrounding", false),
		chromedp.Flag("disable-popup-blocking", false),

		// With every tab the browser loads pages for its address bar, some hundred
		// files: 0.3 s of a core, while a test or a measurement has begun.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,"+
			"WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI"),

		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	if userDataDir != "" {
		options = append(options, chromedp.UserDataDir(userDataDir))
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // root has no sandbox to enter
	}
	return options
}
