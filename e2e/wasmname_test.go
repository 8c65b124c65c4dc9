//go:build !js

package e2e

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
)

// startProgram starts a worker with a program of another name, and returns
// "runs", or the code with which it does not and what is said of it.
const startProgram = `((host, wasm) => new Promise((resolve) => {
	const script = workerScript + "#wasm=" + encodeURIComponent(wasm);
	let port;
	if (host === "shared") port = new SharedWorker(script, { type: "module" }).port;
	else {
		const channel = new MessageChannel();
		new Worker(script, { type: "module" }).postMessage(null, [channel.port2]);
		port = channel.port1;
	}
	port.onmessage = ({ data }) => {
		const { id, method, params } = JSON.parse(data);
		if (method === "stopped") resolve(params.code + ": " + params.message);
		if (id === 1) resolve("runs");
	};
	port.postMessage(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "nothing" }));
}))`

// A bundler gives the program another name, which the page tells the worker.
// Whatever a page tells it, no other program is run.
func TestProgramOfAnotherName(t *testing.T) {
	program, err := fs.ReadFile(assetsFS, fileName(t, "oidcspa.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	// It runs as well: what it has more is a custom section without content.
	other := string(program) + "\x00\x02\x01x"
	rows := []struct{ name, content, contentType, want string }{
		{"the program", string(program), "application/wasm", "runs"},
		{"another program", other, "application/wasm", "wasm_invalid: /renamed.wasm"},
		{"the program, cut off", string(program[:1<<20]), "application/wasm", "wasm_invalid: /renamed.wasm"},
		{"a page", "<!doctype html>", "text/html", `wasm_wrong_type: /renamed.wasm`},
		{"nothing", "", "", "wasm_not_found: /renamed.wasm answered 404"},
	}
	for _, row := range rows {
		for _, host := range []string{"shared", "dedicated"} {
			t.Run(row.name+"/"+host, func(t *testing.T) {
				a := newApp(t)
				newHostile(t, a)
				a.hurry()
				serveHostile(a)
				a.respond("/renamed.wasm", func(w http.ResponseWriter, _ *http.Request) {
					if row.content == "" {
						http.Error(w, "no", http.StatusNotFound)
						return
					}
					w.Header().Set("Content-Type", row.contentType)
					_, _ = w.Write([]byte(row.content))
				})
				tab := newTab(t)
				tab.expectProblems() // the browser logs what it refuses
				tab.visit(a.origin + "/hostile.html")
				got := eval[string](tab, fmt.Sprintf("%s(%q, %q)", startProgram, host, a.origin+"/renamed.wasm"))
				if !strings.HasPrefix(got, row.want) {
					t.Errorf("the program: %s; want %s", got, row.want)
				}
			})
		}
	}
}
