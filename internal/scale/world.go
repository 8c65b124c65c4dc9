package scale

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/session/pace"
)

const (
	before = 2 * time.Minute // the outage; what is steady is counted then
	limit  = 3 * time.Hour   // after it

	visitorTries = 10
)

// A world is a scenario while it goes on.
type world struct {
	Scenario
	rnd      *rand.Rand
	start    time.Time
	now      time.Time
	at       int // the slot of now
	provider provider
	clients  []client
	slots    [][]int
	free     [][]int
	tries    []uint8 // of visitors
	waiting  int
	stuck    int             // of those who waited
	renewals []time.Duration // of those who waited, after the return
	persons  []time.Duration
	report   Report
}

// Run simulates a scenario; the same seed brings the same.
func Run(s Scenario) Report {
	w := newWorld(s)
	for w.at = 0; w.at < len(w.slots); w.at++ {
		w.now = w.start.Add(time.Duration(w.at) * slot)
		w.provider.open(w.at)
		if w.at == w.provider.to {
			w.back()
		}
		w.looks()
		w.visits()
		w.due()
		if w.at > w.provider.to && w.waiting == 0 && w.now.Sub(w.returned()) > 2*w.Lifetime {
			break
		}
	}
	return w.finish()
}

func newWorld(s Scenario) *world {
	w := &world{
		Scenario: s,
		//lint:ignore gosec G404: a simulation, repeatable by its seed
		rnd:     rand.New(rand.NewPCG(s.Seed, 0)),
		start:   time.Unix(0, 0),
		clients: make([]client, s.Clients),
		slots:   make([][]int, int((before+s.Outage+limit)/slot)),
	}
	w.now = w.start
	w.provider = provider{s: &w.Scenario, from: int(before / slot), to: int((before + s.Outage) / slot)}
	w.report = Report{Scenario: s, Seconds: make([]uint32, len(w.slots)/10+1), Return: w.provider.to / 10}
	for i := range w.clients {
		c := &w.clients[i]
		notice := peerNotice
		if s.Policy == Ours {
			notice = pace.Due(pace.Notice(s.Lifetime, time.Minute), w.rnd.Float64())
		}
		next := time.Duration(w.rnd.Float64() * float64(s.Lifetime-notice))
		c.expires = w.start.Add(next + notice)
		c.metadata = w.start.Add(-w.some(metadataLifetime))
		c.keys = w.start.Add(-w.some(keysLifetime))
		c.blocked = w.rnd.Float64() < s.Blocked
		w.schedule(i, w.start.Add(next))
	}
	return w
}

func (w *world) some(d time.Duration) time.Duration {
	return time.Duration(w.rnd.Float64() * float64(d))
}

func (w *world) returned() time.Time { return w.start.Add(before + w.Outage) }

// ask sends a request.
func (w *world) ask(what kind) (ok bool, answer Answer, retryAfter time.Duration) {
	w.report.Requests++
	w.report.Seconds[w.at/10]++
	return w.provider.served(w.at, what)
}

// schedule has client i renew at a time, and not when it was to before.
func (w *world) schedule(i int, at time.Time) {
	next := max(int((at.Sub(w.start)+slot-1)/slot), w.at+1)
	if i < len(w.clients) {
		if w.clients[i].slot == next {
			return // it is there already
		}
		w.clients[i].slot = next
	}
	if next >= len(w.slots) {
		return
	}
	if w.slots[next] == nil && len(w.free) > 0 {
		w.slots[next], w.free = w.free[len(w.free)-1], w.free[:len(w.free)-1]
	}
	w.slots[next] = append(w.slots[next], i)
}

// due does what this slot holds.
func (w *world) due() {
	list := w.slots[w.at]
	w.slots[w.at] = nil
	w.rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for _, i := range list {
		switch {
		case i >= len(w.clients):
			w.visit(i)
		case w.clients[i].slot != w.at:
		case w.Policy == Ours:
			w.attempt(i)
		case w.Policy == Fixed:
			w.attemptNaively(i)
		default:
			w.attemptAsPeer(i)
		}
	}
	if list != nil {
		w.free = append(w.free, list[:0])
	}
}

// looks are the people who look at their tabs in this slot.
func (w *world) looks() {
	if w.Policy != Ours {
		return
	}
	used := w.used()
	for range w.count(used, w.LookEvery) {
		w.look(w.rnd.IntN(used))
	}
	for range w.count(len(w.clients)-used, w.OtherEvery) {
		w.look(used + w.rnd.IntN(len(w.clients)-used))
	}
}

