package scale

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/session/pace"
)

// A Day is what a user does in a working day with an app.
type Day struct {
	Name     string
	Hours    int
	Lifetime time.Duration
	Tabs     int // from the first minute to the last
	Reloads  int // of all tabs together
}

// Days are those of docs/scale.md. Each begins with one sign-in, and the apps
// need a good token all day long in each tab.
var Days = []Day{
	{"one tab, tokens of 5 min", 8, 5 * time.Minute, 1, 0},
	{"one tab, tokens of 1 h", 8, time.Hour, 1, 0},
	{"5 tabs, 10 reloads, 5 min", 8, 5 * time.Minute, 5, 10},
	{"5 tabs, 10 reloads, 1 h", 8, time.Hour, 5, 10},
	{"20 tabs, 5 min", 8, 5 * time.Minute, 20, 0},
	{"20 tabs, 1 h", 8, time.Hour, 20, 0},
}

// Counts are requests by what they ask for.
type Counts [kinds]int

// A Peer is a client, as what it asks for at each event.
type Peer struct {
	Name    string
	Sign    Counts                            // the sign-in
	Tab     Counts                            // another tab
	Reload  Counts                            // one
	Hour    Counts                            // passes
	Renewal Counts                            // one
	Life    func(time.Duration) time.Duration // of a token until it is renewed
	Shared  bool                              // the tabs share renewals
}

// Peers are this client and the others, with refresh tokens. Where each number
// comes from is in docs/scale.md.
var Peers = []Peer{
	{
		Name: "this client",
		Sign: Counts{authorize: 1, token: 1, discovery: 1, keys: 1}, Hour: Counts{discovery: 1, keys: 1},
		Renewal: Counts{token: 1}, Shared: true,
		Life: func(life time.Duration) time.Duration {
			return life - pace.Due(pace.Notice(life, time.Minute), 0.5)
		},
	},
	{
		Name: "oidc-client-ts, its default store",
		Sign: Counts{authorize: 1, token: 1, discovery: 2}, Tab: Counts{authorize: 1, token: 1, discovery: 1},
		Reload: Counts{discovery: 1}, Renewal: Counts{token: 1},
		Life: func(life time.Duration) time.Duration { return life - peerNotice },
	},
	{
		Name: "oidc-client-ts, tokens in memory",
		Sign: Counts{authorize: 1, token: 1, discovery: 2}, Tab: Counts{authorize: 1, token: 1, discovery: 1},
		Reload: Counts{authorize: 1, token: 1, discovery: 1}, Renewal: Counts{token: 1},
		Life: func(life time.Duration) time.Duration { return life - peerNotice },
	},
	{
		Name: "oidc-spa 10",
		Sign: Counts{authorize: 2, token: 1, discovery: 1}, Tab: Counts{authorize: 1, token: 1, discovery: 1},
		Reload: Counts{authorize: 1, token: 1}, Renewal: Counts{token: 1},
		Life: func(life time.Duration) time.Duration { return life - 30*time.Second },
	},
}

// Of returns what a peer asks for in a day.
func (d Day) Of(p Peer) (sum Counts) {
	hours := time.Duration(d.Hours) * time.Hour
	renewals := int(math.Floor(float64(hours) / float64(p.Life(d.Lifetime))))
	renewing := d.Tabs
	if p.Shared {
		renewing = 1
	}
	for i := range sum {
		sum[i] = p.Sign[i] + (d.Tabs-1)*p.Tab[i] + d.Reloads*p.Reload[i] + (d.Hours-1)*p.Hour[i] + renewing*renewals*p.Renewal[i]
	}
	return sum
}

// DayTable is the table of docs/scale.md.
func DayTable() string {
	var b strings.Builder
	b.WriteString("| a day of 8 hours | client | authorize | token | userinfo | discovery | keys | all |\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	for _, day := range Days {
		for _, peer := range Peers {
			sum, all := day.Of(peer), 0
			for _, n := range sum {
				all += n
			}
			fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %d |\n", day.Name, peer.Name,
				sum[authorize], sum[token], sum[userinfo], sum[discovery], sum[keys], all)
		}
	}
	return b.String()
}
