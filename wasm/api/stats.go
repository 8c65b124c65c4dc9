package api

import (
	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/session"
)

// statsJSON are the arguments of "stats".
type statsJSON struct {
	Collect bool `json:"collect"`
}

// statsResult is the result of "stats".
type statsResult struct {
	Runtime   Runtime                `json:"runtime"`
	Requests  map[string]measureJSON `json:"requests"`
	Renewals  measureJSON            `json:"renewals"`
	Restores  measureJSON            `json:"restores"`
	Retries   int                    `json:"retries"`
	Unwatched session.Unwatched      `json:"unwatched,omitempty"`
	Start     *startJSON             `json:"start,omitempty"`
	Signin    *session.SigninPhases  `json:"signin,omitempty"`
}

// HostPhases are what the program's host says of it: where it runs, and when it got how
// far before that, in milliseconds since the epoch; 0 is unknown.
type HostPhases struct {
	Host     string `json:"host,omitempty"`     // "shared", "dedicated" or "page"
	Script   int64  `json:"script,omitempty"`   // the host's own script ran
	Answered int64  `json:"answered,omitempty"` // the answer with the wasm began
	Received int64  `json:"received,omitempty"` // all of it was there
	Compiled int64  `json:"compiled,omitempty"` // it was compiled and instantiated
	Main     int64  `json:"main,omitempty"`     // Go's main ran
}

// A Host is what the JavaScript around the program says.
type Host struct {
	HostPhases

	// Keeps says that it keeps what the program gives for the next one, and Taken is
	// what the one before has given; see [session.Registry.TakeOver].
	Keeps bool   `json:"keeps"`
	Taken string `json:"taken"`
}

// ParseHost reads what the host says; what cannot be read is unknown.
func ParseHost(text string) (h Host) {
	if strictjson.Unmarshal([]byte(text), &h) != nil {
		return Host{}
	}
	return h
}

// startJSON is how the page came to its connection.
type startJSON struct {
	HostPhases
	By      string `json:"by,omitempty"`      // the first call; or see prepareJSON
	Running bool   `json:"running,omitempty"` // main ran before the page called
	Called  int64  `json:"called,omitempty"`  // the page called for the program
	Opened  int64  `json:"opened,omitempty"`  // the connection was open
}

// calledJSON says when the page made a call, before it had the program.
type calledJSON struct {
	Called float64 `json:"called"` // milliseconds since the epoch
}

// asks notes that the page has made a call. Those that only follow another one
// need no program. The caller holds c.mu.
func (c *Connection) asks(method string, params []byte) {
	if c.start.By != "" || method == "stayActive" || method == "silentRenew" || method == "monitorSession" {
		return
	}
	c.start.By = method
	var j prepareJSON
	if method == "prepare" && decode(params, &j) == nil && (j.By == "intent" || j.By == "idle") {
		c.start.By = j.By
	}
}

// measureJSON counts something that takes time.
type measureJSON struct {
	Count  int   `json:"count"`
	Failed int   `json:"failed"`
	Time   int64 `json:"time"` // of all together, milliseconds
}

func newMeasureJSON(m session.Measure) measureJSON {
	return measureJSON{Count: m.Count, Failed: m.Failed, Time: m.Time.Milliseconds()}
}

func (c *Connection) stats(params []byte) (statsResult, error) {
	var j statsJSON
	if err := decode(params, &j); err != nil {
		return statsResult{}, err
	}
	result := statsResult{Requests: map[string]measureJSON{}}
	if c.Runtime != nil {
		result.Runtime = c.Runtime(j.Collect)
	}
	c.mu.Lock()
	client, start := c.client, c.start
	c.mu.Unlock()
	if client == nil {
		return result, nil
	}
	start.HostPhases = c.Host
	start.Running = start.Main > 0 && start.Main <= start.Called
	result.Start = &start
	stats := client.Stats()
	result.Signin = stats.Signin
	for kind, measure := range stats.Requests {
		result.Requests[kind] = newMeasureJSON(measure)
	}
	result.Renewals, result.Restores = newMeasureJSON(stats.Renewals), newMeasureJSON(stats.Restores)
	result.Retries, result.Unwatched = stats.Retries, stats.Unwatched
	return result, nil
}

// wake hears that the page is shown again, or online again, or that another page
// has written what it keeps. A page of an earlier release does not say what that is.
func (c *Connection) wake(params []byte) {
	c.mu.Lock()
	client := c.client
	c.mu.Unlock()
	if client == nil {
		return
	}
	var kept hintJSON
	if decode(params, &kept) == nil && kept.Order != nil {
		client.Hinted(kept.hint())
	}
	client.Wake()
}
