package resource

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// A stream is one page that listens.
type stream struct {
	session string // whose places it takes: a key of [Ending], and
	owner   string // the digest of who has the token
	keys    []string
	subject string        // the digest, if the page itself has said which session is its own; else ""
	since   int64         // the iat of the first logout that concerns it, seconds since the epoch
	rung    chan struct{} // has room for one: there may be news
	over    context.Context
	end     func()
}

// newStream returns the stream of who has shown an access token with claims. The session of a
// token without sid is the one that Last-Event-ID names.
func newStream(c *oidc.AccessTokenClaims, lastEventID string) *stream {
	s := &stream{owner: ownerOf(c), keys: endingKeys(c), since: cmp.Or(c.IssuedAt, c.NotBefore), rung: make(chan struct{}, 1)}
	s.session = s.keys[0]
	at, session, _ := strings.Cut(lastEventID, ".")
	since, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return s
	}
	s.since = since
	if subject, ok := strings.CutPrefix(s.session, ofAnySession); ok && isDigest(session) {
		s.subject, s.keys = subject, []string{ofSession + session, ofAllSessions + subject}
	}
	return s
}

// isDigest tells whether a text can be a digest of [Ending].
func isDigest(text string) bool {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(data) == sha256.Size
}

// mayHear tells whether a page may be told of an ending. Which session is its own it can say
// as it likes: that of somebody else is none of its business.
func (s *stream) mayHear(e *Ending) bool {
	return s.subject == "" || e.Subject == "" || e.Subject == s.subject
}

// errNoPlace and errNotWatched are for a page that cannot listen.
var (
	errNoPlace    = errors.New("resource: as many streams as there may be")
	errNotWatched = errors.New("resource: the Endings are not watched yet")
)

// join has s hear of news, and begins the watch if it is the first. Its errors are of type *refusal.
func (l *LogoutStream) join(s *stream) error {
	watch, err := l.enter(s)
	if err != nil {
		return err
	}
	select {
	case <-watch.begun:
	case <-s.over.Done():
	}
	select {
	case <-watch.begun:
		return nil
	default:
		l.leave(s)
		l.mu.Lock()
		defer l.mu.Unlock()
		return unavailable(cmp.Or(watch.err, errNotWatched))
	}
}

// enter gives s a place, if there is one, and returns the watch that it has to wait for.
func (l *LogoutStream) enter(s *stream) (*watch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed || l.streams >= l.config.Limit:
		return nil, unavailable(errNoPlace)
	case l.sharing[s.session] >= l.config.PerSession,
		s.owner != "" && l.sharing[s.owner] >= l.config.Limit-l.streams: // however many sessions they have
		return nil, tooManyRequests(errNoPlace)
	}
	l.streams++
	l.sharing[s.session]++
	l.sharing[s.owner]++
	for _, key := range s.keys {
		if l.waiting[key] == nil {
			l.waiting[key] = map[*stream]struct{}{}
		}
		l.waiting[key][s] = struct{}{}
	}
	if l.watch == nil {
		ctx, cancel := context.WithCancel(context.Background())
		l.watch = &watch{begun: make(chan struct{}), end: cancel}
		go l.keep(ctx, l.watch)
	}
	return l.watch, nil
}

// leave ends the watch with the last stream.
func (l *LogoutStream) leave(s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams--
	for _, sharer := range []string{s.session, s.owner} {
		if l.sharing[sharer]--; l.sharing[sharer] == 0 {
			delete(l.sharing, sharer)
		}
	}
	for _, key := range s.keys {
		delete(l.waiting[key], s)
		if len(l.waiting[key]) == 0 {
			delete(l.waiting, key)
		}
	}
	if l.streams == 0 && l.watch != nil {
		l.watch.end()
		l.watch = nil
	}
}

// A watch is one of the [Endings], for all streams.
type watch struct {
	begun chan struct{} // closed when it has; never if it could not
	end   func()
	err   error // why it could not; mu of the LogoutStream guards it
}

// keep rings whom an ending concerns, until the watch ends. If that is not by the last stream, all
// streams end: nobody would be told of anything any more.
func (l *LogoutStream) keep(ctx context.Context, w *watch) {
	endings, err := l.endings.Watch(ctx)
	if err == nil {
		close(w.begun)
		for e := range endings {
			l.ring(e.Keys())
		}
	}
	w.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	w.err = err
	if l.watch == w {
		l.watch = nil
		l.endAll()
	}
}

// ring has all look who wait for one of keys.
func (l *LogoutStream) ring(keys []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		for s := range l.waiting[key] {
			select {
			case s.rung <- struct{}{}:
			default: // one look is enough
			}
		}
	}
}
