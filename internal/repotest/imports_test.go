package repotest

import (
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/oidcspa/oidcspa"

const (
	safejs = "github.com/hack-pad/safejs"
	gojose = "github.com/go-jose/go-jose/v4"
	redis  = "github.com/redis/go-redis/v9"
)

// A rule forbids imports to the files below a folder. A path stands for the
// packages below it, too.
type rule struct {
	folder string
	not    []string
	why    string
}

var rules = []rule{
	{"oidc", []string{"syscall/js", safejs, "net/http"}, "the protocol builds and tests without a browser; HTTP is an oidc.Transport"},
	{"oidc", []string{"log"}, "the protocol returns errors, it does not log"},
	{"oidc", []string{modulePath + "/session", modulePath + "/jsonrpc", modulePath + "/jsbridge", modulePath + "/wasm"},
		"nothing imports upwards"},
	{"session", []string{"syscall/js", safejs, "net/http"}, "the engine reaches the browser through its ports"},
	{"session", []string{modulePath + "/jsbridge", modulePath + "/jsonrpc", modulePath + "/wasm"}, "nothing imports upwards"},
	{"jsonrpc", []string{"syscall/js", safejs, "net/http"}, "the protocol of the port knows no port"},
	{"jsonrpc", []string{modulePath + "/oidc", modulePath + "/session", modulePath + "/wasm", modulePath + "/jsbridge"},
		"JSON-RPC knows no OpenID Connect"},
	{"jsbridge", []string{modulePath}, "the bridge is generic"},
	{"resource", []string{modulePath + "/session", modulePath + "/jsonrpc", modulePath + "/jsbridge", modulePath + "/wasm", modulePath + "/web"},
		"the API behind the app knows nothing of the app"},
	{"wasm/api", []string{"syscall/js", safejs, modulePath + "/jsbridge"}, "the contract with the page tests natively"},
}

// inWasm are the folders whose packages are linked into the wasm.
var inWasm = []string{"oidc", "session", "jsonrpc", "jsbridge", "wasm", "internal/strictjson"}

// joseFiles are the only files that know go-jose.
var joseFiles = []string{"oidc/jose.go", "oidc/jwe/jwe.go", "internal/strictjson/strictjson.go"}

// TestImports checks the sources of packages, not their tests, and not
// those that are for tests.
func TestImports(t *testing.T) {
	checked := make(map[string]bool) // folders of rules that had a file
	for name, text := range repositoryFiles(t) {
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || below(name, "oidc/oidctest") || below(name, "session/explore") || below(name, "session/sessiontest") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := forbidden(name, imported); why != "" {
				t.Errorf("%s imports %s: %s", name, imported, why)
			}
		}
		for _, r := range rules {
			checked[r.folder] = checked[r.folder] || below(name, r.folder)
		}
	}
	for folder, found := range checked {
		if !found {
			t.Errorf("no file in %s: correct the rules", folder)
		}
	}
}

// cutPackages are those of which the wasm lacks functions that can be called by
// who imports them.
var cutPackages = []string{"crypto/elliptic", "crypto/sha1", "crypto/sha3", "math/big", "os", "runtime/pprof", "runtime/trace"}

// redisFolders are those of the packages that know Redis.
var redisFolders = []string{"resource/redisreplay", "resource/redisendings", "internal/redistest"}

// forbidden returns why a file may not import a package; "" if it may.
func forbidden(file, imported string) string {
	for _, r := range rules {
		if !below(file, r.folder) {
			continue
		}
		for _, not := range r.not {
			if imported == not || below(imported, not) {
				return r.why
			}
		}
	}
	linked := slices.ContainsFunc(inWasm, func(folder string) bool { return below(file, folder) })
	switch {
	case linked && (imported == gojose || below(imported, gojose)) && !slices.Contains(joseFiles, file):
		return "go-jose stays behind " + strings.Join(joseFiles, " and ")
	case linked && imported == "encoding/json":
		return "use internal/strictjson: it is stricter, and the wasm holds one JSON package instead of two"
	case linked && slices.Contains(cutPackages, imported):
		return "functions of it are left out of the wasm (web/build/cuts.go)"
	case imported == safejs && !below(file, "jsbridge") && !below(file, "wasm"):
		return "JavaScript is met in jsbridge and wasm alone"
	case (imported == redis || below(imported, redis)) && !slices.ContainsFunc(redisFolders, func(folder string) bool { return below(file, folder) }),
		slices.ContainsFunc(redisFolders, func(folder string) bool { return imported == modulePath+"/"+folder }):
		return "only who wants to keep something in Redis links its client"
	}
	return ""
}

func TestForbidden(t *testing.T) {
	tests := []struct {
		file, imported string
		want           bool
	}{
		{"oidc/token.go", "net/url", false},
		{"oidc/token.go", "net/http", true},
		{"oidc/token.go", "net/http/httptrace", true},
		{"oidc/token.go", "log/slog", true},
		{"oidc/token.go", gojose, true},
		{"oidc/token.go", gojose + "/json", true},
		{"oidc/jose.go", gojose, false},
		{"session/client.go", "syscall/js", true},
		{"session/client.go", modulePath + "/oidc", false},
		{"jsbridge/port.go", safejs, false},
		{"jsbridge/port.go", modulePath + "/oidc", true},
		{"wasm/main.go", "syscall/js", false},
		{"wasm/api/user.go", "syscall/js", true},
		{"wasm/api/user.go", "encoding/json", true},
		{"web/web.go", "encoding/json", false},
		{"oidc/jose.go", "math/big", true},
		{"web/web.go", "os", false},
		{"web/web.go", safejs, true},
		{"resource/replay.go", redis, true},
		{"resource/replay.go", modulePath + "/resource/redisreplay", true},
		{"resource/redisreplay/redisreplay.go", redis, false},
		{"resource/endings.go", redis, true},
		{"resource/endings.go", modulePath + "/resource/redisendings", true},
		{"resource/redisendings/redisendings.go", redis, false},
	}
	for _, tt := range tests {
		if why := forbidden(tt.file, tt.imported); (why != "") != tt.want {
			t.Errorf("%s importing %s: forbidden %q, want %v", tt.file, tt.imported, why, tt.want)
		}
	}
}
