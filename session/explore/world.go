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
	calm          bool // nobody fails, and no provider ends a session
	mixed         bool // one of the releases knows no order
	refusesStepUp bool // providers give no stronger sign-in than they had
	variety

	providers []*provider
	apps      []*app
	programs  []*program
	tabs      []*tab
	storage   map[*app]pagemodel.Standing // of the origin

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

// A program is a registry: a worker, or what runs in one page.
type program struct {
	w        *world
	name     string
	release  string
	onePage  bool
	registry *session.Registry
	ended    bool
	frozen   bool
	slept    bool           // it was frozen once
	born     int            // the step
	emptied  int            // the step at which its user went
	idleLeft time.Time      // when a tab left that wants idle users signed out
	over     map[string]int // the sessions of providers that it has heard the end of, and at which step
	requests map[*app]int   // refresh requests in flight
	minute   time.Time
	sent     int // in that minute
}

// asleep says that nothing of the program goes on.
func (p *program) asleep() bool { return p.frozen && !p.ended }

// A tab shows one page at a time. What it keeps, sessionStorage, outlives pages.
type tab struct {
	w          *world
	name       string
	app        *app
	release    string
	shared     bool // the app wants a shared worker
	settings   session.Settings
	kept       map[oidc.Secret]session.Transaction
	page       *page // nil while it is elsewhere
	cached     *page // in the back/forward cache
	away       *act  // the sign-in that the tab has left for
	refetch    bool  // a fetch was not done for want of a step-up
	stepped    int   // the step of that
	restored   int   // the step at which it was sent away to restore the session last
	restoredAt time.Time
	marked     int         // the step at which it noted that
	arrived    int         // the step of the last sign-in by a call of it
	leaves     []time.Time // by itself, for step-ups
	visit      int         // counts where it was sent
	closed     bool
}

// A page is a document with a client.
type page struct {
	*tab
	number  int
	program *program
	link    *link
	client  *session.Client
	gone    bool // the document is
	frozen  bool
	left    bool // it left its program, to sleep

	toldAt    int           // the step of the last of the events
	told      string        // of the events: who is signed in; "" for nobody
	events    int           // that told
	scope     string        // what the last user of the events had
	atSession int           // the session of the provider then
	clear     bool          // no news was on the way then
	shows     string        // whom a person sees there, whatever program serves the page
	cameAt    int           // the step at which somebody was told after nobody
	response  string        // the code that it reads
	loaded    *session.User // that one
	wanted    []string      // the scopes that it was sent to the provider for
	calls     []*call
}

// An act is an explicit sign-in or sign-out.
type act struct {
	app       *app
	who       string
	out       bool // a sign-out
	tidy      bool // of nobody: it ends no sign-in that is asked for
	silent    bool // the app asked for a silent sign-in, which is no act but brings somebody
	stepUp    bool // it is one, or may be
	left      *tab // that has left for it; nil: it takes no redirect
	at        int  // the session of the provider when it was asked for
	since     int  // the step at which the app asked for what led to the step-up
	asked     int  // the step
	behind    bool // there was news on the way when it was asked for
	done      int  // 0: not yet
	succeeded bool
	brought   oidc.Secret // the access token
	after     int         // the session of the provider when it was done
}

