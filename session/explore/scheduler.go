//go:build !js

package explore

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// A ticket is a goroutine that may go on, or something that may happen. Tickets
// are numbered before anybody waits, by who runs alone then, so that the numbers
// do not depend on who comes first.
type ticket struct {
	number uint64
	what   string
	owner  *program      // whose goroutine it is; nil for the world's
	let    chan struct{} // closed to let the goroutine go on
	happen func()        // or what happens
	queue  string        // of one queue the first comes first
	held   func() bool   // it cannot be yet
	news   bool          // what programs and pages tell each other
	far    bool          // something outside the program: time may pass before it
	hears  func()        // it is what a program does with news; may be nil
	seen   bool          // it could have happened
	until  int           // the step that it is kept back to
}

// A scheduler holds everything that could happen next.
type scheduler struct {
	dice *rand.Rand
	seed uint64

	hears func()               // of the tickets that are issued now
	stuck func(t *ticket) bool // what takes long now; see [world.whileStuck]; may be nil

	mu      sync.Mutex
	numbers uint64    // guarded by mu, as all below
	waiting int       // goroutines that have a ticket and have not come with it
	ready   []*ticket // by number
	arrived chan struct{}
	tickets []*ticket // of [scheduler.possible]
	queues  []string
	early   []*ticket

	steps int
	trace *strings.Builder // nil: nobody reads it
	began time.Time
	late  uint64 // one in so many is kept back for long; 0: none
}

// issue returns a new ticket.
func (s *scheduler) issue(what string, owner *program) *ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.numbers++
	return &ticket{number: s.numbers, what: what, owner: owner, hears: s.hears}
}

// put says that a ticket could be picked.
func (s *scheduler) put(t *ticket) {
	s.mu.Lock()
	at, _ := slices.BinarySearchFunc(s.ready, t.number, func(t *ticket, number uint64) int { return cmp.Compare(t.number, number) })
	s.ready = slices.Insert(s.ready, at, t)
	s.mu.Unlock()
	s.stir()
}

// stir ends a rest: something can happen.
func (s *scheduler) stir() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

// gate is [session.Config].Gate of a program.
func (s *scheduler) gate(owner *program, what string) func() { return s.wait(s.issue(what, owner)) }

// wait returns what has a goroutine wait with a ticket. The scheduler counts it
// from now on.
func (s *scheduler) wait(t *ticket) func() {
	s.mu.Lock()
	s.waiting++
	s.mu.Unlock()
	return func() {
		deepen(false)
		t.let = make(chan struct{})
		s.mu.Lock()
		s.waiting--
		s.mu.Unlock()
		s.put(t)
		<-t.let
	}
}

var nowhere int // the compiler does not know

// deepen makes the stack of a goroutine as large as most of them need it, at once: to
// grow it step by step costs the more the more is on it. The room is never used.
//
//go:noinline
func deepen(use bool) byte {
	if !use {
		return 0
	}
	var room [7 << 10]byte
	return room[nowhere]
}

// pass has who calls wait until it is let: something that takes its time.
func (s *scheduler) pass(what string, owner *program, held func() bool) {
	t := s.issue(what, owner)
	t.far, t.held = true, held
	s.wait(t)()
}

// later has something happen at a time that the dice pick.
func (s *scheduler) later(what, queue string, held func() bool, happen func()) {
	t := s.issue(what, nil)
	t.happen, t.queue, t.held, t.far = happen, queue, held, true
	s.put(t)
}

// tell is later for news.
func (s *scheduler) tell(what, queue string, held func() bool, happen func()) {
	t := s.issue(what, nil)
	t.happen, t.queue, t.held, t.far, t.news = happen, queue, held, true, true
	s.put(t)
}

// possible returns what could happen now, and whether some of it is inside a
// program, which takes no time.
func (s *scheduler) possible() (_ []*ticket, near bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tickets, queues := s.tickets[:0], s.queues[:0]
	for _, t := range s.ready {
		if t.queue != "" {
			if slices.Contains(queues, t.queue) {
				continue
			}
			queues = append(queues, t.queue)
		}
		if t.owner != nil && t.owner.asleep() || t.held != nil && t.held() || s.stuck != nil && s.stuck(t) {
			continue
		}
		tickets = append(tickets, t)
		near = near || !t.far
	}
	s.tickets, s.queues = tickets, queues
	return tickets, near
}

// step lets one thing happen; false if nothing can. All goroutines wait before it, and
// after it.
func (s *scheduler) step() bool {
	tickets, _ := s.possible()
	if len(tickets) == 0 {
		return false
	}
	s.early = s.early[:0]
	for _, t := range tickets {
		if !s.isLate(t) {
			s.early = append(s.early, t)
		}
	}
	if len(s.early) > 0 {
		tickets = s.early
	}
	s.let(tickets[s.dice.IntN(len(tickets))])
	return true
}

// isLate keeps a few tickets back for a number of steps of their own: orders in
// which something takes long are rare among those of even dice.
func (s *scheduler) isLate(t *ticket) bool {
	if s.late == 0 {
		return false
	}
	if !t.seen {
		t.seen = true
		if x := mix(s.seed, t.number); x%s.late == 0 {
			t.until = s.steps + 5 + int(x>>58) // at most 63
		}
	}
	return s.steps < t.until
}

// let lets a ticket happen, and everything that follows without another one.
func (s *scheduler) let(t *ticket) {
	s.mu.Lock()
	if at := slices.Index(s.ready, t); at >= 0 {
		s.ready = slices.Delete(s.ready, at, at+1)
	}
	s.mu.Unlock()
	s.steps++
	if s.trace != nil {
		who := ""
		if t.owner != nil {
			who = t.owner.name + ": "
		}
		s.say("%d %s%s", t.number, who, t.what)
	}
	if t.hears != nil {
		t.hears()
	}
	if t.happen != nil {
		t.happen()
	} else {
		close(t.let)
	}
	synctest.Wait()
}

// rest has time pass, at most d: it ends when something could happen. Inside of
// programs nothing takes time.
func (s *scheduler) rest(d time.Duration) {
	select {
	case <-s.arrived:
	default:
	}
	if _, near := s.possible(); near {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.arrived:
	case <-timer.C:
	}
	synctest.Wait()
}

// say writes a line of the trace.
func (s *scheduler) say(format string, args ...any) {
	if s.trace != nil {
		fmt.Fprintf(s.trace, "%10.3f ", time.Since(s.began).Seconds())
		fmt.Fprintf(s.trace, format+"\n", args...)
	}
}

// mix is a hash of two numbers.
func mix(a, b uint64) uint64 {
	x := a ^ b*0x9e3779b97f4a7c15
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
