//go:build !js

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// ceiling is how long the program may take to be as before once a hostile tab
// is closed, with all that is tried then. The rule is a minute, which the tests of
// session and wasm/api hold it to by a clock of their own; here the processors have
// a flood to work off, beside whatever else the machine does. What a test waits for
// is there long before, as a rule.
const ceiling = 4 * time.Minute

// A stage is an app, its provider and its API, with an honest tab in which
// somebody is signed in, and room for hostile tabs of the same profile.
type stage struct {
	t      *testing.T
	app    *app
	op     *oidctest.OP
	api    *fetchAPI
	honest *tab
	before vitals
	until  time.Time // when the ceiling is reached, of what is tried now
}

// vitals are what must be as before when a hostile tab is gone.
type vitals struct {
	Callbacks int     `json:"callbacks"`
	Heap      float64 `json:"heap"`
}

// newStage sets an app up, with changes that are made before its first page.
func newStage(t *testing.T, changes ...func(*stage)) *stage {
	t.Helper()
	s := &stage{t: t, app: newApp(t)}
	s.op = newHostile(t, s.app)
	s.api = newAPI(t, s.app, false)
	serveHostile(s.app)
	s.honest = newTab(t)
	for _, change := range changes {
		change(s)
	}
	return s
}

// begin signs in at the honest tab, and measures.
func (s *stage) begin() *stage {
	s.t.Helper()
	s.until = time.Now().Add(ceiling)
	s.honest.visit(s.app.origin + "/")
	if code := signinCode(s.honest); code != "" {
		s.t.Fatalf("the sign-in before: code %q", code)
	}
	s.checkCalls("before") // whatever is made once is there then
	s.before = s.vitals()
	s.checkSignIn("before")
	s.wantAsBefore("before")
	s.before = s.vitals()
	return s
}

// serveHostile serves the pages of the kit beside the app.
func serveHostile(a *app) {
	a.respond("/hostile.html", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, testappFiles(), "hostile/index.html")
	})
	a.respond("/hostile/hand.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, testappFiles(), "hostile/hand.js")
	})
}

// hostile opens a tab beside the honest one, in which the kit is.
func (s *stage) hostile() *tab {
	s.t.Helper()
	tab := s.honest.sibling()
	tab.expectProblems()
	tab.visit(s.app.origin + "/hostile.html")
	return tab
}

// settles is the code of a promise that call makes, empty if it resolves; it is
// "hangs" if nothing has settled when the limit is reached. One that fails is
// made again if it need not work at once.
func settles(call string, limit time.Duration, atOnce bool) string {
	return fmt.Sprintf(`(async () => {
		const end = performance.now() + %d;
		let last = "hangs";
		const late = new Promise((resolve) => setTimeout(resolve, %[1]d, null));
		for (;;) {
			const code = await Promise.race([(%s).then(() => "", (e) => e.code ?? String(e)), late]);
			if (code === null) return last;
			if (code === "" || %t || performance.now() > end) return code;
			last = code;
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
	})()`, limit.Milliseconds(), call, atOnce)
}

// checkCalls makes the calls of an app at the honest tab. All of them work.
func (s *stage) checkCalls(when string) {
	s.t.Helper()
	limit := ceiling
	if when == after {
		limit = time.Until(s.until)
	}
	calls := []string{
		"um.getUser().then((u) => { if (u?.profile.sub !== '" + s.op.Subject + "') throw { code: 'nobody' }; })",
		"um.fetch('" + s.api.origin + "/digest').then((r) => { if (!r.ok) throw { code: String(r.status) }; return r.text(); })",
		"um.signinSilent()",
	}
	var all []string
	for _, call := range calls {
		all = append(all, settles(call, limit, when != after))
	}
	codes := evalPatiently[[]string](s.honest, "Promise.all(["+strings.Join(all, ",")+"])")
	for i, name := range []string{"getUser()", "fetch()", "signinSilent()"} {
		if codes[i] != "" {
			s.t.Errorf("%s: %s: code %q", when, name, codes[i])
		}
	}
}

// gone is when the hostile tab was closed, or has done what it could.
func (s *stage) gone() { s.until = time.Now().Add(ceiling) }

// after is when the program may take until the ceiling.
const after = "after"

// checkSignIn signs in at another tab, and closes it.
func (s *stage) checkSignIn(when string) {
	s.t.Helper()
	other := s.honest.sibling()
	other.expectProblems() // those of a test that fails
	var code string
	for {
		other.visit(s.app.origin + "/")
		if code = signinCode(other); code == "" || when != after || time.Now().After(s.until) {
			break
		}
	}
	if code != "" {
		s.t.Errorf("%s: a sign-in of another tab: code %q", when, code)
	}
	other.close()
}

