//go:build !js

package e2e

import (
	"slices"
	"testing"
)

// reloadTime is what the test app measured when it was loaded.
const reloadTime = `firstUser.then(([user, milliseconds]) => user ? milliseconds : -1)`

// BenchmarkReload measures what a reload costs the user: milliseconds from
// new UserManager to a resolved getUser() with a user, for each host. Run it
// with -benchtime 30x for 30 reloads.
func BenchmarkReload(b *testing.B) {
	for _, host := range hosts {
		b.Run(host, func(b *testing.B) {
			a := newApp(b)
			a.setHost(host)
			p := newGoOIDC(b, a, options{})
			tab := newTab(b)
			tab.visit(a.origin + "/")
			p.signIn(tab)
			var times []float64
			for range b.N {
				tab.reload()
				tab.waitReady()
				times = append(times, eval[float64](tab, reloadTime))
			}
			report(b, times)
			if user := eval[string](tab, userState); user != "somebody" {
				b.Errorf("getUser: %s", user)
			}
		})
	}
}

// BenchmarkRenewal measures what a renewal takes in the page: milliseconds from
// signinSilent() to the user, with a refresh token and with a hidden frame.
func BenchmarkRenewal(b *testing.B) {
	for _, way := range []string{"refresh token", "frame"} {
		b.Run(way, func(b *testing.B) {
			a := newApp(b)
			p := newGoOIDC(b, a, options{refreshTokens: way == "refresh token"})
			if way == "refresh token" {
				a.set("scope", "openid offline_access")
			}
			tab := newTab(b)
			tab.visit(a.origin + "/")
			p.signIn(tab)
			var times []float64
			for range b.N {
				times = append(times, eval[float64](tab, `(async () => {
					const start = performance.now();
					await um.signinSilent();
					return performance.now() - start;
				})()`))
			}
			report(b, times)
		})
	}
}

// report gives the percentiles of times, which are milliseconds.
func report(b *testing.B, times []float64) {
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2], "p50-ms")
	b.ReportMetric(times[len(times)*95/100], "p95-ms")
	b.ReportMetric(times[len(times)-1], "max-ms")
	b.ReportMetric(0, "ns/op") // what else happens is the browser's
}
