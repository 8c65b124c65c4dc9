package resource

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	// DefaultStreamLimit is how many streams there are at the same time, and
	// DefaultStreamsPerSession how many for one session, or for one subject whose
	// access tokens have no sid.
	DefaultStreamLimit       = 10_000
	DefaultStreamsPerSession = 32

	// DefaultHeartbeat is how long a stream says nothing at most.
	DefaultHeartbeat = 20 * time.Second

	// writeTime is how long a page may take for what it is sent.
	writeTime = 10 * time.Second
)

// LogoutEvents describes where the open pages of an app hear that their session is
// over.
type LogoutEvents struct {
	Limit      int // of streams; 0 means [DefaultStreamLimit]. A person gets no more than are free.
	PerSession int // 0 means [DefaultStreamsPerSession]

	// Heartbeat is how long a stream says nothing at most; 0 means [DefaultHeartbeat].
	// Whoever listens takes three times the default without a word for a broken one.
	Heartbeat time.Duration
}

// A LogoutStream is a handler for GET that tells pages of the end of their session, as
// server-sent events (HTML 9.2). A page shows an access token, as for anything else, but
// one of a session that is over will do. It is told of that session and of no other:
//
//	event: logout
//	id: 1795348800
//	data: {"iat":1795348800,"session":"..."}
//
// iat is that of the logout token; session is the digest of issuer and sid (see
// [oidc.LogoutDigest]), "" if all sessions of the End-User are over. What has happened since the
// token was issued is told at once, and of a token that does not say when that was, all that is remembered.
//
// With Last-Event-ID a page says since when it wants to know, the iat of its ID Token in
// seconds since the epoch, and behind a dot which session is its own, the digest. Where access tokens have no
// sid, a page that does not say so hears of the last logout of its End-User, whose ever session it was.
//
// The stream ends with the access token. It has no end for a WriteTimeout of [http.Server]; a
// proxy in front of it must not hold answers back, and a ResponseWriter that wraps another one has
// Flush or Unwrap: without, the answer is status 500.
type LogoutStream struct {
	config  LogoutEvents
	endings Endings
	now     func() time.Time
	guarded http.Handler
	refuse  func(w http.ResponseWriter, r *http.Request, err error) // that of the middleware

	mu      sync.Mutex // guards all of the below; nobody waits who holds it
	streams int
	sharing map[string]int                  // streams, by session and by owner
	waiting map[string]map[*stream]struct{} // by key of [Ending]
	watch   *watch                          // nil if there is none
	closed  bool
}

// LogoutEvents returns a handler for pages; the Endings of [Config] are required.
// Preflight requests, which come without a token, are answered in front of it. Codes:
// [oidc.ErrInvalidConfig].
func (m *Middleware) LogoutEvents(config LogoutEvents) (*LogoutStream, error) {
	if err := cmp.Or(
		m.checkEndings(),
		checkCount("Limit", config.Limit),
		checkCount("PerSession", config.PerSession),
		checkTime("Heartbeat", config.Heartbeat),
	); err != nil {
		return nil, within("resource: ", err)
	}
	config.Limit = cmp.Or(config.Limit, DefaultStreamLimit)
	config.PerSession = cmp.Or(config.PerSession, DefaultStreamsPerSession)
	config.Heartbeat = cmp.Or(config.Heartbeat, DefaultHeartbeat)
	l := &LogoutStream{
		config: config, endings: m.config.Endings, now: m.config.Now, refuse: m.refuse,
		sharing: map[string]int{}, waiting: map[string]map[*stream]struct{}{},
	}
	l.guarded = m.Require(http.HandlerFunc(l.serve), Requirement{ended: true})
	return l, nil
}

// ServeHTTP serves one page.
func (l *LogoutStream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet { // the answer to HEAD would have no end, either
		w.Header().Set("Allow", http.MethodGet)
		l.refuse(w, r, &refusal{status: http.StatusMethodNotAllowed, code: "invalid_request", cause: ErrInvalidRequest})
		return
	}
	l.guarded.ServeHTTP(w, r)
}

// Close ends all streams, and takes no more: for [http.Server.RegisterOnShutdown], since a
// server waits for its answers. The pages come back to another instance.
func (l *LogoutStream) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.endAll()
}

// endAll ends the streams. The caller holds mu.
func (l *LogoutStream) endAll() {
	for _, streams := range l.waiting {
		for s := range streams {
			s.end()
		}
	}
}

// serve is for who has shown a good access token.
func (l *LogoutStream) serve(w http.ResponseWriter, r *http.Request) {
	claims := ClaimsFrom(r.Context())
	s := newStream(claims, r.Header.Get("Last-Event-ID"))
	left := time.Unix(claims.Expiry, 0).Sub(l.now())
	s.over, s.end = context.WithTimeout(r.Context(), max(left, 0))
	defer s.end()
	if err := l.join(s); err != nil {
		l.refuse(w, r, err)
		return
	}
	defer l.leave(s)
	last, err := l.endings.Last(r.Context(), s.keys)
	if err != nil {
		l.refuse(w, r, unavailable(err))
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // the proxies that know it pass everything on at once
	if err := http.NewResponseController(w).Flush(); errors.Is(err, http.ErrNotSupported) {
		l.refuse(w, r, &refusal{status: http.StatusInternalServerError, code: "server_error", cause: errNoFlush})
		return
	}
	l.tell(w, s, last)
}

// errNoFlush is for what stands in front of a stream, such as a log of answers, and would hold them back.
var errNoFlush = errors.New("resource: LogoutEvents is behind a ResponseWriter without Flush, or an Unwrap to one that has it")

// tell writes until the stream is over, of what was when it began, and of each logout since.
func (l *LogoutStream) tell(w http.ResponseWriter, s *stream, last *Ending) {
	beat := time.NewTicker(l.config.Heartbeat)
	defer beat.Stop()
	const here = ": here\n\n"
	text, pending := here, false
	for {
		if last != nil && last.IssuedAt.Unix() >= s.since && s.mayHear(last) {
			at := strconv.FormatInt(last.IssuedAt.Unix(), 10)
			text = "event: logout\nid: " + at + "\ndata: {\"iat\":" + at + ",\"session\":\"" + last.Session + "\"}\n\n"
			s.since, last = last.IssuedAt.Unix()+1, nil
		}
		if text != "" && !write(w, text) {
			return
		}
		text = ""
		select {
		case <-s.over.Done():
			return
		case <-s.rung:
			pending = true
		case <-beat.C:
			text = here
		}
		if pending {
			var err error
			last, err = l.endings.Last(s.over, s.keys)
			pending = err != nil // once more at the next beat
		}
	}
}

// write sends at once. It reports whether that went well.
func write(w http.ResponseWriter, text string) bool {
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(writeTime)) // a recorder of tests has none
	_, err := w.Write([]byte(text))
	if err == nil {
		err = control.Flush()
	}
	_ = control.SetWriteDeadline(time.Time{}) // HTTP/2 would end the stream then, whether there is something to write or not
	return err == nil
}
