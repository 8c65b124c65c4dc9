// Package recorder writes down which requests a server has had, so that a
// test can count them. It keeps names of parameters, never their values: what
// it holds may be printed.
package recorder

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// A Kind says what a request is for.
type Kind string

// The kinds of requests.
const (
	Discovery  Kind = "discovery"
	JWKS       Kind = "jwks"
	Authorize  Kind = "authorize"
	Token      Kind = "token"
	UserInfo   Kind = "userinfo"
	EndSession Kind = "end_session"
	Login      Kind = "login"
	Preflight  Kind = "preflight" // OPTIONS, to any path
	Other      Kind = "other"
)

// Paths says where a provider has its endpoints. A path that ends in "/" also
// covers everything below it, and is recorded without what follows: there
// are ids in it. An empty path covers nothing.
type Paths struct {
	Discovery, JWKS, Authorize, Token, UserInfo, EndSession, Login string
}

// kind returns the kind of a path and the path as it may be recorded.
func (p Paths) kind(path string) (Kind, string) {
	table := []struct {
		path string
		kind Kind
	}{
		{p.Discovery, Discovery},
		{p.JWKS, JWKS},
		{p.Authorize, Authorize},
		{p.Token, Token},
		{p.UserInfo, UserInfo},
		{p.EndSession, EndSession},
		{p.Login, Login},
	}
	for _, row := range table {
		if row.path != "" && path == row.path {
			return row.kind, path
		}
	}
	for _, row := range table {
		if strings.HasSuffix(row.path, "/") && strings.HasPrefix(path, row.path) {
			return row.kind, row.path + "*"
		}
	}
	return Other, path
}

// An Entry is one request.
type Entry struct {
	Method string
	Path   string // without the query; see [Paths]
	Kind   Kind
	Status int // 0 while there is no answer

	HasCookies bool
	Origin     string   // the Origin header: of a page that reads the answer
	Dest       string   // the Sec-Fetch-Dest header: "iframe", "document", "empty", ...
	Params     []string // names of query and form parameters, sorted
	Prompt     string   // value of the parameter prompt
	GrantType  string   // value of the parameter grant_type
}

// A Recorder holds the requests in the order in which they came.
// The zero value is not usable; see [New].
type Recorder struct {
	paths Paths

	mu      sync.Mutex // guards entries and what they point to
	entries []*Entry
}

// New returns a recorder for a server with these endpoints.
func New(paths Paths) *Recorder { return &Recorder{paths: paths} }

// Wrap returns a handler that records each request and passes it to next.
// An entry is there before next sees the request, and its status before the
// client can see the answer: who has an answer finds it recorded.
func (rec *Recorder) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := rec.entry(r)
		rec.mu.Lock()
		rec.entries = append(rec.entries, entry)
		rec.mu.Unlock()
		sw := &statusWriter{ResponseWriter: w, answered: func(status int) {
			rec.mu.Lock()
			defer rec.mu.Unlock()
			entry.Status = status
		}}
		next.ServeHTTP(sw, r)
		sw.answer(http.StatusOK) // a handler that wrote nothing
	})
}

// Entries returns a copy of what was recorded.
func (rec *Recorder) Entries() []Entry {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	entries := make([]Entry, 0, len(rec.entries))
	for _, e := range rec.entries {
		entries = append(entries, *e)
	}
	return entries
}

// Count returns how many requests of a kind were recorded.
func (rec *Recorder) Count(kind Kind) int {
	n := 0
	for _, e := range rec.Entries() {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Reset forgets all entries.
func (rec *Recorder) Reset() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.entries = nil
}

func (rec *Recorder) entry(r *http.Request) *Entry {
	params := r.URL.Query()
	for name, values := range form(r) {
		params[name] = append(params[name], values...)
	}
	kind, path := rec.paths.kind(r.URL.Path)
	if r.Method == http.MethodOptions {
		kind = Preflight
	}
	return &Entry{
		Method:     r.Method,
		Path:       path,
		Kind:       kind,
		HasCookies: len(r.Header["Cookie"]) > 0,
		Origin:     r.Header.Get("Origin"),
		Dest:       r.Header.Get("Sec-Fetch-Dest"),
		Params:     slices.Sorted(maps.Keys(params)),
		Prompt:     params.Get("prompt"),
		GrantType:  params.Get("grant_type"),
	}
}

// formLimit is far above any form of the protocol.
const formLimit = 64 << 10

// form reads a form out of the body and puts the body back.
func form(r *http.Request) url.Values {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, formLimit))
	r.Body = &joined{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	if err != nil {
		return nil
	}
	values, err := url.ParseQuery(string(head))
	if err != nil {
		return nil
	}
	return values
}

// joined reads from one and closes another.
type joined struct {
	io.Reader
	io.Closer
}

// statusWriter reports the status before anything is sent.
type statusWriter struct {
	http.ResponseWriter
	answered func(status int)
	done     bool
}

func (w *statusWriter) WriteHeader(status int) {
	if status >= 200 { // 1xx comes before the answer
		w.answer(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	w.answer(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) answer(status int) {
	if !w.done {
		w.done = true
		w.answered(status)
	}
}
