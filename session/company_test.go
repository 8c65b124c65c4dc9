package session

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// mute makes the frames of a tab never answer, as the program then sees it.
func (t *tab) mute() {
	t.set(func() {
		t.frame = func(ctx context.Context, _ string) (string, error) {
			t.mu.Lock()
			limit := t.frameTimeout + 10*time.Second
			t.mu.Unlock()
			select {
			case <-ctx.Done():
				return "", context.Cause(ctx)
			case <-time.After(limit):
				return "", fmt.Errorf("%w (%w)", oidc.ErrTimeout, ErrPageGone)
			}
		}
	})
}

const day = 24 * time.Hour

// occupations are what a tab does whose page never answers.
var occupations = []struct {
	name string
	do   func(ctx context.Context, c *Client)
}{
	{"a frame for a day", func(ctx context.Context, c *Client) {
		go func() { _, _ = c.SigninSilent(ctx, SigninArgs{ForceFrame: true, Timeout: day}) }()
	}},
	{"the frame that others want, too", func(ctx context.Context, c *Client) {
		go func() { _, _ = c.SigninSilent(ctx, SigninArgs{}) }()
	}},
	{"many frames", func(ctx context.Context, c *Client) {
		for i := range 100 {
			go func() {
				_, _ = c.SigninSilent(ctx, SigninArgs{ForceFrame: true, Scope: fmt.Sprint("openid s", i), Timeout: day})
			}()
		}
	}},
	{"many renewals with the refresh token", func(ctx context.Context, c *Client) {
		for i := range 100 {
			go func() { _, _ = c.SigninSilent(ctx, SigninArgs{Scope: fmt.Sprint("openid s", i), Timeout: day}) }()
		}
	}},
	{"tokens for resources", func(ctx context.Context, c *Client) {
		for i := range 5 {
			go func() { _, _ = c.session.resourceToken(ctx, c, fmt.Sprint("https://api.example.test/", i)) }()
		}
	}},
	{"what the app does", func(ctx context.Context, c *Client) {
		go func() { _, _ = c.User(ctx) }()
	}},
	{"nothing", func(context.Context, *Client) {}},
}

// A page that never answers keeps no other tab from anything for more than a
// minute, whatever it began, whatever its settings say, and whether it is still
// there or not.
func TestPageThatNeverAnswers(t *testing.T) {
	wants := []struct {
		name string
		do   func(ctx context.Context, c *Client) error
	}{
		{"User", func(ctx context.Context, c *Client) error { _, err := c.User(ctx); return err }},
		{"SigninSilent", func(ctx context.Context, c *Client) error {
			_, err := c.SigninSilent(ctx, SigninArgs{})
			return err
		}},
		{"a token for a resource", func(ctx context.Context, c *Client) error {
			_, err := c.session.resourceToken(ctx, c, "https://api.example.test/0")
			return err
		}},
		{"StoreUser", func(ctx context.Context, c *Client) error {
			user := *c.Current()
			return c.StoreUser(ctx, &user)
		}},
	}
	for _, occupied := range occupations {
		for _, want := range wants {
			for i := range 8 {
				refresh, closes, restores := i&1 != 0, i&2 != 0, i&4 != 0
				if restores && want.name == "StoreUser" {
					continue // nobody is there
				}
				name := fmt.Sprintf("%s, then %s, refresh token %t, closed %t, restored %t", occupied.name, want.name, refresh, closes, restores)
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t)
						w.op.RefreshTokens = refresh
						w.op.Lifetime = 30 * time.Second
						w.settings.ManualRenew = true
						for range 2 {
							silent, silentTab := w.open(true)
							silentTab.mute()
							defer silent.Close()
						}
						honest, honestTab := w.open(true)
						if !restores {
							w.signIn(honest, honestTab)
							time.Sleep(29 * time.Second)
						}
						w.settings.SilentTimeout = day
						silent, silentTab := w.open(true)
						silentTab.mute()
						ctx, cancel := context.WithCancel(t.Context())
						occupied.do(ctx, silent)
						synctest.Wait()
						if closes {
							cancel() // as its connection does
							silent.Close()
						}
						w.settings.SilentTimeout = 0
						start := time.Now()
						err := want.do(t.Context(), honest)
						if restores && want.name == "a token for a resource" {
							if err == nil {
								t.Error("nobody has got a token")
							}
						} else if err != nil {
							t.Error(err)
						}
						if took := time.Since(start); took > time.Minute {
							t.Errorf("it took %v", took)
						}
						cancel()
						silent.Close()
						_ = honest.RemoveUser(t.Context())
						honest.Close()
						time.Sleep(2 * time.Minute) // nothing is left that waits
					})
				})
			}
		}
	}
}

