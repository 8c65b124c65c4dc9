//go:build !js

package main

import (
	"context"
	"fmt"
	"regexp"

	"github.com/oidcspa/oidcspa/e2e/engine"
)

// reloadsIn measures the reload in another engine than Chromium: from the start of the
// navigation until the page knows who is signed in. Each client has a tab in one profile.
func reloadsIn(ctx context.Context, name string, s *site, r *results, what *regexp.Regexp, n int) error {
	browser, err := engine.Start(ctx, name)
	if err != nil {
		return err
	}
	defer browser.Stop()
	first, err := browser.Open(ctx, "", nil)
	if err != nil {
		return err
	}
	defer first.Release()
	if err := signInAtProvider(ctx, first, s.issuer); err != nil {
		return err
	}
	b := &bench{site: s, ctx: ctx}
	tabs := map[*client]engine.Tab{}
	for _, c := range s.clients {
		tab, err := browser.Open(ctx, first.Window().Profile, nil)
		if err != nil {
			return err
		}
		defer tab.Release()
		if err := b.signInIn(ctx, tab, c); err != nil {
			return err
		}
		tabs[c] = tab
	}
	for _, delay := range delays {
		row := fmt.Sprintf("reload/%s/%dms", name, delay.Milliseconds())
		if !what.MatchString(row) {
			continue
		}
		s.delay.Store(int64(delay))
		err := b.rounds(row, n, func(c *client) error {
			b.takeCount(c)
			if err := tabs[c].Reload(ctx); err != nil {
				return err
			}
			said, err := b.waitForUser(c)
			if err != nil {
				return err
			}
			r.add(row, c, figureUser, said.Took)
			r.add(row, c, figureProvider, float64(b.takeCount(c).all()))
			return nil
		})
		s.delay.Store(0)
		if err != nil {
			return err
		}
	}
	return nil
}

// signInAtProvider is [bench.signInAtProvider] in any engine.
func signInAtProvider(ctx context.Context, tab engine.Tab, issuer string) error {
	if err := tab.Navigate(ctx, issuer+signInRequest+"&redirect_uri="+issuer+"/"); err != nil {
		return err
	}
	for name, text := range map[string]string{"username": "demo", "password": "demo"} {
		if err := tab.Type(ctx, "input[name="+name+"]", text); err != nil {
			return err
		}
	}
	if err := tab.Click(ctx, "button[value=sign-in]"); err != nil {
		return err
	}
	return holds(ctx, tab, "!document.querySelector('input[name=password]')")
}

// signInIn signs in with a client.
func (b *bench) signInIn(ctx context.Context, tab engine.Tab, c *client) error {
	if err := tab.Navigate(ctx, c.origin+"/"); err != nil {
		return err
	}
	if said, err := b.wait(c, "loaded"); err != nil || said.Subject != "" { // it has found the session by itself
		return err
	}
	if err := tab.Click(ctx, "button"); err != nil {
		return err
	}
	_, err := b.wait(c, "signed in")
	return err
}

// holds waits until an expression is true.
func holds(ctx context.Context, tab engine.Tab, expression string) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	for ctx.Err() == nil {
		if is, err := tab.Holds(ctx, expression); err == nil && is { // an error: the page goes on
			return nil
		}
	}
	return fmt.Errorf("%s: %w", expression, ctx.Err())
}
