package api

import "github.com/oidcspa/oidcspa/session"

// statsResult is the result of "stats".
type statsResult struct {
	Runtime  Runtime                `json:"runtime"`
	Requests map[string]measureJSON `json:"requests"`
	Renewals measureJSON            `json:"renewals"`
	Restores measureJSON            `json:"restores"`
	Retries  int                    `json:"retries"`
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

func (c *Connection) stats() statsResult {
	result := statsResult{Requests: map[string]measureJSON{}}
	if c.Runtime != nil {
		result.Runtime = c.Runtime()
	}
	c.mu.Lock()
	client := c.client
	c.mu.Unlock()
	if client == nil {
		return result
	}
	stats := client.Stats()
	for kind, measure := range stats.Requests {
		result.Requests[kind] = newMeasureJSON(measure)
	}
	result.Renewals, result.Restores = newMeasureJSON(stats.Renewals), newMeasureJSON(stats.Restores)
	result.Retries = stats.Retries
	return result
}

// wake hears that the page is shown again, or online again.
func (c *Connection) wake() {
	c.mu.Lock()
	client := c.client
	c.mu.Unlock()
	if client != nil {
		client.Wake()
	}
}
