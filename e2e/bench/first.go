//go:build !js

package main

import (
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/chromedp/chromedp"
)

// pointing is how long somebody has the pointer over a button before the
// click.
const pointing = 120 * time.Millisecond

// delays are those of each answer of the provider.
var delays = []time.Duration{0, 50 * time.Millisecond}

// firstSignIn measures a sign-in of somebody who has the page open, whose
// provider has a session, and for whom nothing runs yet: from the click to
// the request at the provider, from its answer to the user, and all of it.
// Cold is a profile in which only the page has been loaded. Warm is one in
// which the same sign-in was made before: HTTP cache and code cache have what
// they want to have, no program runs.
func firstSignIn(b *bench, r *results, what *regexp.Regexp, n int) error {
	for _, cache := range []string{"warm", "cold"} {
		for _, way := range []string{"plain", "intent"} {
			for _, delay := range delays {
				name := fmt.Sprintf("first/%s/%s/%dms", cache, way, delay.Milliseconds())
				if !what.MatchString(name) {
					continue
				}
				if cache == "warm" {
					if err := b.warmUp(); err != nil {
						return err
					}
				}
				err := b.rounds(name, n, func(c *client) error {
					v, err := b.signIn(c, arrival{mode: modeClick, fresh: cache == "cold", intent: way == "intent", delay: delay})
					if err != nil {
						return err
					}
					arrived, answered := float64(b.arrived.Load())/1000, float64(b.answered.Load())/1000
					r.add(name, c, figureRequest, arrived-v.said.Click)
					r.add(name, c, figureAnswer, v.said.At-answered)
					r.add(name, c, figureClick, v.said.At-v.said.Click)
					return b.leave(v.tab, c)
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// rounds measures each client n times, in turn, and another one first in each
// round.
func (b *bench) rounds(name string, n int, measure func(*client) error) error {
	fmt.Fprintln(os.Stderr, name)
	for i := range n {
		for j := range b.clients {
			c := b.clients[(i+j)%len(b.clients)]
			if err := measure(c); err != nil {
				return fmt.Errorf("%s: %s: %w", name, c.name, err)
			}
		}
	}
	return nil
}

// warmUp makes the sign-ins that came before, often enough for V8 to keep the
// code of the scripts. The pages stay open for as long as V8 takes to keep the
// code of a program in WebAssembly, too.
func (b *bench) warmUp() error {
	if b.warm {
		return nil
	}
	b.warm = true
	t, err := b.open(false)
	if err != nil {
		return err
	}
	defer t.close()
	if err := b.signInAtProvider(t, b.issuer); err != nil {
		return fmt.Errorf("the provider: %w", err)
	}
	for range 3 {
		leave, _, err := b.signedIn(modeClick)
		if err != nil {
			return err
		}
		<-time.After(5 * time.Second)
		if err := leave(); err != nil {
			return err
		}
	}
	return nil
}

// An arrival is how somebody comes to a user.
type arrival struct {
	mode   string
	fresh  bool // in a profile of its own
	intent bool // with the pointer over the button, before the click
	delay  time.Duration
}

// A visit is one that has come to a user.
type visit struct {
	tab  *tab
	said report
}

// signIn opens the page and signs in.
func (b *bench) signIn(c *client, how arrival) (v visit, err error) {
	if v.tab, err = b.open(how.fresh); err != nil {
		return v, err
	}
	if how.fresh {
		issuer := b.issuer
		if other, ok := c.modes[how.mode]["authority"].(string); ok {
			issuer = other
		}
		if err := b.signInAtProvider(v.tab, issuer); err != nil {
			return v, fmt.Errorf("the provider: %w", err)
		}
	}
	b.delay.Store(int64(how.delay))
	defer b.delay.Store(0)
	address := c.origin + "/?mode=" + how.mode
	if how.intent {
		address += "&intent"
	}
	if err := v.tab.do(chromedp.MouseEvent(chromedp.MouseMoved, 400, 400), chromedp.Navigate(address)); err != nil {
		return v, err
	}
	if v.said, err = b.wait(c, "loaded"); err != nil || v.said.Subject != "" { // it has found the session by itself
		return v, err
	}
	if err := v.tab.click(how.intent); err != nil {
		return v, err
	}
	v.said, err = b.wait(c, "signed in")
	return v, err
}

// leave closes the page. Nothing remains but what is in the caches.
func (b *bench) leave(t *tab, c *client) error {
	defer t.close()
	if _, err := chromedp.Run(t.ctx, chromedp.Evaluate[chromedp.Void]("localStorage.clear(), sessionStorage.clear()")); err != nil {
		return err
	}
	t.close()
	return b.endWorkers(c)
}

// click clicks on the button, and points at it before if intent is set.
func (t *tab) click(intent bool) error {
	const x, y = 100, 25
	if intent {
		if err := t.do(chromedp.MouseEvent(chromedp.MouseMoved, x, y)); err != nil {
			return err
		}
		<-time.After(pointing)
	}
	return t.do(
		chromedp.MouseEvent(chromedp.MousePressed, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent(chromedp.MouseReleased, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)),
	)
}
