//go:build !js

package main

import (
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/chromedp/chromedp"
)

// blank is a page without any client, to subtract.
const blank = "no client"

// rest is how long the browser comes to rest before its memory is read.
const rest = 5 * time.Second

// memories measures what a browser of its own occupies with so many tabs in
// which somebody is signed in.
func memories(b *bench, r *results, what *regexp.Regexp, n int) error {
	for _, tabs := range []int{1, 10} {
		name := fmt.Sprintf("memory/%dtabs", tabs)
		if tabs == 1 {
			name = "memory/1tab"
		}
		if !what.MatchString(name) {
			continue
		}
		measure := func(c *client, open func(*bench, *client, int) error) error {
			own, err := startBrowser(b.parent, b.site)
			if err != nil {
				return err
			}
			defer own.close()
			if err := open(own, c, tabs); err != nil {
				return err
			}
			<-time.After(rest)
			occupied, err := own.memory()
			if err != nil {
				return err
			}
			r.add(name, c, figureMemory, occupied)
			return nil
		}
		for range n {
			if err := b.rounds(name, 1, func(c *client) error { return measure(c, openSignedIn) }); err != nil {
				return err
			}
			fmt.Fprintln(os.Stderr, name, blank)
			if err := measure(&client{name: blank, origin: b.clients[0].origin}, openBlank); err != nil {
				return err
			}
		}
	}
	return nil
}

func openSignedIn(b *bench, c *client, tabs int) error {
	v, err := b.signIn(c, arrival{fresh: true})
	for i := 1; i < tabs && err == nil; i++ {
		var t *tab
		if t, err = b.beside(v.tab); err != nil {
			break
		}
		if err = t.do(chromedp.Navigate(c.origin + "/?restore")); err != nil {
			break
		}
		_, err = b.waitForUser(c)
	}
	return err
}

func openBlank(b *bench, c *client, tabs int) error {
	t, err := b.open(true)
	for i := 0; i < tabs && err == nil; i++ {
		if i > 0 {
			if t, err = b.beside(t); err != nil {
				break
			}
		}
		err = t.do(chromedp.Navigate(c.origin + "/blank.html"))
	}
	return err
}
