//go:build !js

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// The entry points work in Node, and answer as those of npm oidc-spa do; node.mjs says what.
func TestSpaCompatNode(t *testing.T) {
	a := spaApp{ours: true}
	if log, err := a.command(t, a.folder(t), "node.mjs").CombinedOutput(); err != nil {
		t.Errorf("node.mjs: %v\n%s", err, log)
	}
}

// The app, and a file with all else of the types, compile with those of npm oidc-spa and with ours.
func TestSpaCompatTypes(t *testing.T) {
	for _, a := range []spaApp{{name: "npm oidc-spa"}, {name: "this client", ours: true}} {
		t.Run(a.name, func(t *testing.T) {
			if out, err := a.command(t, a.folder(t), tsc, "--pretty", "false", "-p", ".").CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// tsc is the command line of TypeScript's compiler.
const tsc = "node_modules/typescript/bin/tsc"

// unbuilt are entry points of oidc-spa that are not built, with what an app imports from them.
var unbuilt = []struct{ entry, name string }{
	{"angular", "Oidc"},
	{"browser-runtime-freeze", "browserRuntimeFreeze"},
	{"DPoP", "DPoP"},
	{"keycloak-js", "Keycloak"},
	{"keycloak-js-authz", "KeycloakAuthorization"},
	{"nuxt-spa", "oidcSpa"},
	{"react-tanstack-start", "oidcSpa"},
	{"server", "oidcSpa"},
	{"token-substitution", "tokenSubstitution"},
}

// Who imports what is not built hears what to use instead: from Node, from bundlers, and, that there is nothing to
// import, from the compiler of TypeScript.
func TestSpaCompatRefuses(t *testing.T) {
	a := spaApp{ours: true}
	folder := a.folder(t)
	write := func(name, text string) string {
		t.Helper()
		name = filepath.Join(folder, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	var all, node strings.Builder
	for i, r := range unbuilt {
		fmt.Fprintf(&all, "import { %s as a%d } from \"oidc-spa/%s\";\nconsole.log(a%d);\n", r.name, i, r.entry, i)
		fmt.Fprintf(&node, "await import(\"oidc-spa/%s\").catch(({ message }) => console.log(message));\n", r.entry)
	}
	bundle := api.Build(api.BuildOptions{EntryPoints: []string{write("all.js", all.String())}, Bundle: true, Format: api.FormatESModule})
	var texts strings.Builder
	for _, e := range bundle.Errors {
		texts.WriteString(e.Text + "\n")
	}
	write("all.mjs", node.String())
	said, err := a.command(t, folder, "all.mjs").CombinedOutput()
	if err != nil {
		t.Errorf("node: %v\n%s", err, said)
	}
	write("all.ts", all.String())
	complaints, err := a.command(t, folder, tsc, "--strict", "--noEmit", "--module", "esnext", "--moduleResolution", "bundler", "--pretty", "false", "all.ts").CombinedOutput()
	if err == nil {
		t.Error("tsc says nothing")
	}
	for _, r := range unbuilt {
		want := "oidcspa has no " + r.entry + ": "
		if !strings.Contains(texts.String(), want) {
			t.Errorf("esbuild does not say %q:\n%s", want, texts.String())
		}
		if !strings.Contains(string(said), want) {
			t.Errorf("Node does not say %q:\n%s", want, said)
		}
		if want := fmt.Sprintf("Module '\"oidc-spa/%s\"' has no exported member '%s'", r.entry, r.name); !strings.Contains(string(complaints), want) {
			t.Errorf("tsc does not say %q:\n%s", want, complaints)
		}
	}
	write("src/entry.ts", `import { oidcSpa } from "oidc-spa/server"; console.log(oidcSpa);`)
	out, err := a.command(t, folder, vite, "build").CombinedOutput()
	if want := "oidcspa has no server: use package resource"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("vite build: %v, which does not say %q:\n%s", err, want, out)
	}
}

// The plugin for Vite serves the files under their own names, so that the worker finds the program and the keeper.
func TestSpaCompatPlugin(t *testing.T) {
	a := spaApp{ours: true, plugin: true}
	folder := a.folder(t)
	if log, err := a.command(t, folder, vite, "build").CombinedOutput(); err != nil {
		t.Fatalf("vite build: %v\n%s", err, log)
	}
	for _, logical := range []string{"worker.js", "oidcspa.wasm", "keeper.js"} {
		if _, err := os.Stat(filepath.Join(folder, "dist", "assets", fileName(t, logical))); err != nil {
			t.Error(err)
		}
	}
}
