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
// KEEPER_FETCHES of them at a time, one after the other.
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
			measure := func(keeps bool) func() float64 {
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
				return func() float64 {
					return eval[float64](tab, fmt.Sprintf(`(async () => {
						const start = performance.now();
						for (let i = 0; i < %d; i++) await um.fetch(%q).then((r) => r.text());
						return performance.now() - start;
					})()`, fetches, s.origin+"/bytes?n=1"))
				}
			}
			with, without := measure(true), measure(false)
			var took [2][]float64
			for range 5 {
				took[0], took[1] = append(took[0], with()), append(took[1], without())
			}
			for _, all := range took {
				slices.Sort(all)
			}
			t.Logf("%d requests: %.0f ms with a keeper, %.0f ms without: %.2f ×; medians of 5", fetches, took[0][2], took[1][2], took[0][2]/took[1][2])
		})
	}
}
