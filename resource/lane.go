package resource

import (
	"errors"
	"sync/atomic"
	"time"
)

const (
	// laneTime is how long somebody waits for a place in a lane at most.
	laneTime = 5 * time.Second

	// laneLength is how many wait for one at most: so much memory anybody can take.
	laneLength = 2_000
)

// ErrTooManyInquiries means that a provider is asked about as many tokens as the settings
// allow, and that no place has come free in time.
var ErrTooManyInquiries = errors.New("resource: too many inquiries")

// A lane bounds how many are under way at a time. Who comes when there is no place waits: the
// provider sets the pace, and a crowd of a second, as after a restart, passes in some.
type lane struct {
	places  chan struct{} // has room for those under way
	waiting atomic.Int64
}

func newLane(places int) *lane { return &lane{places: make(chan struct{}, places)} }

// enter takes a place, in the order of those who come, or fails with [ErrTooManyInquiries].
func (l *lane) enter() error {
	select {
	case l.places <- struct{}{}:
		return nil
	default:
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > laneLength {
		return ErrTooManyInquiries
	}
	timer := time.NewTimer(laneTime)
	defer timer.Stop()
	select {
	case l.places <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrTooManyInquiries
	}
}

// leave gives a place back.
func (l *lane) leave() { <-l.places }
