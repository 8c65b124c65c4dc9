//go:build !js

package main

import (
	"errors"
	"time"
)

// settle is how long what follows a report may take.
const settle = 300 * time.Millisecond

// signedIn signs in with each client, and leaves their tabs open until leave.
func (b *bench) signedIn(mode string) (leave func() error, tabs map[*client]*tab, err error) {
	tabs = map[*client]*tab{}
	leave = func() error {
		var failed error
		for c, t := range tabs {
			failed = errors.Join(failed, b.leave(t, c))
		}
		return failed
	}
	for _, c := range b.clients {
		v, err := b.signIn(c, arrival{mode: mode})
		if err != nil {
			return nil, nil, errors.Join(err, leave())
		}
		tabs[c] = v.tab
	}
	return leave, tabs, nil
}

// inTabs measures each client n times in a tab where somebody is signed in, with
// what that takes in the caches.
func (b *bench) inTabs(name, mode string, delay time.Duration, n int, measure func(*client, *tab) error) error {
	if err := b.warmUp(); err != nil {
		return err
	}
	leave, tabs, err := b.signedIn(mode)
	if err != nil {
		return err
	}
	b.delay.Store(int64(delay))
	err = b.rounds(name, n, func(c *client) error { return measure(c, tabs[c]) })
	b.delay.Store(0)
	return errors.Join(err, leave())
}