// The renewal that no page asks for goes on without the page that is silent,
// and what that failed with is forgotten with it.
func TestRenewalWithoutSilentPage(t *testing.T) {
	for _, silentFirst := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.Lifetime = 5 * time.Minute
			var honest, silent *Client
			var honestTab, silentTab *tab
			open := func() {
				w.settings.SilentTimeout = day
				silent, silentTab = w.open(false)
				silentTab.mute()
				w.settings.SilentTimeout = 0
			}
			if silentFirst {
				open()
			}
			honest, honestTab = w.open(false)
			if !silentFirst {
				open()
			}
			w.signIn(honest, honestTab)
			w.op.ResetRequests()
			for range 12 {
				time.Sleep(5 * time.Minute)
				if user := honest.Current(); user == nil || user.left(time.Now()) <= 0 {
					t.Fatalf("after %d renewals the token has expired", w.op.Count(oidctest.Token))
				}
			}
			synctest.Wait()
			if silentTab.frames > 1 {
				t.Errorf("the silent page was asked %d times", silentTab.frames)
			}
			silent.Close()
			_ = honest.RemoveUser(t.Context())
		})
	}
}

// What a page says of its frames counts as long as it is there.
func TestFailureOfAPageThatIsGone(t *testing.T) {
	for _, lie := range []error{oidc.ErrTimeout, ErrFrameNoResponse, oidc.ErrInvalidArgument} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.Lifetime = 10 * time.Minute
			honest, honestTab := w.open(true)
			w.signIn(honest, honestTab)
			liar, liarTab := w.open(true)
			liarTab.frame = func(context.Context, string) (string, error) { return "", lie }
			for range 20 { // the pause after a failure grows
				_ = liar.session.keep(t.Context(), liar, honest.Current())
				time.Sleep(3 * time.Second)
			}
			liar.Close()
			if honest.session.provider.frameBlocked(w.settings.RedirectURI) {
				t.Errorf("%v: frames count as blocked", lie)
			}
			if _, err := honest.User(t.Context()); err != nil {
				t.Errorf("%v: User = %v", lie, err)
			}
			if err := honest.session.keep(t.Context(), honest, honest.Current()); err != nil {
				t.Errorf("%v: a renewal after the liar is gone: %v", lie, err)
			}
			_ = honest.RemoveUser(t.Context())
		})
	}
}

// A tab that sleeps is passed over: nothing is asked of it, and nobody waits for
// it, until it says something.
func TestTabThatSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime = 3 * time.Minute
		sleeper, sleeperTab := w.open(false)
		honest, honestTab := w.open(false)
		w.signIn(honest, honestTab)
		sleeperTab.mute()
		sleeper.Sleeps(true)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if sleeperTab.frames > 0 || honestTab.frames == 0 {
			t.Errorf("%d frames were asked of the tab that sleeps, %d of the other", sleeperTab.frames, honestTab.frames)
		}
		honest.Close()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if sleeperTab.frames > 0 {
			t.Error("alone it was asked")
		}
		sleeperTab.set(func() { sleeperTab.frame = nil })
		sleeper.Sleeps(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if user := sleeper.Current(); user == nil || user.left(time.Now()) <= 0 {
			t.Error("the token was not renewed when it woke up")
		}
		_ = sleeper.RemoveUser(t.Context())
	})
}

