//go:build !js

package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/chromedp/chromedp"
)

// anonymous measures what a page costs those who never sign in: how long it
// takes until it knows that there is nobody, from the start of the navigation,
// and what is loaded. Cold is a profile that has never seen the page.
func anonymous(b *bench, r *results, what *regexp.Regexp, n int) error {
	for _, cache := range []string{"cold", "warm"} {
		for _, delay := range delays {
			name := fmt.Sprintf("anonymous/%s/%dms", cache, delay.Milliseconds())
			if !what.MatchString(name) {
				continue
			}
			open, done, err := b.strangers(cache == "warm")
			if err != nil {
				return err
			}
			b.delay.Store(int64(delay))
			err = b.rounds(name, n, func(c *client) error {
				t, err := open(c)
				if err != nil {
					return err
				}
				b.takeCount(c)
				said, err := b.look(c, t)
				if err != nil {
					return err
				}
				loaded := b.takeCount(c)
				r.add(name, c, figureNobody, said.Took)
				r.add(name, c, figureSize, float64(loaded.bytes)/1000)
				r.add(name, c, figureApp, float64(loaded.app))
				r.add(name, c, figureProvider, float64(loaded.all()))
				return b.leave(t, c)
			})
			b.delay.Store(0)
			done()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// strangers returns what opens a tab in a profile without any session: one that
// has seen the client's page a few times if warm is set, else a new one.
func (b *bench) strangers(warm bool) (open func(*client) (*tab, error), done func(), err error) {
	if !warm {
		return func(*client) (*tab, error) { return b.open(true) }, func() {}, nil
	}
	profiles := map[*client]*tab{}
	done = func() {
		for _, t := range profiles {
			t.close()
		}
	}
	for _, c := range b.clients {
		t, err := b.open(true)
		if err != nil {
			done()
			return nil, nil, err
		}
		profiles[c] = t
		for range 3 {
			second, err := b.beside(t)
			if err == nil {
				_, err = b.look(c, second)
				second.close()
			}
			if err != nil {
				done()
				return nil, nil, err
			}
		}
	}
	return func(c *client) (*tab, error) { return b.beside(profiles[c]) }, done, nil
}

// look loads the page of somebody who is not signed in.
func (b *bench) look(c *client, t *tab) (report, error) {
	if err := t.do(chromedp.Navigate(c.origin + "/")); err != nil {
		return report{}, err
	}
	said, err := b.wait(c, "loaded")
	if err == nil && said.Subject != "" {
		err = fmt.Errorf("%s: somebody is signed in", c.name)
	}
	<-time.After(settle)
	return said, err
}
