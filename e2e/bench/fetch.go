//go:build !js

package main

import (
	"fmt"
	"regexp"
)

// plain is fetch of the browser, by a page that has the token in a variable.
const plain = "plain fetch"

// fetches measures 1,000 requests to an API of the app's origin with the access
// token: one after the other, and six at a time, as many as there are
// connections.
func fetches(b *bench, r *results, what *regexp.Regexp, n int) error {
	for _, way := range []struct {
		name string
		many int
	}{{"fetch/sequential", 1}, {"fetch/6", 6}} {
		if !what.MatchString(way.name) {
			continue
		}
		err := b.inTabs(way.name, modeAPI, 0, n, func(c *client, t *tab) error {
			took, err := eval[float64](t, fmt.Sprintf("bench.calls(1000, %d)", way.many))
			if err != nil {
				return err
			}
			r.add(way.name, c, figureCalls, took)
			if c != b.clients[0] {
				return nil
			}
			took, err = eval[float64](t, fmt.Sprintf("bench.plainCalls(1000, %d)", way.many))
			r.add(way.name, &client{name: plain}, figureCalls, took)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
