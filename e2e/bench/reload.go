//go:build !js

package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/chromedp/chromedp"
)

// reloads measures how long it takes until a page knows who is signed in, from
// the start of the navigation: when it is loaded again, and when a second tab is
// opened beside it.
func reloads(b *bench, r *results, what *regexp.Regexp, n int) error {
	ways := []struct {
		name string
		load func(*client, *tab) (report, error)
	}{
		{"reload", b.reload},
		{"tab", b.secondTab},
	}
	for _, way := range ways {
		for _, delay := range delays {
			name := fmt.Sprintf("%s/%dms", way.name, delay.Milliseconds())
			if !what.MatchString(name) {
				continue
			}
			err := b.inTabs(name, "", delay, n, func(c *client, t *tab) error {
				b.takeCount(c)
				said, err := way.load(c, t)
				if err != nil {
					return err
				}
				r.add(name, c, figureUser, said.Took)
				r.add(name, c, figureProvider, float64(b.takeCount(c).all()))
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) reload(c *client, t *tab) (report, error) {
	if err := t.do(chromedp.Reload()); err != nil {
		return report{}, err
	}
	return b.waitForUser(c)
}

func (b *bench) secondTab(c *client, t *tab) (report, error) {
	second, err := b.beside(t)
	if err != nil {
		return report{}, err
	}
	defer second.close()
	if err := second.do(chromedp.Navigate(c.origin + "/?restore")); err != nil {
		return report{}, err
	}
	return b.waitForUser(c)
}

// waitForUser waits for a page that has been loaded, with somebody signed in.
func (b *bench) waitForUser(c *client) (report, error) {
	said, err := b.wait(c, "loaded")
	if err == nil && said.Subject == "" {
		err = errors.New("nobody is signed in any more")
	}
	return said, err
}