func newWorld(seed uint64, trace *strings.Builder) *world {
	w := &world{
		scheduler: scheduler{
			//lint:ignore gosec G404: a simulation, repeatable by its seed
			dice: rand.New(rand.NewPCG(seed, 1)), seed: seed, arrived: make(chan struct{}, 1),
			began: time.Now(), trace: trace, until: map[uint64]int{},
		},
		storage: map[*app]pagemodel.Standing{}, coverage: map[string]int{},
	}
	w.late = []uint64{0, 4, 8}[w.dice.IntN(3)]
	w.calm = w.dice.IntN(2) == 0
	w.mixed = w.dice.IntN(4) == 0
	w.refusesStepUp = w.dice.IntN(2) == 0
	moods := w.vary()
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
		t := &tab{w: w, name: "tab " + string(rune('1'+i)), app: w.apps[0], release: "old", kept: map[oidc.Secret]session.Transaction{}}
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

// nowhere is a page of the tab that is not shown.
func (t *tab) nowhere(p *program) *link { return &link{page: &page{tab: t, gone: true}, program: p} }

// load shows the app in the tab.
func (t *tab) load() {
	t.visit++
	p := &page{tab: t, number: t.visit, program: t.program()}
	p.join()
	t.page = p
	t.w.say("%s shows %s, in %s", t.name, t.app.name, p.program.name)
}

func (l *link) open(hint session.Hint) (*session.Client, error) {
	return l.program.registry.Open(l.settings, session.Page{
		Navigator: l, Framer: l, Popper: l, Transactions: l, Listener: l, Checker: l,
	}, hint)
}

// join has the page served by its program.
func (p *page) join() {
	p.link = &link{page: p, program: p.program}
	var client *session.Client
	hint, link := p.hint(), p.link
	go func() {
		var err error
		if client, err = link.open(hint); err != nil {
			panic(err) // the settings are ours
		}
	}()
	for synctest.Wait(); client == nil; {
		p.w.violate("open", "to open "+p.name+" takes its time")
		if !p.w.step() {
			p.w.rest(time.Minute)
		}
	}
	p.client, p.told, p.events = client, "", 0
}

// unload ends the page, or lets it sleep in the back/forward cache.
func (t *tab) unload(persisted bool) {
	p := t.page
	if p == nil {
		return
	}
	t.page = nil
	if t.settings.Idle.Timeout > 0 {
		p.program.idleLeft = time.Now()
	}
	if persisted && p.program.onePage {
		for _, c := range p.calls {
			c.slept = true
		}
		t.cached, p.program.frozen, p.program.slept = p, true, true
		return
	}
	p.abandon()
	if !persisted {
		p.gone = true
		p.client.Close()
		if p.program.onePage {
			p.program.end()
		} else {
			p.program.endIfAlone()
		}
		return
	}
	t.cached = p
	p.left, p.link.ended = true, true
	p.client.Close()
	p.program.endIfAlone()
}

// abandon has the page hear nothing of its calls any more.
func (p *page) abandon() {
	for _, c := range p.calls {
		c.cancel()
		c.abandoned = true
	}
	p.calls = nil
}

// endIfAlone ends a shared worker that no page is left of.
func (p *program) endIfAlone() {
	for _, t := range p.w.tabs {
		if t.page != nil && t.page.program == p {
			return
		}
	}
	if !p.ended {
		p.end()
	}
}

// comeBack shows the page out of the back/forward cache.
func (t *tab) comeBack() {
	p := t.cached
	if p == nil || t.closed {
		return
	}
	t.unload(false)
	t.cached, t.page = nil, p
	p.program.frozen = false
	t.w.say("%s comes back", t.name)
	p.react(pagemodel.Shown)
}

// close closes the tab.
func (t *tab) close() {
	t.closed = true
	t.settled(nil)
	if c := t.cached; c != nil {
		t.cached = nil
		c.gone = true
		if c.program.onePage {
			c.program.frozen = false
			c.client.Close()
			c.program.end()
		}
	}
	t.unload(false)
}

// crash ends the program of a page that goes on, with a new one.
func (p *page) crash() {
	old := p.program
	old.frozen = false
	old.end()
	for _, t := range p.w.tabs {
		if page := t.page; page != nil && page.program == old {
			page.abandon() // runtime_stopped
			page.react(pagemodel.Lost)
		}
		if page := t.cached; page != nil && page.program == old {
			page.left = true
		}
	}
}

// newsUnderway tells whether something that programs and pages tell each other has
// not arrived, or has and is not heeded yet.
func (w *world) newsUnderway() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.ready, func(t *ticket) bool { return t.news || t.what == "start" || t.what == "hears of the storage" })
}

// amongReleases marks the rules about who is signed in where one of the releases
// knows no order.
const amongReleases = ", among releases"

// A violation is what must not be.
type violation struct{ rule, what string }

func (w *world) violate(rule, what string) {
	if w.mixed && (strings.HasPrefix(rule, "signed") || rule == "won") {
		rule += amongReleases
	}
	if w.violation == nil {
		w.violation = &violation{rule, what}
		w.say("VIOLATION %s: %s", rule, what)
	}
}

// settle has everything happen that still can, and time pass for d.
func (w *world) settle(d time.Duration) {
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
	w.settle(30 * time.Minute)
	for _, p := range w.programs {
		p.frozen, p.ended = false, true
	}
	broken := w.violation != nil
	w.violation = cond(broken, w.violation, nil)
	for range 50 {
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
