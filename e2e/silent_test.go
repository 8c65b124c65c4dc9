//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// programsHeld are the hosts of programs that live, by their locks: where, and the
// name of a shared worker. Starts are waited for.
const programsHeld = `(async () => {
	for (;;) {
		const held = (await navigator.locks.query()).held.map(({ name }) => name.split(" "));
		if (!held.some(([kind]) => kind.startsWith("oidcspa.start."))) {
			return held.filter(([kind]) => kind.startsWith("oidcspa.host.")).map(([kind, , name]) => kind.split(".")[2] + " " + name).sort();
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
})()`

// beforeWorker puts a script before that of the app's workers.
func beforeWorker(t *testing.T, a *app, script string) {
	t.Helper()
	a.respond("/"+fileName(t, "worker.js"), func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("If-None-Match")
		a.assets.ServeHTTP(&prefixed{ResponseWriter: w, script: []byte(script)}, r)
	})
}

// A worker that takes connections and does not answer, or no more: its locks say
// whether it has ended, and is asked anew, or stands still, and keeps its name. The
// program is one that pages share, however that is.
func TestWorkerIsSilent(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script string // in the worker with the first name
		code   string
		want   []string // nil where one starts for good
	}{
		{
			"and has no lock, three times",
			`let connections = 0, live;
			const lives = new Promise((resolve) => { live = resolve; });
			const { locks } = navigator, request = locks.request.bind(locks);
			locks.request = (...asked) => lives.then(() => request(...asked));
			addEventListener("connect", (event) => ++connections > 3 ? live() : event.stopImmediatePropagation());`,
			"",
			[]string{"shared oidcspa.1"},
		},
		{
			"and stands still",
			`addEventListener("connect", (event) => event.stopImmediatePropagation());`,
			"",
			[]string{"shared oidcspa.1", "shared oidcspa.1.2"},
		},
		{"and stands still instead of its first answer", standsAtAnswer(1), "", []string{"shared oidcspa.1", "shared oidcspa.1.2"}},
		{"and stands still while it starts", `WebAssembly.instantiateStreaming = ` + standsStill, "", nil},
		{"and stands still instead of its second answer", standsAtAnswer(2), "runtime_stopped", []string{"shared oidcspa.1", "shared oidcspa.1.2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			a.standsStill(t, 1)
			if strings.Contains(tt.script, "Streaming") {
				hastens(a, 180_000)
			}
			beforeWorker(t, a, `if (globalThis.name === "oidcspa.1") { `+tt.script+` }`)
			newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := codeOf(tab, "um.signinSilent()"); code != tt.code {
				t.Errorf("code %q, want %q", code, tt.code)
			}
			if tt.want == nil {
				return
			}
			if got := eval[[]string](tab, "um.getUser().then(() => "+programsHeld+")"); !slices.Equal(got, tt.want) {
				t.Errorf("programs %q, want %q", got, tt.want)
			}
		})
	}
}

// A dedicated worker that stands still is ended, and another one takes its place.
func TestDedicatedWorkerStandsStill(t *testing.T) {
	a := newApp(t)
	a.setHost("dedicated")
	newHostile(t, a)
	a.standsStill(t, 1)
	beforeWorker(t, a, standsAtAnswer(2))
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinSilent()"); code != "runtime_stopped" {
		t.Errorf("code %q", code)
	}
	if code := codeOf(tab, "um.signinSilent()"); code != "" {
		t.Errorf("then: code %q", code)
	}
	if got := eval[[]string](tab, programsHeld); len(got) != 1 {
		t.Errorf("programs %q", got)
	}
}

// Where one worker after the other stands still, as on a machine that has too much to do, the
// program neither runs in the page then, nor in workers without end.
func TestWorkersStandStill(t *testing.T) {
	a := newApp(t)
	a.standsStill(t, 10)
	newHostile(t, a)
	hastens(a, 5_000)
	beforeWorker(t, a, standsAtAnswer(1))
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinSilent()"); code != "runtime_stopped" {
		t.Errorf("code %q", code)
	}
	if got, want := eval[[]string](tab, programsHeld), []string{"shared oidcspa.1", "shared oidcspa.1.2"}; !slices.Equal(got, want) {
		t.Errorf("programs %q, want %q", got, want)
	}
	if eval[bool](tab, "'Go' in globalThis") {
		t.Error("the program runs in the page")
	}
}