// used is how many clients somebody works with: the first ones.
func (w *world) used() int { return int(w.InUse * float64(len(w.clients))) }

func (w *world) inUse(i int) bool { return i < w.used() }

// count is how many of n do in this slot what each does so often.
func (w *world) count(n int, every time.Duration) int {
	if every == 0 {
		return 0
	}
	return w.round(float64(n) * slot.Seconds() / every.Seconds())
}

// round rounds by chance.
func (w *world) round(x float64) int { return int(math.Floor(x + w.rnd.Float64())) }

// visits are the people who sign in for the first time in this slot.
func (w *world) visits() {
	for range w.round(w.Visitors * slot.Seconds()) {
		w.tries = append(w.tries, 0)
		w.visit(len(w.clients) + len(w.tries) - 1)
	}
}

// visit is a sign-in. Who meets an error tries again after a while, some times.
func (w *world) visit(i int) {
	for _, what := range []kind{discovery, authorize, token, keys} {
		if ok, _, _ := w.ask(what); !ok {
			if tries := &w.tries[i-len(w.clients)]; *tries < visitorTries {
				*tries++
				w.schedule(i, w.now.Add(5*time.Second+w.some(time.Minute)))
			}
			return
		}
	}
}

// renewed gives client i a token.
func (w *world) renewed(i int, due time.Duration) {
	c := &w.clients[i]
	if c.waited {
		c.waited = false
		w.waiting--
		w.renewals = append(w.renewals, w.now.Sub(w.returned()))
	}
	if !c.asked.IsZero() && !w.now.Before(w.returned()) {
		since := c.asked
		if since.Before(w.returned()) {
			since = w.returned()
		}
		w.persons = append(w.persons, w.now.Sub(since))
	}
	c.asked = time.Time{}
	c.failure = pace.Failure{}
	c.expires = w.now.Add(w.Lifetime)
	w.schedule(i, c.expires.Add(-due))
}

func (w *world) signOut(i int) {
	c := &w.clients[i]
	if c.waited {
		c.waited = false
		w.waiting--
	}
	c.out, c.slot = true, 0
	w.report.Out++
}

// back notes who waits when the provider comes back.
func (w *world) back() {
	w.provider.capacity = w.Capacity * slot.Seconds()
	for i := range w.clients {
		c := &w.clients[i]
		if c.failure.Attempts > 0 && !c.out {
			w.report.Waiting++
			if c.stuck {
				w.stuck++
				continue
			}
			c.waited = true
			w.waiting++
		}
	}
}

// steady is how many requests there were per second before the outage.
func (w *world) steady() float64 {
	sum := 0.0
	for _, n := range w.report.Seconds[:int(before/time.Second)] {
		sum += float64(n)
	}
	return sum / before.Seconds()
}

func (w *world) finish() Report {
	r := &w.report
	r.Steady = w.steady()
	r.Seconds = r.Seconds[:min(w.at/10, len(r.Seconds))]
	r.During = slices.Max(append([]uint32{0}, r.Seconds[int(before/time.Second):r.Return]...))
	r.Half, r.Nearly, r.All = w.until(0.5), w.until(0.99), w.until(1)
	r.Person = quantile(w.persons, 0.99)
	after := r.Seconds[r.Return:]
	r.Peak = slices.Max(append([]uint32{0}, after...))
	end := len(after)
	if r.Nearly >= 0 {
		end = min(end, int(r.Nearly/time.Second)+1)
	}
	busy := slices.Clone(after[:end])
	if len(busy) > 0 {
		r.P99 = quantile(busy, 0.99)
	}
	return *r
}

// until is when so many of those were renewed who waited and were not signed
// out; negative if that did not happen.
func (w *world) until(part float64) time.Duration {
	all := len(w.renewals) + w.waiting + w.stuck
	at := int(math.Ceil(part*float64(all))) - 1
	switch {
	case at >= len(w.renewals):
		return -1
	case at < 0:
		return 0
	}
	slices.Sort(w.renewals)
	return w.renewals[at]
}

// quantile is the value that the part q of values does not exceed.
func quantile[T time.Duration | uint32](values []T, q float64) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(int(q*float64(len(values))), len(values)-1)]
}
