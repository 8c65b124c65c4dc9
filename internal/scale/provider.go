package scale

import "time"

// A kind is what a request asks for.
type kind int

const (
	authorize kind = iota
	token
	userinfo
	discovery
	keys
	kinds
)

// A provider serves so many requests per second, or none.
type provider struct {
	s        *Scenario
	capacity float64 // per slot; 0 for no limit
	from, to int     // slots of the outage
	budget   float64
	backlog  float64 // requests that wait, where they queue
}

// open begins a slot.
func (p *provider) open(now int) {
	if p.capacity == 0 {
		return
	}
	p.budget = min(p.budget+p.capacity, 2*max(p.capacity, 1))
	if p.s.Excess == Late && now >= p.to {
		p.backlog = max(0, p.backlog-p.capacity)
	}
}

// served tells whether a request is answered; what becomes of it otherwise, and
// how long the provider asks to wait.
func (p *provider) served(now int, what kind) (ok bool, answer Answer, retryAfter time.Duration) {
	switch {
	case now >= p.from && now < p.to:
		retryAfter = p.s.DownFor
		if retryAfter < 0 {
			retryAfter = (time.Duration(p.to-now)*slot + time.Second - 1).Truncate(time.Second)
		}
		return false, p.s.Down, retryAfter
	case p.capacity == 0 || p.s.CDN && (what == discovery || what == keys):
		return true, 0, 0
	case p.s.Excess == Late:
		p.backlog++
		if p.backlog/p.capacity*slot.Seconds() < requestTimeout.Seconds() {
			return true, 0, 0
		}
		return false, Late, 0
	}
	if p.budget >= 1 {
		p.budget--
		return true, 0, 0
	}
	return false, p.s.Excess, p.s.ExcessFor
}
