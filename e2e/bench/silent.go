//go:build !js

package main

import (
	"fmt"
	"regexp"
)

// renewals measures how long new tokens take, in a page that is open: by a
// hidden frame, and by a refresh token.
func renewals(b *bench, r *results, what *regexp.Regexp, n int) error {
	for _, way := range []struct{ name, mode string }{{"frame", ""}, {"refresh", modeRefresh}} {
		for _, delay := range delays {
			name := fmt.Sprintf("silent/%s/%dms", way.name, delay.Milliseconds())
			if !what.MatchString(name) {
				continue
			}
			err := b.inTabs(name, way.mode, delay, n, func(c *client, t *tab) error {
				b.takeCount(c)
				took, err := eval[float64](t, "bench.renew()")
				if err != nil {
					return err
				}
				asked := b.takeCount(c)
				if frames := asked.provider["authorize"] > 0; frames != (way.name == "frame") {
					return fmt.Errorf("it was not renewed by %s: %v", way.name, asked.provider)
				}
				r.add(name, c, figureRenewed, took)
				r.add(name, c, figureProvider, float64(asked.all()))
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
