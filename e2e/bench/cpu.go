//go:build !js

package main

import (
	"regexp"
	"time"

	"github.com/chromedp/chromedp"
)

// processor measures how long the main thread of the page is busy during a
// sign-in and during a reload, and what all of the browser uses meanwhile: a
// worker and the network are in there, too. The system has the figures: those of
// the DevTools protocol (Performance.getMetrics) begin anew with each document.
func processor(b *bench, r *results, what *regexp.Regexp, n int) error {
	ways := []struct {
		name string
		act  func(*client, *tab) error
	}{
		{"cpu/signin", b.clickAndWait},
		{"cpu/reload", func(c *client, t *tab) error { _, err := b.reload(c, t); return err }},
	}
	for _, way := range ways {
		if !what.MatchString(way.name) {
			continue
		}
		if err := b.warmUp(); err != nil {
			return err
		}
		err := b.rounds(way.name, n, func(c *client) error {
			t, err := b.openForCPU(c, way.name == "cpu/reload")
			if err != nil {
				return err
			}
			<-time.After(settle)
			page, err := b.processOf(t)
			if err != nil {
				return err
			}
			before, err := b.used()
			if err != nil {
				return err
			}
			if err := way.act(c, t); err != nil {
				return err
			}
			<-time.After(settle)
			after, err := b.used()
			if err != nil {
				return err
			}
			now, err := b.processOf(t)
			if err != nil {
				return err
			}
			busy := max(after.main[page]-before.main[page], 0) // it may be gone
			if now != page {                                   // the browser has put the new document into another one
				busy += after.main[now] - before.main[now]
			}
			r.add(way.name, c, figureMain, busy)
			r.add(way.name, c, figureAll, after.all-before.all)
			return b.leave(t, c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// openForCPU opens the page, with somebody signed in or not.
func (b *bench) openForCPU(c *client, signedIn bool) (*tab, error) {
	if signedIn {
		v, err := b.signIn(c, arrival{})
		return v.tab, err
	}
	t, err := b.open(false)
	if err != nil {
		return nil, err
	}
	if err := t.do(chromedp.Navigate(c.origin + "/?mode=" + modeClick)); err != nil {
		return nil, err
	}
	_, err = b.wait(c, "loaded")
	return t, err
}

func (b *bench) clickAndWait(c *client, t *tab) error {
	if err := t.click(false); err != nil {
		return err
	}
	_, err := b.wait(c, "signed in")
	return err
}
