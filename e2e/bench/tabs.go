//go:build !js

package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/chromedp/chromedp"
)

// length is how long the provider counts.
var length = flag.Duration("length", 2*time.Minute, "how long the requests of 20 tabs are counted")

// manyTabs counts the requests at the provider of 20 tabs, each of which wants
// an access token every 15 seconds, while tokens live for a minute. All clients
// have theirs open at the same time, each in a profile of its own: it counts,
// and takes no times.
func manyTabs(b *bench, r *results, what *regexp.Regexp, _ int) error {
	const tabs = 20
	for _, way := range []struct{ name, mode string }{{"frame", modeShort}, {"refresh", modeShortRefresh}} {
		name := fmt.Sprintf("requests/%dtabs/%s", tabs, way.name)
		if !what.MatchString(name) {
			continue
		}
		fmt.Fprintln(os.Stderr, name)
		open := map[*client][]*tab{}
		for _, c := range b.clients {
			all, err := b.openMany(c, tabs, way.mode)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			open[c] = all
		}
		for _, c := range b.clients {
			b.takeCount(c)
		}
		select {
		case <-time.After(*length):
		case <-b.ctx.Done():
			return b.ctx.Err()
		}
		for _, c := range b.clients {
			asked := b.takeCount(c)
			r.add(name, c, figurePerMinute, float64(asked.all())/length.Minutes())
			r.add(name, c, figureTokenRequests, float64(asked.provider["token"])/length.Minutes())
			signedIn := 0
			for _, t := range open[c] {
				if token, err := eval[string](t, "bench.client.token()"); err == nil && token != "" {
					signedIn++
				}
			}
			r.add(name, c, figureSignedIn, float64(signedIn))
			for _, t := range open[c] {
				t.close()
			}
			if err := b.endWorkers(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// openMany opens tabs in a new profile, in all of which somebody is signed in.
func (b *bench) openMany(c *client, tabs int, mode string) (all []*tab, err error) {
	const busy = "void setInterval(() => bench.client.token().catch(() => {}), 15_000)"
	v, err := b.signIn(c, arrival{fresh: true, mode: mode})
	if err != nil {
		return nil, err
	}
	all = []*tab{v.tab}
	for len(all) < tabs {
		t, err := b.beside(v.tab)
		if err != nil {
			return nil, err
		}
		if err := t.do(chromedp.Navigate(c.origin + "/?restore&mode=" + mode)); err != nil {
			return nil, err
		}
		if _, err := b.waitForUser(c); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	for _, t := range all {
		if err := t.do(chromedp.Evaluate[chromedp.Void](busy)); err != nil {
			return nil, err
		}
	}
	return all, nil
}
