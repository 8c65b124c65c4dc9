package session

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

var seedFlag = flag.Uint64("seed", 0, "of the simulation; 0 picks one")

// TestSimulation is a day of a session with short tokens, a network and a
// provider that fail at random, and tabs that come and go. Throughout: one
// refresh request in flight at most, no refresh token used twice (the provider
// reports that), no expired token handed out, every call settles within two
// minutes; and in the end no goroutine is left, or the bubble fails.
func TestSimulation(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: go test -run TestSimulation -seed %d ./session", seed, seed)
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, seed)
		s.run(24*time.Hour, 10_000)
		t.Log(s)
	})
}

// A simulation is a world in which things go wrong.
type simulation struct {
	*world
	begin time.Time

	mu  sync.Mutex
	rnd *rand.Rand // guarded by mu

	away      atomic.Bool // the network
	refreshes atomic.Int32
	faults    atomic.Int64
	calls     atomic.Int64
	refusals  atomic.Int64
	signedIn  int
	renewals  int // of sessions that are over

	clients []*Client
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{world: newWorld(t), begin: time.Now(), rnd: rand.New(rand.NewPCG(seed, 0))}
	s.op.Keys = []*oidctest.Key{oidctest.NewKey("ES256", "key-1")}
	s.op.RefreshTokens = true
	s.op.EditTokenResponse = func(response map[string]any) { response["expires_in"] = 6 + s.dice(10) }
	s.op.Respond = s.respond
	s.registry = NewRegistry(Config{Transport: s, Logf: func(string, ...any) {}})
	return s
}

func (s *simulation) dice(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rnd.IntN(n)
}

func (s *simulation) String() string {
	hours := time.Since(s.begin).Hours()
	return fmt.Sprintf("%.1f hours, %d renewals, %d faults, %d sign-ins, %d calls of which %d failed",
		hours, s.renewals, s.faults.Load(), s.signedIn, s.calls.Load(), s.refusals.Load())
}

// Do is [oidc.Transport].
func (s *simulation) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	if strings.Contains(req.Body, "grant_type=refresh_token") {
		if s.refreshes.Add(1) > 1 {
			s.t.Error("two refresh requests in flight")
		}
		defer s.refreshes.Add(-1)
	}
	time.Sleep(time.Duration(s.dice(200)) * time.Millisecond)
	if s.away.Load() || s.fails(50) {
		return nil, oidc.ErrNetwork
	}
	resp, err := s.transport.Do(ctx, req)
	if err == nil && s.fails(100) { // the provider has done it; the answer breaks off
		return nil, &oidc.TransportError{Status: resp.Status, Err: oidc.ErrNetwork}
	}
	return resp, err
}

// fails is true once in n times.
func (s *simulation) fails(n int) bool {
	if s.dice(n) > 0 {
		return false
	}
	s.faults.Add(1)
	return true
}

// respond is a provider that fails before it has done anything.
func (s *simulation) respond(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
	if endpoint == oidctest.Authorize || !s.fails(30) {
		return false
	}
	faults := []fault{
		status(500), status(502), status(429, "Retry-After", "7"),
		status(503, "Retry-After", "20"), slow, half, hangUp, refuse(400, "temporarily_unavailable"),
	}
	faults[s.dice(len(faults))](w)
	return true
}

// frame is a hidden frame that does not always work.
func (s *simulation) frame(_ context.Context, url string) (string, error) {
	time.Sleep(time.Duration(s.dice(500)) * time.Millisecond)
	switch {
	case s.away.Load(), s.fails(20):
		return "", ErrFrameNoResponse
	case s.fails(40):
		time.Sleep(10 * time.Second)
		return "", oidc.ErrTimeout
	case s.fails(40):
		return "", ErrPageGone
	}
	return s.op.Visit(url), nil
}

// run goes on until both are reached.
func (s *simulation) run(least time.Duration, renewals int) {
	var calls sync.WaitGroup
	for time.Since(s.begin) < least || s.renewals+s.renewed() < renewals {
		s.tabsComeAndGo()
		s.weather()
		c := s.clients[s.dice(len(s.clients))]
		calls.Go(func() { s.call(c) })
		time.Sleep(time.Duration(s.dice(8000)) * time.Millisecond)
	}
	calls.Wait()
	s.renewals += s.renewed()
	_ = s.clients[0].RemoveUser(s.t.Context())
	for _, c := range s.clients {
		c.Close()
	}
	time.Sleep(2 * time.Minute) // a renewal may be in the air
}

func (s *simulation) renewed() int {
	if len(s.clients) == 0 {
		return 0
	}
	stats := s.clients[0].Stats().Renewals
	return stats.Count - stats.Failed
}

func (s *simulation) tabsComeAndGo() {
	if n := len(s.clients); n > 1 && s.dice(20) == 0 {
		i := s.dice(n)
		s.clients[i].Close()
		s.clients = append(s.clients[:i:i], s.clients[i+1:]...)
	}
	if n := len(s.clients); n == 0 || n < 20 && s.dice(20) == 0 {
		tab := newTab(s.op)
		tab.frame = s.frame
		client, err := s.registry.Open(s.settings, tab.page(), Hint{SignedIn: true})
		if err != nil {
			s.t.Fatal(err)
		}
		s.clients = append(s.clients, client)
	}
}

// weather is what happens to the network and at the provider.
func (s *simulation) weather() {
	switch s.dice(500) {
	case 0:
		s.away.Store(true)
	case 1:
		s.op.RevokeRefreshTokens()
	case 2:
		s.op.Edit(func() { s.op.SignedIn = false })
	}
	if s.away.Load() && s.dice(20) == 0 {
		s.away.Store(false)
		for _, c := range s.clients {
			c.Wake()
		}
	}
	if user, _ := s.clients[0].session.current(); user == nil && !s.away.Load() {
		s.signInAgain()
	}
}

// signInAgain is what an app does when the session is over.
func (s *simulation) signInAgain() {
	s.op.Edit(func() { s.op.SignedIn = true })
	tab := newTab(s.op)
	c := s.clients[0]
	c.page.Navigator, c.page.Transactions = tab, tab
	if c.SigninRedirect(s.t.Context(), SigninArgs{}) != nil {
		return
	}
	if _, err := c.SigninCallback(s.t.Context(), s.op.Visit(tab.address)); err == nil {
		s.signedIn++
	}
}

// call is an app that asks for a token.
func (s *simulation) call(c *Client) {
	s.calls.Add(1)
	start := time.Now()
	ask := c.User
	if s.dice(10) == 0 { // something else than the others
		ask = func(ctx context.Context) (*User, error) {
			return c.SigninSilent(ctx, SigninArgs{Scope: []string{"openid", "openid profile"}[s.dice(2)]})
		}
	}
	user, err := ask(s.t.Context())
	if took := time.Since(start); took > 2*time.Minute {
		s.t.Errorf("a call took %v", took)
	}
	switch {
	case err != nil:
		s.refusals.Add(1)
		if user != nil {
			s.t.Error("a user came with an error")
		}
	case user != nil && user.left(time.Now()) <= 0:
		s.t.Error("an expired token is handed out")
	}
}
