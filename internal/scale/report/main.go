// Command report writes the tables and the picture of docs/scale.md: the counts
// of a day, and with -outages a million clients after an outage, which takes
// minutes.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/scale"
)

const document, picture = "docs/scale.md", "docs/scale.svg"

func main() {
	outages := flag.Bool("outages", false, "simulate the outages, too")
	clients := flag.Int("clients", 1_000_000, "in the simulation")
	flag.Parse()
	replace("days", scale.DayTable())
	if *outages {
		replace("outages", simulate(*clients))
	}
}

// replace puts text between the markers of that name.
func replace(name, text string) {
	old, err := os.ReadFile(document)
	if err != nil {
		log.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
	head, rest, found := strings.Cut(string(old), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		log.Fatalf("%s has no markers for %s", document, name)
	}
	//lint:ignore gosec G703: a name of ours
	if err := os.WriteFile(document, []byte(head+begin+"\n"+text+"\n"+end+tail), 0o644); err != nil {
		log.Fatal(err)
	}
}

// simulate returns the table, and draws the picture.
func simulate(clients int) string {
	short := scale.Outage(clients, 5*time.Minute, 10*time.Minute)
	drawn := []scale.Scenario{
		short.With("this client", func(*scale.Scenario) {}),
		short.With("naive: every 5 s", func(s *scale.Scenario) { s.Policy = scale.Fixed }),
		short.With("oidc-client-ts, refresh tokens", func(s *scale.Scenario) { s.Policy = scale.PeerTokens }),
		short.With("oidc-client-ts, frames", func(s *scale.Scenario) { s.Policy, s.Blocked = scale.PeerFrames, 0 }),
	}
	rest := []scale.Scenario{
		short.With("503 with a date, then 503", func(s *scale.Scenario) { s.Down, s.DownFor = scale.Busy, -1 }),
		short.With("then no answer", func(s *scale.Scenario) { s.Excess, s.CDN = scale.Slow, true }),
		scale.Outage(clients, time.Hour, 10*time.Minute).With("this client", func(*scale.Scenario) {}),
		scale.Outage(clients, time.Hour, time.Hour).With("this client", func(*scale.Scenario) {}),
		scale.Outage(clients, time.Hour, 8*time.Hour).With("this client", func(*scale.Scenario) {}),
	}
	var table strings.Builder
	table.WriteString(scale.OutageHead)
	var reports []scale.Report
	for i, scenario := range append(drawn, rest...) {
		begin := time.Now()
		report := scale.Run(scenario)
		table.WriteString(report.Row())
		fmt.Print(time.Since(begin).Round(time.Second), " ", report.Row())
		if i < len(drawn) {
			reports = append(reports, report)
		}
		if i+1 == len(drawn) {
			if err := os.WriteFile(picture, []byte(scale.Picture(reports)), 0o644); err != nil {
				log.Fatal(err)
			}
		}
	}
	return table.String()
}
