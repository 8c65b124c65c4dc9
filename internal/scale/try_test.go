package scale

import (
	"os"
	"strconv"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	n := 20000
	if s := os.Getenv("N"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	base := Scenario{Clients: n, Blocked: 0.3, InUse: 0.1, LookEvery: 30 * time.Second, OtherEvery: time.Hour, Visitors: float64(n) / 28800, Capacity: float64(n) / 100, Seed: 1}
	for _, life := range []time.Duration{5 * time.Minute, time.Hour} {
		for _, out := range []time.Duration{10 * time.Minute, time.Hour} {
			for _, v := range []struct {
				name        string
				down        Answer
				dfor        time.Duration
				ex          Answer
				xfor        time.Duration
				cdn, frames bool
			}{
				{"gone/503", Gone, 0, Busy, 0, false, false},
				{"503/503", Busy, 0, Busy, 0, false, false},
				{"until/503", Busy, -1, Busy, 0, false, false},
				{"503/503+30", Busy, 0, Busy, 30 * time.Second, false, false},
				{"gone/slow", Gone, 0, Slow, 0, false, false},
				{"gone/slow cdn", Gone, 0, Slow, 0, true, false},
				{"gone/late", Gone, 0, Late, 0, false, false},
				{"frames gone/503", Gone, 0, Busy, 0, false, true},
				{"frames gone/503 cdn", Gone, 0, Busy, 0, true, true},
			} {
				for _, p := range []Policy{Ours, Fixed, PeerTokens, PeerFrames} {
					if p != Ours && (v.name != "gone/503" && v.name != "gone/late") {
						continue
					}
					s := base
					s.Lifetime, s.Outage, s.Policy = life, out, p
					s.Down, s.DownFor, s.Excess, s.ExcessFor, s.CDN, s.Frames = v.down, v.dfor, v.ex, v.xfor, v.cdn, v.frames
					if s.Frames {
						s.Blocked = 0
					}
					b := time.Now()
					r := Run(s)
					t.Logf("%4v %4v %-20s p%d steady %6.0f during %5.1fx peak %6.1fx p99 %5.1fx wait %6d half %v near %v all %v person %v out %d stuck %d wasted %d req %d (%v)", life, out, v.name, p, r.Steady, float64(r.During)/r.Steady, float64(r.Peak)/r.Steady, float64(r.P99)/r.Steady, r.Waiting, r.Half.Round(time.Second), r.Nearly.Round(time.Second), r.All.Round(time.Second), r.Person.Round(time.Second), r.Out, r.Stuck, r.Wasted, r.Requests, time.Since(b).Round(time.Millisecond))
				}
			}
		}
	}
}