// However many tabs never answer, they are asked once.
func TestWilling(t *testing.T) {
	s := &session{}
	tab := func() *Client { c := &Client{session: s}; s.clients = append(s.clients, c); return c }
	late, fresh, early, asleep, last := tab(), tab(), tab(), tab(), tab()
	early.served(nil)
	late.served(nil)
	late.served(ErrPageGone)
	last.served(oidc.ErrProvider)
	asleep.asleep.Store(true)
	for _, tt := range []struct {
		preferred *Client
		want      []*Client
	}{
		{nil, []*Client{last, early, fresh, late}},
		{fresh, []*Client{fresh, last, early, late}},
		{late, []*Client{late, last, early, fresh}},
		{asleep, []*Client{last, early, fresh, late}},
	} {
		if got := s.willing(tt.preferred); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("willing = %v, want %v", got, tt.want)
		}
	}
}

// An idle end, and a watch over the provider's session, go on as the tabs want
// it that are there.
func TestSettingsOfATabThatIsGone(t *testing.T) {
	tests := []struct {
		name     string
		gone     IdleSettings
		stays    IdleSettings
		signsOut time.Duration // after the sign-in; 0 for never
	}{
		{"none stays", IdleSettings{Timeout: time.Hour}, IdleSettings{}, 0},
		{"a longer one stays", IdleSettings{Timeout: time.Hour}, IdleSettings{Timeout: 3 * time.Hour}, 3 * time.Hour},
		{"a shorter one stays", IdleSettings{Timeout: 3 * time.Hour}, IdleSettings{Timeout: time.Hour}, time.Hour},
		{"the same stays", IdleSettings{Timeout: time.Hour}, IdleSettings{Timeout: time.Hour}, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings.Idle = tt.gone
				first, tab := w.open(false)
				w.settings.Idle = tt.stays
				second, _ := w.open(false)
				w.signIn(first, tab)
				start := time.Now()
				time.Sleep(time.Minute + time.Millisecond)
				first.Close()
				for second.Current() != nil && time.Since(start) < day {
					time.Sleep(time.Second)
				}
				if took := time.Since(start).Round(time.Second); tt.signsOut == 0 && took < day || tt.signsOut > 0 && took != tt.signsOut {
					t.Errorf("signed out after %v, want %v", took, tt.signsOut)
				}
				_ = second.RemoveUser(t.Context())
				second.Close()
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.CheckSession = true
		w.settings.Monitor = MonitorSettings{Session: true, Interval: time.Millisecond}
		first, tab := w.open(false)
		w.settings.Monitor.Interval = time.Minute
		checked := newChecker()
		page := newTab(w.op).page()
		page.Checker = checked
		second, err := w.registry.Open(w.settings, page, Hint{})
		if err != nil {
			t.Fatal(err)
		}
		w.signIn(first, tab)
		first.Close()
		time.Sleep(time.Second)
		before := checked.count()
		time.Sleep(time.Hour)
		if n := checked.count() - before; n < 59 || n > 61 {
			t.Errorf("%d questions an hour, want one a minute", n)
		}
		_ = second.RemoveUser(t.Context())
		second.Close()
	})
}

// newChecker is a provider's frame for which nothing changes.
func newChecker() *unchanged { return &unchanged{} }

type unchanged struct {
	mu    sync.Mutex
	asked int
}

func (c *unchanged) CheckSession(context.Context, Check) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return "unchanged", nil
}

func (c *unchanged) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// However many renewals a tab begins, those of others come in between; when it is
// gone, those that have not begun never do.
func TestTurns(t *testing.T) {
	for _, closes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			honest, tab := w.open(false)
			w.signIn(honest, tab)
			busy, _ := w.open(false)
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Token {
					time.Sleep(2 * time.Second)
				}
			}
			w.op.ResetRequests()
			ctx, cancel := context.WithCancel(t.Context())
			occupations[3].do(ctx, busy)
			synctest.Wait()
			if closes {
				cancel()
				busy.Close()
			}
			start := time.Now()
			if _, err := honest.SigninSilent(t.Context(), SigninArgs{Scope: "openid"}); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took > 6*time.Second {
				t.Errorf("the renewal took %v", took)
			}
			cancel()
			time.Sleep(5 * time.Minute)
			if n := w.op.Count(oidctest.Token); n > 4 {
				t.Errorf("%d token requests", n)
			}
			_ = honest.RemoveUser(t.Context())
		})
	}
}