// hastens has a page wait half a second where it would wait for so many milliseconds.
func hastens(a *app, wait int) {
	a.respond("/app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprintf(w, "const { setTimeout: wait } = globalThis; globalThis.setTimeout = (fn, ms, ...args) => wait(fn, ms === %d ? 500 : ms, ...args);\n", wait)
		_, _ = w.Write(appScript())
	})
}

// standsStill keeps so many workers that ask for /over until the test is over.
func (a *app) standsStill(t *testing.T, workers int) {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	var asked atomic.Int32
	a.respond("/over", func(http.ResponseWriter, *http.Request) {
		if int(asked.Add(1)) <= workers {
			<-over
		}
	})
}

// standsStill is what a worker calls to ask for /over and wait for that.
const standsStill = `() => {
	const request = new XMLHttpRequest();
	request.open("GET", "/over", false);
	request.send();
};`

// standsAtAnswer has a worker do so before its nth answer.
func standsAtAnswer(n int) string {
	return fmt.Sprintf(`let answers = 0;
		const post = MessagePort.prototype.postMessage, stand = %s
		MessagePort.prototype.postMessage = function (message, ...rest) {
			if (/"(result|error)":/.test(message) && ++answers === %d) stand();
			return post.call(this, message, ...rest);
		};`, standsStill, n)
}

// Go keeps the worker's thread while it starts, for longer than one may stand
// still: a second tab waits, and gets the program of the first.
func TestProgramStartsSlowly(t *testing.T) {
	for _, tt := range []struct{ name, then, code string }{
		{"and runs", "", ""},
		{"and fails", `throw new Error("no memory");`, "wasm_invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			beforeWorker(t, a, `if (globalThis.name === "oidcspa.1") Object.defineProperty(globalThis, "Go", {
				configurable: true,
				set(value) {
					Object.defineProperty(globalThis, "Go", { value });
					const { run } = value.prototype;
					value.prototype.run = function (instance) {
						const request = new XMLHttpRequest();
						request.open("GET", "/held", false);
						request.send();
						`+tt.then+`
						return run.call(this, instance);
					};
				},
			});`)
			starts, goOn := make(chan struct{}), make(chan struct{})
			release := sync.OnceFunc(func() { close(goOn) })
			t.Cleanup(release)
			a.respond("/held", func(http.ResponseWriter, *http.Request) {
				select {
				case starts <- struct{}{}:
				case <-goOn: // another start
				}
				<-goOn
			})
			a.respond("/app.js", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/javascript")
				_, _ = w.Write([]byte(`if (location.search === "?second") { // six silences take no time there
					const { setTimeout } = globalThis;
					globalThis.silences = 0;
					globalThis.setTimeout = (fn, wait, ...args) => setTimeout(fn, wait === 500 && silences++ < 6 ? 0 : wait, ...args);
				}` + "\n"))
				_, _ = w.Write(appScript())
			})
			newHostile(t, a)
			const signin = "globalThis.code = um.signinSilent().then(() => '', (e) => e.code ?? String(e)), code.then(() => { globalThis.done = true; }), true"
			first := newTab(t)
			first.visit(a.origin + "/")
			eval[bool](first, signin)
			<-starts
			second := first.sibling()
			second.visit(a.origin + "/?second")
			eval[bool](second, signin)
			second.waitFor("silences > 6 || globalThis.done === true")
			release()
			for _, tab := range []*tab{first, second} {
				if code := eval[string](tab, "code"); code != tt.code {
					t.Errorf("code %q, want %q", code, tt.code)
				}
			}
			if got := eval[[]string](second, programsHeld); !slices.Equal(got, []string{"shared oidcspa.1"}) {
				t.Errorf("programs %q, want one", got)
			}
		})
	}
}
