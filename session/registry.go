package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session/pace"
)

// Config is what a [Registry] works with. Transport is required.
type Config struct {
	Transport oidc.Transport

	// Now is the wall clock; nil means [time.Now].
	Now func() time.Time

	// Rand gives random bits; nil means [rand.Reader].
	Rand io.Reader

	// NewKey makes the key that access tokens are bound to (RFC 9449); nil
	// means that there is no DPoP.
	NewKey func(ctx context.Context) (oidc.Signer, error)

	// OnePage says that the program lives and dies with one page. If the app
	// wants that ([Page].KeepsMetadata), it keeps the metadata in the page's
	// storage during a redirect, which saves fetching it twice. A program that
	// serves several pages must not: what one page can write would reach the
	// others. One that was to serve several, and ended up with one, need not.
	OnePage bool

	// Stops says that the program may be stopped with the last of its pages, also between the
	// callback page and that of the app. Then no code is exchanged there: a program that stops in
	// the token request goes on with it beside the next one, which uses the code, too.
	Stops bool

	// Broadcast, if set, gives a message to the other programs of the origin,
	// which take it with [Registry.Heard]. It does not wait, and is not told
	// what became of it.
	Broadcast func(message []byte)

	// Gate, for simulations alone, is told where a goroutine is about to wait or
	// to be started, and does not wait itself. The goroutine calls pass, with no
	// lock held, before it goes on: who lets one pass at a time decides the order
	// of everything.
	Gate func(point string) (pass func())

	// Tick is the longest sleep between two looks at the clocks; 0 means [pace.Tick].
	// Timers are only hints: hidden tabs throttle them and sleep stops them, so what
	// counts is what the clocks say at every tick.
	Tick time.Duration

	// OnPanic, if set, is told of a bug that no call ran into: the value and
	// the stack. It must not panic.
	OnPanic func(value any, stack []byte)

	// Logf is told of decisions that nothing else shows; nil means silence.
	// It never gets a secret.
	Logf func(format string, args ...any)
}

// A Registry holds all sessions of a program.
type Registry struct {
	config Config

	mu        sync.Mutex
	providers map[source]*provider // guarded by mu
	sessions  map[key]*session     // guarded by mu
	idle      []*session           // those without a tab, the oldest first; guarded by mu
	born      atomic.Int64         // sessions so far
	sweepAt   time.Time            // the next time, zero for none; guarded by mu

	redirects redirects
	responses responses
	absences  absences
	handover  handover
}

// key identifies a session: one for each client, however the settings of its
// tabs differ. What a page brings of the provider, and how the client proves who
// it is, makes another client of it: see [source].
type key struct {
	source         source
	clientID       string
	authentication oidc.ClientAuthentication
}

func (s *Settings) key() key { return key{s.source(), s.ClientID, s.Authentication} }

// NewRegistry returns an empty registry.
func NewRegistry(config Config) *Registry {
	config.Tick = cmp.Or(config.Tick, pace.Tick)
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Rand == nil {
		config.Rand = rand.Reader
	}
	if config.Logf == nil {
		config.Logf = func(string, ...any) {}
	}
	return &Registry{
		config:    config,
		providers: map[source]*provider{},
		sessions:  map[key]*session{},
		redirects: redirects{issuers: map[string]map[string]int{}, rivals: map[string]rivals{}},
		responses: responses{used: map[string]time.Time{}},
		absences:  absences{left: map[oidc.Secret]*absence{}},
	}
}

// Open returns a client for one tab, which has kept hint: whether there was a
// session when it was loaded last, so that it is worth restoring. The client
// is to be closed when the tab goes away. Codes: [oidc.ErrInvalidConfig],
// [oidc.ErrInsecureURL], those of [oidc.MetadataSource.Check] and
// [oidc.ParseKeys].
func (r *Registry) Open(settings Settings, page Page, hint Hint) (*Client, error) {
	if err := settings.check(); err != nil {
		return nil, err
	}
	client := r.session(settings.key()).newClient(settings, page)
	client.uses(settings.SilentRedirectURI, settings.PopupRedirectURI)
	client.session.goOn(client)
	client.session.join(client, hint)
	return client, nil
}

// newClient returns a client of the session, which nobody asks for a service yet.
func (s *session) newClient(settings Settings, page Page) *Client {
	c := &Client{session: s, settings: settings, page: page, turn: make(chan struct{}, 1), forget: map[string]func(){}}
	c.redirect.config, c.signout.config, c.restoring.config = s.config, s.config, s.config
	c.callback.config, c.stepUps.config, c.recall.config = s.config, s.config, s.config
	c.manual.Store(settings.ManualRenew)
	c.watchful.Store(settings.Monitor.Session)
	c.uses(settings.RedirectURI)
	s.provider.join(c)
	return c
}

// session returns the session of k, a new one if there is none. It is to be
// released.
func (r *Registry) session(k key) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[k]
	if s == nil {
		s = r.newSession(k)
		r.sessions[k] = s
	}
	r.hold(s)
	return s
}

// inOrder returns all sessions, the oldest first. The caller holds r.mu.
func (r *Registry) inOrder() []*session {
	return slices.SortedFunc(maps.Values(r.sessions), func(a, b *session) int { return cmp.Compare(a.born, b.born) })
}

// newSession returns a session that nobody knows yet. The caller holds r.mu.
func (r *Registry) newSession(k key) *session {
	config := r.config
	s := &session{born: r.born.Add(1), config: &config, id: k, registry: r, provider: r.provider(k.source), redirects: &r.redirects, renewing: make(chan struct{}, 1)}
	s.provider.sessions++
	s.silent.config, s.keeping.config, s.restore.config = &config, &config, &config
	s.fetches.flights.config = &config
	s.transport = func(headers map[string]string) oidc.Transport {
		outfitted := &outfitter{r.config.Transport, &s.stats, s.provider, s, headers}
		return k.authentication.Authenticate(outfitted, config.Rand, config.Now)
	}
	config.Transport = s.transport(nil)
	s.expiry = &expiry{session: s, alarm: make(alarm, 1), stop: func() {}}
	s.monitor = &monitor{session: s}
	s.logouts = &logoutEvents{session: s, alarm: make(alarm, 1)}
	s.idle = &idle{session: s, alarm: make(alarm, 1)}
	return s
}

// provider returns what is known from a source. The caller holds r.mu.
func (r *Registry) provider(source source) *provider {
	p := r.providers[source]
	if p == nil {
		p = &provider{source: source, now: r.config.Now}
		p.metadataFlight.config, p.keysFlight.config = &r.config, &r.config
		p.transport = &outfitter{r.config.Transport, &p.stats, p, nil, nil}
		if source.keys != "" {
			p.keysOfApp, _ = oidc.ParseKeys([]byte(source.keys)) // checked with the settings
		}
		r.providers[source] = p
	}
	return p
}
