//go:build !js

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
)

// TestKeeperFetches prints how long requests to an API take with a keeper, beside those without, in turn:
// KEEPER_FETCHES of them at a time, one after the other; and token requests, a tenth of that number.
func TestKeeperFetches(t *testing.T) {
	fetches, _ := strconv.Atoi(os.Getenv("KEEPER_FETCHES"))
	if fetches == 0 {
		t.Skip("KEEPER_FETCHES is no number: it prints figures")
	}
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			if inChromium(t) && host == "shared" {
				t.Skip("its shared worker outlives a reload")
			}
			measure := func(keeps bool) func(call string, times int) float64 {
				a := newApp(t)
				a.keeps = keeps
				a.setHost(host)
				newHostile(t, a)
				s := newAPI(t, a, false)
				tab := newTab(t)
				if keeps {
					signInKept(t, a, tab)
				} else {
					tab.visit(a.origin + "/")
					if code := signinCode(tab); code != "" {
						t.Fatal(code)
					}
				}
				eval[bool](tab, fmt.Sprintf("globalThis.url = %q, true", s.origin+"/bytes?n=1"))
				return func(call string, times int) float64 {
					return eval[float64](tab, fmt.Sprintf(`(async () => {
						const start = performance.now();
						for (let i = 0; i < %d; i++) await %s;
						return performance.now() - start;
					})()`, times, call))
				}
			}
			with, without := measure(true), measure(false)
			for _, kind := range []struct {
				name, call string
				times      int
			}{
				{"requests", "um.fetch(url).then((r) => r.text())", fetches},
				{"token requests", "um.signinSilent()", max(fetches/10, 1)},
			} {
				var took [2][]float64
				for range 5 {
					took[0], took[1] = append(took[0], with(kind.call, kind.times)), append(took[1], without(kind.call, kind.times))
				}
				for _, all := range took {
					slices.Sort(all)
				}
				t.Logf("%d %s: %.0f ms with a keeper, %.0f ms without: %.2f ×; medians of 5", kind.times, kind.name, took[0][2], took[1][2], took[0][2]/took[1][2])
			}
		})
	}
}
