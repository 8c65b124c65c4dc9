// Package scale counts what many clients ask of a provider: on a day like any
// other, and after an outage. The clients of the simulation decide with package
// pace, as those in browsers do; everything else is a model, described in
// docs/scale.md.
package scale

import "time"

// slot is the grain of the simulation: what happens in one, happens at once.
const slot = 100 * time.Millisecond

const (
	requestTimeout   = 10 * time.Second // of a request, and of a hidden frame
	metadataLifetime = time.Hour
	keysLifetime     = time.Hour
)

// An Answer is what becomes of a request that the provider does not serve.
type Answer int

// The answers.
const (
	Gone Answer = iota // no connection
	Busy               // 503, at once
	Slow               // nothing for as long as anybody waits; nothing is done
	Late               // the same, but what was asked for is done later: requests queue
)

// A Policy is how a client behaves.
type Policy int

// The policies.
const (
	Ours       Policy = iota // package pace
	Fixed                    // renews a minute before the end, and tries again every 5 s
	PeerTokens               // oidc-client-ts 3.5.0 with refresh tokens
	PeerFrames               // oidc-client-ts 3.5.0 without
)

// A Scenario is a provider that goes away for a while, and those who need it.
type Scenario struct {
	Name     string
	Clients  int
	Lifetime time.Duration // of access tokens
	Frames   bool          // there are no refresh tokens
	Blocked  float64       // share of the browsers whose hidden frames see no session
	Policy   Policy

	Outage     time.Duration
	Down       Answer        // during the outage
	DownFor    time.Duration // Retry-After then; as long as the outage lasts if negative
	Capacity   float64       // requests per second afterwards; 0 for no limit
	Excess     Answer        // to those above it
	ExcessFor  time.Duration // Retry-After to them
	CDN        bool          // discovery and keys are served whatever happens after the outage
	InUse      float64       // share of the clients that somebody works with
	LookEvery  time.Duration // how often these show the tab, reload it, or come online
	OtherEvery time.Duration // and the others
	Visitors   float64       // sign-ins per second

	Seed uint64
}

// A Report is what a simulation came to.
type Report struct {
	Scenario
	Steady   float64  // requests per second before the outage
	Seconds  []uint32 // requests in each second
	Return   int      // the second in which the provider is back
	During   uint32   // the most requests in a second of the outage
	Peak     uint32   // and after it
	P99      uint32   // of the seconds from then until nearly all are renewed
	Waiting  int      // clients whose renewal had failed when the provider came back
	Half     time.Duration
	Nearly   time.Duration // until 99 % of them were renewed
	All      time.Duration // until all were, less those who are not any more; negative if the time was up before
	Person   time.Duration // 99 of 100 who worked with an expired token had a new one so long after
	Out      int           // clients that were signed out
	Stuck    int           // clients that try nothing any more, with a token that expires
	Requests uint64
	Wasted   uint64 // token responses that no client could use
}
