package scale

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Outage is a scenario of so many clients, with what all scenarios share: one in
// ten is being worked with, three in ten have browsers whose frames are blind,
// each user signs in once in eight hours, and the provider serves a hundredth of
// the clients per second when it is back.
func Outage(clients int, lifetime, outage time.Duration) Scenario {
	return Scenario{
		Clients: clients, Lifetime: lifetime, Outage: outage,
		Down: Gone, Excess: Busy, Capacity: float64(clients) / 100, Blocked: 0.3,
		InUse: 0.1, LookEvery: time.Minute, OtherEvery: time.Hour,
		Visitors: float64(clients) / (8 * 60 * 60), Seed: 1,
	}
}

// With returns the scenario, changed.
func (s Scenario) With(name string, change func(*Scenario)) Scenario {
	s.Name = name
	change(&s)
	return s
}

// OutageHead is the head of the table of docs/scale.md, and Row a row of it.
const OutageHead = "| tokens | away | who and how | steady /s | most during | most after | p99 after | half back | 99 % back | all back | p99 of those at work | signed out | stuck |\n" +
	"|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"

// Row is the report as a row.
func (r Report) Row() string {
	person := "not simulated"
	if r.Policy == Ours {
		person = short(r.Person)
	}
	return fmt.Sprintf("| %s | %s | %s | %.0f | %d | %d | %d | %s | %s | %s | %s | %d | %d |\n",
		short(r.Lifetime), short(r.Scenario.Outage), r.Name, r.Steady, r.During, r.Peak, r.P99,
		short(r.Half), short(r.Nearly), short(r.All), person, r.Out, r.Stuck)
}

// short is a time in a table.
func short(d time.Duration) string {
	switch {
	case d < 0:
		return "never"
	case d%time.Minute == 0 && d < time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour && d%time.Hour != 0:
		return fmt.Sprintf("%.1f min", d.Minutes())
	}
	return fmt.Sprintf("%.3g h", d.Hours())
}

// Picture is an SVG of requests per second over time, for reports of outages of
// the same length, on a scale that is a power of ten per line.
func Picture(reports []Report) string {
	const width, height, left, top, step = 760, 320, 60, 20, 5
	colours := []string{"#2f81f7", "#d1495b", "#b8860b", "#3fa34d"}
	seconds := 0
	for _, r := range reports {
		seconds = max(seconds, min(len(r.Seconds), r.Return+900))
	}
	x := func(s int) float64 { return left + float64(s)*(width-left-10)/float64(seconds) }
	y := func(n float64) float64 { return top + (height-top-40)*(1-math.Log10(max(n, 1))/6) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height+22*len(reports))
	b.WriteString("<title>Requests per second before, during and after an outage</title>\n<style>text{fill:#57606a}.l{stroke:#8b949e;stroke-opacity:.4}@media(prefers-color-scheme:dark){text{fill:#adbac7}}</style>\n")
	for power, n := 0, 1.0; power <= 6; power, n = power+1, n*10 {
		fmt.Fprintf(&b, `<path class="l" d="M%d %.0fH%d"/><text x="%d" y="%.0f" text-anchor="end">%.0f</text>`+"\n", left, y(n), width-10, left-6, y(n)+4, n)
	}
	for minute := 0; minute*60 <= seconds; minute += 5 {
		fmt.Fprintf(&b, `<text x="%.0f" y="%d" text-anchor="middle">%d min</text>`+"\n", x(minute*60), height-22, minute)
	}
	back := reports[0].Return
	fmt.Fprintf(&b, `<rect x="%.0f" y="%d" width="%.0f" height="%d" fill="#8b949e" fill-opacity=".15"/>`+"\n",
		x(int(before/time.Second)), top, x(back)-x(int(before/time.Second)), height-top-40)
	for i, r := range reports {
		fmt.Fprintf(&b, `<path fill="none" stroke="%s" stroke-width="1.5" d="`, colours[i%len(colours)])
		for s := 0; s+step <= min(len(r.Seconds), seconds); s += step {
			sum := 0.0
			for _, n := range r.Seconds[s : s+step] {
				sum += float64(n)
			}
			fmt.Fprintf(&b, "%c%.1f %.1f", "ML"[min(s, 1)], x(s), y(sum/step))
		}
		fmt.Fprintf(&b, `"/><text x="%d" y="%d"><tspan fill="%s">■</tspan> %s</text>`+"\n", left, height+22*i+6, colours[i%len(colours)], r.Name)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
