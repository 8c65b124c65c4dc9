//go:build !js

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/internal/chromium"
)

// stepTimeout bounds what is waited for: everything is on one machine.
const stepTimeout = 30 * time.Second

// A bench is the browser with the site that it visits.
type bench struct {
	*site
	parent  context.Context
	ctx     context.Context
	version string
	warm    bool // warmUp was there
	cancel  []func()
}

func startBrowser(ctx context.Context, s *site) (*bench, error) {
	path, err := chromium.Path()
	if err != nil {
		return nil, err
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, append(chromium.Options(""), chromedp.ExecPath(path))...)
	b := &bench{site: s, parent: ctx}
	var cancel context.CancelFunc
	b.ctx, cancel = chromedp.NewContext(allocator)
	b.cancel = []func(){cancel, cancelAllocator}
	if err := chromedp.Do(b.ctx); err != nil { // without a timeout: it starts the browser
		b.close()
		return nil, err
	}
	version, err := chromedp.CallBrowser(b.ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		b.close()
		return nil, err
	}
	b.version = strings.Replace(version.Product, "/", " ", 1)
	return b, nil
}

func (b *bench) close() {
	for _, cancel := range b.cancel {
		cancel()
	}
}

// A tab is one page of the browser.
type tab struct {
	ctx   context.Context
	close context.CancelFunc
}

// open opens a tab: in a profile of its own if fresh is set, with nothing in any cache,
// else in the one that all the others share.
func (b *bench) open(fresh bool) (*tab, error) {
	var options []chromedp.ContextOption
	if fresh {
		options = append(options, chromedp.WithNewBrowserContext())
	}
	return b.openWith(options...)
}

// beside opens a tab in the profile of another one.
func (b *bench) beside(t *tab) (*tab, error) {
	return b.openWith(chromedp.WithExistingBrowserContext(chromedp.FromContext(t.ctx).BrowserContextID))
}

func (b *bench) openWith(options ...chromedp.ContextOption) (*tab, error) {
	ctx, cancel := chromedp.NewContext(b.ctx, options...)
	return &tab{ctx, cancel}, chromedp.Do(ctx)
}

// do takes steps in the tab.
func (t *tab) do(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(t.ctx, stepTimeout)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// eval returns what a promise in the tab resolves to.
func eval[T any](t *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, stepTimeout)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// signInRequest is one that leads to the login page.
const signInRequest = "/authorize?response_type=code&scope=openid&code_challenge_method=S256" +
	"&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&client_id=" + clientID

// signInAtProvider leaves a session there, so that every sign-in that comes is
// answered at once.
func (b *bench) signInAtProvider(t *tab, issuer string) error {
	return t.do(
		chromedp.Navigate(issuer+signInRequest+"&redirect_uri="+issuer+"/"),
		chromedp.SendKeys("input[name=username]", "demo"),
		chromedp.SendKeys("input[name=password]", "demo"),
		chromedp.Click("button[value=sign-in]"),
		chromedp.WaitNotPresent("input[name=password]"),
	)
}

// wait waits for a report of the page.
func (b *bench) wait(c *client, name string) (report, error) {
	for limit := time.After(stepTimeout); ; {
		select {
		case said := <-c.reports:
			switch said.Name {
			case name:
				return said, nil
			case "failed":
				return said, fmt.Errorf("%s: %s", c.name, said.Error)
			}
		case <-limit:
			return report{}, fmt.Errorf("%s: the page did not say %q", c.name, name)
		case <-b.ctx.Done():
			return report{}, b.ctx.Err()
		}
	}
}

// endWorkers ends the programs that outlive their page, and waits until the
// browser has done it.
func (b *bench) endWorkers(c *client) error {
	for limit := time.After(stepTimeout); ; {
		result, err := chromedp.CallBrowser(b.ctx, target.GetTargets, target.GetTargetsParams{
			Filter: target.Filter{{Type: "shared_worker"}},
		})
		if err != nil {
			return err
		}
		left := false
		for _, info := range result.TargetInfos {
			if strings.HasPrefix(info.URL, c.origin+"/") {
				left = true
				// It fails for one that is about to end.
				_, _ = chromedp.CallBrowser(b.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: info.TargetID})
			}
		}
		if !left {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-limit:
			return fmt.Errorf("%s: its workers do not end", c.name)
		}
	}
}