// check expects everything to be as before, from now on, when the hostile tab
// was closed.
func (s *stage) check() {
	s.t.Helper()
	s.gone()
	began := time.Now()
	defer func() {
		s.t.Logf("as before %s after the end of the hostile tab", time.Since(began).Round(time.Second))
	}()
	s.checkCalls(after)
	s.checkSignIn(after)
	s.wantAsBefore(after)
}

// wantAsBefore waits until the program is as small as it was.
func (s *stage) wantAsBefore(when string) {
	s.t.Helper()
	for end := time.After(time.Until(s.until)); ; {
		now := s.vitals()
		if now.Callbacks <= s.before.Callbacks && now.Heap <= s.before.Heap+1<<20 {
			return
		}
		select {
		case <-end:
			s.t.Errorf("%s: the program has %d callbacks and a heap of %.2f MB, before %d and %.2f MB",
				when, now.Callbacks, now.Heap/1e6, s.before.Callbacks, s.before.Heap/1e6)
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *stage) vitals() vitals {
	s.t.Helper()
	return eval[vitals](s.honest, "um.stats({ collect: true }).then(({runtime}) => runtime)")
}

// evalPatiently is eval with the time that the ceiling gives.
func evalPatiently[T any](tab *tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), ceiling+stepTimeout)
	defer cancel()
	return evalWithin[T](ctx, tab, expression)
}

// first has a script run in every page that is loaded from now on, before those of the
// page, but not in frames.
func (a *app) first(script string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.before = "if (top === self) {\n" + script + "\n}"
}

// firstScript is where the script is that first has pages begin with.
const firstScript = "/first.js"

// begun has pages begin with a script.
type begun struct {
	http.ResponseWriter
	has bool
}

// WriteHeader lets the server count anew.
func (w *begun) WriteHeader(status int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
}

func (w *begun) Write(p []byte) (int, error) {
	if w.has || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return w.ResponseWriter.Write(p)
	}
	w.Header().Del("Content-Length")
	doctype, rest, _ := bytes.Cut(p, []byte(">"))
	if _, err := fmt.Fprintf(w.ResponseWriter, `%s><script src="%s"></script>%s`, doctype, firstScript, rest); err != nil {
		return 0, err
	}
	w.has = true
	return len(p), nil
}

// A foreign is a site of somebody else's, which lets everybody in and notes
// all that it is sent.
type foreign struct {
	origin string
	page   http.HandlerFunc // answers in place of an empty object, if it is set

	mu   sync.Mutex
	seen []string
}

// newForeign serves a site on an origin that is of another site than the app's.
func newForeign(t testing.TB) *foreign {
	f := &foreign{}
	f.origin = strings.Replace(serve(t, f), "localhost", "127.0.0.1", 1)
	return f
}

// ServeHTTP notes a request.
func (f *foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	dump, _ := httputil.DumpRequest(r, true)
	f.mu.Lock()
	f.seen = append(f.seen, string(dump))
	f.mu.Unlock()
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Allow-Headers", "*, Authorization")
	if f.page != nil {
		f.page(w, r)
		return
	}
	header.Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{}"))
}

// requests are all that came.
func (f *foreign) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.seen...)
}

// check fails the test if one of the secrets came.
func (f *foreign) check(t testing.TB, secrets []string) {
	t.Helper()
	if len(secrets) == 0 {
		t.Error("there are no secrets: the check could not fail")
	}
	for _, request := range f.requests() {
		for _, secret := range secrets {
			if strings.Contains(request, secret) {
				line, _, _ := strings.Cut(request, "\n")
				path, _, _ := strings.Cut(line, "?")
				t.Errorf("another site got a secret of %d characters: %s", len(secret), path)
			}
		}
	}
}

// inLanes runs rows at the same time, since they wait most of theirs: so many
// at once. Those of the slow suite are left out without CHECK_LONG.
func inLanes[R any](t *testing.T, lanes int, rows []R, describe func(R) (name string, long bool), run func(*testing.T, R)) {
	work := make(chan R)
	var running sync.WaitGroup
	for range lanes {
		running.Go(func() {
			for row := range work {
				name, long := describe(row)
				t.Run(name, func(t *testing.T) {
					if long && os.Getenv("CHECK_LONG") == "" {
						t.Skip("make check-long runs it")
					}
					run(t, row)
				})
			}
		})
	}
	for _, row := range rows {
		work <- row
	}
	close(work)
	running.Wait()
}
