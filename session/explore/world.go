//go:build !js

package explore

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// A world is everything that there is in one schedule.
type world struct {
	scheduler
	calm          bool  // nobody fails, and no provider ends a session
	mixed         bool  // one of the releases knows no order
	lost          int   // when news have come to a page in the back/forward cache
	erased        int   // when the storage was cleared
	cleared       int   // when the browser has cleared the storage: a new program knows nothing
	disorder      bool  // messages come as they like, and some twice
	refusesStepUp bool  // providers give no stronger sign-in than they had
	sulk          *sulk // nil: providers answer as they should
	brief         bool  // access tokens have expired when they come
	variety

	providers []*provider
	apps      []*app
	programs  []*program
	tabs      []*tab
	storage   map[*app]pagemodel.Standing // of the origin
	kept      map[*app][]*act             // the sign-outs that are in that
	keepers   map[string]*keeper          // by release

	said      []*message
	calls     []*call
	acts      []*act
	coverage  map[string]int
	violation *violation
}

// An app is a client at a provider.
type app struct {
	name     string
	provider *provider
	clientID string
}

func newWorld(seed uint64, trace *strings.Builder) *world {
	w := &world{
		scheduler: scheduler{
			//lint:ignore gosec G404: a simulation, repeatable by its seed
			dice: rand.New(rand.NewPCG(seed, 1)), seed: seed, arrived: make(chan struct{}, 1),
			began: time.Now(), trace: trace,
		},
		storage: map[*app]pagemodel.Standing{}, kept: map[*app][]*act{}, keepers: map[string]*keeper{}, coverage: map[string]int{},
	}
	w.late = []uint64{0, 4, 8}[w.dice.IntN(3)]
	w.calm = w.dice.IntN(2) == 0
	w.mixed = w.dice.IntN(4) == 0
	w.disorder = !w.mixed && mix(seed, 7)%4 == 0
	w.refusesStepUp = w.dice.IntN(2) == 0
	moods := w.vary()
	w.say("%v", w)
	for _, issuer := range []string{"https://a.example.test/A", "https://b.example.test/B"} {
		w.providers = append(w.providers, newProvider(w, issuer))
	}
	w.apps = []*app{
		{"the app", w.providers[0], "app"}, {"another client", w.providers[0], "other"}, {"a client of B", w.providers[1], "app"},
	}
	crowd := w.dice.IntN(3) // with one client in most worlds, orders meet
	shared := w.dice.IntN(2) == 0
	redirects := !w.calm && w.dice.IntN(4) == 0
	for i := range 3 + w.dice.IntN(3) {
		t := &tab{w: w, name: "tab " + string(rune('1'+i)), app: w.apps[0], release: "old", kept: map[oidc.Secret]session.Transaction{}, away: map[oidc.Secret]*act{}}
		if i > 1 && crowd == 0 {
			t.app = w.apps[w.dice.IntN(3)]
		}
		if i%2 == 1 {
			t.release = "new"
		} else if !w.mixed {
			t.release = "newer"
		}
		t.shared = shared || w.dice.IntN(4) == 0
		t.settings = session.Settings{
			Issuer: t.app.provider.issuer, ClientID: t.app.clientID,
			RedirectURI: "https://app.example.test/callback.html", PostLogoutRedirectURI: "https://app.example.test/",
			Scope: []string{"openid offline_access", "openid", "openid profile offline_access"}[w.dice.IntN(3)],
			Fetch: session.FetchSettings{StepUp: []session.StepUpMode{"", session.StepUpPopup, session.StepUpRedirect}[w.dice.IntN(3)]},
		}
		if redirects {
			t.settings.Restore = session.RestoreRedirect
		}
		if !w.calm {
			switch w.dice.IntN(6) {
			case 0:
				t.settings.Monitor = session.MonitorSettings{Session: true, Interval: 20 * time.Second}
			case 1:
				t.settings.Idle = session.IdleSettings{Timeout: 20 * time.Minute, RemoveOnly: w.dice.IntN(2) == 0}
			}
		}
		t.varied(moods)
		w.tabs = append(w.tabs, t)
		t.load()
	}
	return w
}

// random is the random bits of a program.
type random struct{ source *rand.Rand }

func (r random) Read(b []byte) (int, error) {
	var word [8]byte
	for i := range b {
		if i%8 == 0 {
			binary.LittleEndian.PutUint64(word[:], r.source.Uint64())
		}
		b[i] = word[i%8]
	}
	return len(b), nil
}

// newsUnderway tells whether something that programs and pages tell each other has
// not arrived, or has and is not heeded yet.
func (w *world) newsUnderway() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.ready, func(t *ticket) bool { return t.news || t.what == "start" || t.what == "hears of the storage" })
}

// A violation is what must not be.
type violation struct{ rule, what string }

func (w *world) violate(rule, what string) {
	if w.violation == nil {
		w.violation = &violation{rule, what}
		for _, a := range w.acts {
			w.say("%v", a)
		}
		w.say("VIOLATION %s: %s", rule, what)
	}
}

// settle has everything happen that still can, and time pass for d.
func (w *world) settle(d time.Duration) {
	synctest.Wait()
	for end := time.Now().Add(d); ; {
		for n := 0; w.step(); n++ {
			if n > 5000 {
				w.violate("quiet", "the world does not come to rest")
				return
			}
			w.checkStep()
		}
		left := time.Until(end)
		if left <= 0 || w.violation != nil {
			return
		}
		w.rest(left)
	}
}

// cause is what a port says when its time is over.
func cause(ctx context.Context, since time.Time, limit time.Duration) error {
	switch {
	case errors.Is(context.Cause(ctx), oidc.ErrTimeout):
		return oidc.ErrTimeout
	case ctx.Err() != nil:
		return oidc.ErrAborted
	case time.Since(since) > limit:
		return oidc.ErrTimeout
	}
	return nil
}

// finish closes everything. What is left then is a leak.
func (w *world) finish() {
	w.late = 0
	for _, t := range w.tabs {
		if !t.closed {
			t.close()
		}
	}
	w.settle(16 * time.Minute) // longer than a sign-in may be under way
	for _, p := range w.programs {
		p.frozen, p.ended = false, true
	}
	broken := w.violation != nil
	w.violation = cond(broken, w.violation, nil)
	for i := range 50 {
		for _, p := range w.programs {
			if w.mixed && i == 25 { // what has no order may have brought somebody again
				p.letGo(map[source]bool{})
			}
		}
		for w.step() {
		}
		w.mu.Lock()
		waiting, ready := w.waiting, len(w.ready)
		w.mu.Unlock()
		if waiting == 0 && ready == 0 {
			break
		}
		time.Sleep(time.Minute)
		synctest.Wait()
	}
	w.checkEnd()
}

func cond[T any](is bool, a, b T) T {
	if is {
		return a
	}
	return b
}

// open pages, in order.
func (w *world) pages() []*page {
	var pages []*page
	for _, t := range w.tabs {
		if t.page != nil {
			pages = append(pages, t.page)
		}
	}
	return pages
}

func (w *world) signedIn(a *app) []string {
	var who []string
	for _, p := range w.pages() {
		if p.app == a {
			who = append(who, name(p.client.Current()))
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(who)))
}

func name(user *session.User) string {
	if user == nil {
		return ""
	}
	return strings.Trim(string(user.Profile["sub"]), `"`)
}
