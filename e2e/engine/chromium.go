//go:build !js

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/internal/chromium"
)

// Chromium is a [Browser] with the whole of Chrome's DevTools Protocol.
type Chromium struct {
	ctx  context.Context
	stop func()
}

// StartChromium starts Chromium with more flags than its usual ones.
func StartChromium(_ context.Context, flags ...chromedp.ExecAllocatorOption) (*Chromium, error) {
	path, err := chromium.Path()
	if errors.Is(err, chromium.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return nil, err
	}
	options := append(chromium.Options(""), chromedp.ExecPath(path))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), append(options, flags...)...)
	ctx, cancel := chromedp.NewContext(allocator)
	b := &Chromium{ctx: ctx, stop: func() {
		_ = chromedp.Cancel(ctx) // waits until it has ended: its folder may go
		cancel()
		cancelAllocator()
	}}
	if err := chromedp.Do(ctx); err != nil { // without a timeout: it starts the browser
		b.Stop()
		return nil, err
	}
	return b, nil
}

// Stop ends the browser.
func (b *Chromium) Stop() { b.stop() }

// Hears is true of the console of pages.
func (b *Chromium) Hears() bool { return true }

// DevTools is the context for commands to the browser.
func (b *Chromium) DevTools() context.Context { return b.ctx }

// Open opens a tab.
func (b *Chromium) Open(_ context.Context, profile string, console func(string)) (Tab, error) {
	option := chromedp.WithNewBrowserContext()
	if profile != "" {
		option = chromedp.WithExistingBrowserContext(cdp.BrowserContextID(profile))
	}
	return b.tab(console, option)
}

// OpenDefault opens a tab in the profile that the browser was started with.
func (b *Chromium) OpenDefault(_ context.Context, _ string, console func(string)) (Tab, error) {
	return b.tab(console)
}

// Attach drives a window, or a worker.
func (b *Chromium) Attach(_ context.Context, window Window, console func(string)) (Tab, error) {
	return b.tab(console, chromedp.WithTargetID(target.ID(window.ID)), chromedp.WithDetachOnCancel())
}

func (b *Chromium) tab(console func(string), options ...chromedp.ContextOption) (Tab, error) {
	ctx, cancel := chromedp.NewContext(b.ctx, options...)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, err
	}
	tab := &ChromiumTab{ctx: ctx, cancel: cancel}
	messages := chromedp.Console(ctx)
	tab.listening.Go(func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			if message.Type == chromedp.ConsoleError || message.Type == chromedp.ConsoleException {
				console(fmt.Sprint(message))
			}
		}
	})
	return tab, nil
}

// Windows lists the windows of a profile.
func (b *Chromium) Windows(_ context.Context, profile string) ([]Window, error) {
	result, err := chromedp.CallBrowser(b.ctx, target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		return nil, err
	}
	var windows []Window
	for _, info := range result.TargetInfos {
		if info.Type == "page" && string(info.BrowserContextID) == profile {
			windows = append(windows, Window{string(info.TargetID), profile, info.URL, info.Title})
		}
	}
	return windows, nil
}

// Close closes a window.
func (b *Chromium) Close(_ context.Context, window Window) error {
	_, err := chromedp.CallBrowser(b.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: target.ID(window.ID)})
	return err
}

// ChromiumTab is a tab of [Chromium].
type ChromiumTab struct {
	ctx       context.Context
	cancel    func()
	listening sync.WaitGroup
}

// DevTools is the context for commands to the tab.
func (tab *ChromiumTab) DevTools() context.Context { return tab.ctx }

// Window names the tab and its profile.
func (tab *ChromiumTab) Window() Window {
	c := chromedp.FromContext(tab.ctx)
	return Window{ID: string(c.Target.TargetID), Profile: string(c.BrowserContextID)}
}

// run runs steps in the tab, for as long as ctx is.
func (tab *ChromiumTab) run(ctx context.Context, steps ...chromedp.Action[chromedp.Void]) error {
	within, cancel := tab.within(ctx)
	defer cancel()
	return chromedp.Do(within, steps...)
}

// within is the tab's context, with the end of ctx.
func (tab *ChromiumTab) within(ctx context.Context) (context.Context, context.CancelFunc) {
	within, cancel := context.WithCancelCause(tab.ctx)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return within, func() { stop(); cancel(nil) }
}

// Navigate goes to an address.
func (tab *ChromiumTab) Navigate(ctx context.Context, url string) error {
	return tab.run(ctx, chromedp.Navigate(url))
}

// Reload loads the page anew.
func (tab *ChromiumTab) Reload(ctx context.Context) error { return tab.run(ctx, chromedp.Reload()) }

// Evaluate evaluates an expression and waits for its promise.
func (tab *ChromiumTab) Evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	within, cancel := tab.within(ctx)
	defer cancel()
	value, err := chromedp.Run(within, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
	if err == nil && len(value) == 0 {
		return json.RawMessage("null"), nil
	}
	return value, err
}

// Holds says whether an expression is true.
func (tab *ChromiumTab) Holds(ctx context.Context, expression string) (bool, error) {
	within, cancel := tab.within(ctx)
	defer cancel()
	return chromedp.Run(within, chromedp.Evaluate[bool](expression))
}

// Click waits for an element and clicks on its middle.
func (tab *ChromiumTab) Click(ctx context.Context, selector string) error {
	if err := show(ctx, tab, selector); err != nil {
		return err
	}
	middle, err := tab.Evaluate(ctx, "(({ x, y, width, height }) => [x + width / 2, y + height / 2])(document.querySelector("+quoted(selector)+").getBoundingClientRect())")
	if err != nil {
		return err
	}
	var at [2]float64
	if err := json.Unmarshal(middle, &at); err != nil {
		return err
	}
	return tab.run(ctx, chromedp.MouseClickXY(at[0], at[1]))
}

// Type waits for an element and types into it.
func (tab *ChromiumTab) Type(ctx context.Context, selector, text string) error {
	return tab.run(ctx, chromedp.SendKeys(selector, text))
}

// Release closes the tab, or lets go of it.
func (tab *ChromiumTab) Release() {
	tab.cancel()
	tab.listening.Wait()
}
