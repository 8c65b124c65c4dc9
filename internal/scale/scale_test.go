package scale

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// What has to hold after every outage, for ten thousand clients.
func TestOutages(t *testing.T) {
	const clients = 10_000
	tests := []struct {
		name             string
		lifetime, outage time.Duration
		edit             func(*Scenario)
		peak             float64       // requests per second after the outage, for each client
		all              time.Duration // until the last one is renewed
	}{
		{"no connection", 5 * time.Minute, 10 * time.Minute, func(*Scenario) {}, 0.03, 15 * time.Minute},
		{"no connection for an hour", time.Hour, time.Hour, func(*Scenario) {}, 0.03, 35 * time.Minute},
		{"tokens of an hour", time.Hour, 10 * time.Minute, func(*Scenario) {}, 0.03, 35 * time.Minute},
		{"503", 5 * time.Minute, 10 * time.Minute, func(s *Scenario) { s.Down = Busy }, 0.03, 15 * time.Minute},
		{"503 until a date", 5 * time.Minute, 10 * time.Minute, func(s *Scenario) { s.Down, s.DownFor = Busy, -1 }, 0.012, 20 * time.Minute},
		{"503 until a date, tokens of an hour", time.Hour, time.Hour, func(s *Scenario) { s.Down, s.DownFor = Busy, -1 }, 0.05, 35 * time.Minute},
		{"then Retry-After", 5 * time.Minute, 10 * time.Minute, func(s *Scenario) { s.ExcessFor = 30 * time.Second }, 0.03, 15 * time.Minute},
		{"then no answer", 5 * time.Minute, 10 * time.Minute, func(s *Scenario) { s.Excess = Slow }, 0.03, 20 * time.Minute},
		{"then answers to discovery alone", 5 * time.Minute, 10 * time.Minute, func(s *Scenario) { s.Excess, s.CDN = Slow, true }, 0.04, 20 * time.Minute},
		{"frames", time.Hour, 10 * time.Minute, func(s *Scenario) { s.Frames, s.Blocked = true, 0 }, 0.04, 40 * time.Minute},
		{"frames, discovery answers", time.Hour, time.Hour, func(s *Scenario) { s.Frames, s.Blocked, s.CDN = true, 0, true }, 0.04, 40 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Run(Outage(clients, tt.lifetime, tt.outage).With(tt.name, tt.edit))
			t.Logf("peak %.4f, all %v\n%s%s", float64(r.Peak)/clients, r.All, OutageHead, r.Row())
			if r.Out > 0 || r.Stuck > 0 {
				t.Errorf("%d signed out, %d try nothing any more", r.Out, r.Stuck)
			}
			if peak := float64(r.Peak) / clients; peak > tt.peak {
				t.Errorf("%.4f requests per second and client after the outage, want %.4f at most", peak, tt.peak)
			}
			if r.All < 0 || r.All > tt.all {
				t.Errorf("all are renewed after %v, want %v at most", r.All, tt.all)
			}
		})
	}
}

// The same seed brings the same, and naive clients are told from this one.
func TestComparison(t *testing.T) {
	run := func(p Policy) Report {
		s := Outage(10_000, 5*time.Minute, 10*time.Minute)
		s.Policy = p
		return Run(s)
	}
	ours := run(Ours)
	if again := run(Ours); again.Requests != ours.Requests || again.All != ours.All {
		t.Errorf("%d requests, then %d", ours.Requests, again.Requests)
	}
	if naive := run(Fixed); naive.Peak < 5*ours.Peak {
		t.Errorf("a peak of %d, and of %d for naive clients", ours.Peak, naive.Peak)
	}
	if peer := run(PeerTokens); peer.Stuck < peer.Clients*9/10 {
		t.Errorf("%d clients that try nothing again do so", peer.Stuck)
	}
}

// The table of a day is what the counts come to.
func TestDocument(t *testing.T) {
	document, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(document), DayTable()) {
		t.Error("the table of a day is out of date: go run ./internal/scale/report")
	}
}

// The picture is XML, with a line for each report.
func TestPicture(t *testing.T) {
	s := Outage(100, 5*time.Minute, 10*time.Minute)
	picture := Picture([]Report{Run(s.With("one", func(*Scenario) {})), Run(s.With("two", func(*Scenario) {}))})
	decoder, lines := xml.NewDecoder(strings.NewReader(picture)), 0
	for {
		element, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := element.(xml.StartElement); ok && start.Name.Local == "path" && strings.Contains(fmt.Sprint(start.Attr), "stroke-width") {
			lines++
		}
	}
	if lines != 2 || strings.Contains(picture, "NaN") || strings.Contains(picture, "Inf") {
		t.Errorf("%d lines:\n%s", lines, picture)
	}
}
