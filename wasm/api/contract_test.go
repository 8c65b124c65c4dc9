//go:build !js

package api

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// The files of the other end.
const (
	declarationFile = "web/oidcspa.d.ts"
	pageFile        = "web/shim/*.js"
	workerFile      = "web/worker.js"
	toldFile        = "web/shim/told.js"
)

// same fails unless got and want hold the same names.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) == 0 {
		t.Errorf("%s: nothing found", what)
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s: %q has nothing to match it", what, name)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s: %q is missing", what, name)
		}
	}
}

// windowMembers say how the page opens a popup window.
var windowMembers = []string{"popupWindowFeatures", "popupWindowTarget", "popupAbortOnClose"}

// tabMembers say how the tab goes to the provider.
var tabMembers = []string{"redirectMethod", "redirectTarget"}

// frameMember is of the page's hidden frames.
const frameMember = "iframeAttributes"

// pageMembers are those of a UserManager that the page serves alone.
var pageMembers = []string{
	"settings", "events", "metadataService", "signinRedirectCallback", "signinPopupCallback", "signinSilentCallback",
	"signoutRedirectCallback", "signoutPopupCallback", "signoutSilentCallback", "clearStaleState", "dispose",
}

// memberNames are the members that do not have the name of the method.
var memberNames = map[string][]string{
	"metadata":          nil, // for metadataService
	"signinCredentials": {"signinResourceOwnerCredentials"},
	"silentRenew":       {"startSilentRenew", "stopSilentRenew"},
	"monitorSession":    nil, // for new SessionMonitor()
	"dpopJkt":           {"generateDPoPJkt"},
}

// The declarations for TypeScript name what the JSON of Go has, and no more.
func TestDeclaredMembers(t *testing.T) {
	d := parseDeclarations(read(t, declarationFile))
	unused := submatches(quoted, section(t, read(t, pageFile), "const NO_EFFECT = [", "]"))
	tests := []struct {
		declared string
		page     []string // members that the page adds or keeps to itself
		json     reflect.Type
	}{
		{"UserManagerSettings", slices.Concat([]string{"host", "assets", frameMember}, windowMembers, tabMembers, unused), reflect.TypeFor[settingsJSON]()},
		{"RequestParameters", []string{"redirect_uri", "scope"}, reflect.TypeFor[requestJSON]()},
		{"SigninRedirectArgs", tabMembers, reflect.TypeFor[signinJSON]()},
		{"SigninSilentArgs", []string{frameMember}, reflect.TypeFor[silentJSON]()},
		{"SignoutRedirectArgs", tabMembers, reflect.TypeFor[signoutJSON]()},
		{"SignoutSilentArgs", nil, reflect.TypeFor[silentSignoutJSON]()},
		{"SigninResourceOwnerCredentialsArgs", nil, reflect.TypeFor[passwordJSON]()},
		{"IdleSettings", nil, reflect.TypeFor[idleJSON]()},
		{"SessionStatus", nil, reflect.TypeFor[sessionStatusJSON]()},
		{"SigninPopupArgs", append([]string{"popupSignal"}, windowMembers...), reflect.TypeFor[argumentsJSON]()},
		{"SignoutPopupArgs", append([]string{"popupSignal"}, windowMembers...), reflect.TypeFor[signoutJSON]()},
		{"User", []string{"scopes", "expires_in", "expired", "toStorageString"}, reflect.TypeFor[userJSON]()},
		{"ErrorResponse", []string{"state", "form"}, reflect.TypeFor[errorData]()},
		{"FetchSettings", nil, reflect.TypeFor[fetchSettingsJSON]()},
		{"AllowedAPI", nil, reflect.TypeFor[apiJSON]()},
		{"StepUpChallenge", nil, reflect.TypeFor[stepUpJSON]()},
		{"StatsArgs", nil, reflect.TypeFor[statsJSON]()},
		{"Stats", nil, reflect.TypeFor[statsResult]()},
		{"StartPhases", nil, reflect.TypeFor[startJSON]()},
		{"SigninPhases", nil, reflect.TypeFor[session.SigninPhases]()},
		{"Measure", nil, reflect.TypeFor[measureJSON]()},
	}
	for _, tt := range tests {
		same(t, tt.declared, d.members(t, tt.declared), append(tags(tt.json), tt.page...))
	}
}

// toldMethod is what a page asks the worker's script, which answers in the same way before the
// program runs; to the program it is no method.
const toldMethod = "told"

// The worker's script knows that method, and makes of settings what the program does.
func TestToldMethod(t *testing.T) {
	script := read(t, toldFile)
	if !strings.Contains(script, `method !== "`+toldMethod+`"`) || !strings.Contains(script, `"method":"`+toldMethod+`"`) {
		t.Errorf("%s does not know %q", toldFile, toldMethod)
	}
	if slices.Contains(served(), toldMethod) {
		t.Errorf("the program serves %q", toldMethod)
	}
	// openssl dgst -sha256 -binary | base64
	if got, want := asker([]byte(`{"authority":"https://op.example","client_id":"app"}`)), "+YHdI9Ct5C7a0O1YfUTYlMfZ18TrD9nXHg6wNYazUv8="; got != want {
		t.Errorf("asker = %q, want %q", got, want)
	}
}

// served are the methods of a UserManager's connection.
func served() []string {
	return append(slices.Collect(maps.Keys(methods)), slices.Collect(maps.Keys(methodsOfPage))...)
}

// What a UserManager can do is what the connection serves.
func TestDeclaredMethods(t *testing.T) {
	all, members := append(served(), "stats"), slices.Clone(pageMembers)
	for _, method := range all {
		names, ok := memberNames[method]
		if !ok {
			names = []string{method}
		}
		members = append(members, names...)
	}
	same(t, "UserManager", parseDeclarations(read(t, declarationFile)).members(t, "UserManager"), members)
	called := submatches(regexp.MustCompile(`(?:#call|#tell|#leaveFor|#inPopup|connection\.call|this\.call|this\.#ask|notify)\("(\w+)"`), read(t, pageFile))
	called = append(called, submatches(regexp.MustCompile(`\.call\("(\w+)"\)`), read(t, pageFile))...)
	for _, step := range steps {
		all = append(all, step.name)
	}
	same(t, "calls in "+pageFile, called, append(all, "open", "close", "wake", "awaits", "ping", toldMethod)) // a ping any answer answers
}

var (
	jsFailure = regexp.MustCompile(`failure\("(\w+)"`)
	jsCode    = regexp.MustCompile(`code: "(\w+)"`)
)

// jsCodes are the codes that are born in JavaScript.
func jsCodes(source string) []string {
	return append(submatches(jsFailure, source), submatches(jsCode, source)...)
}

// Every code is declared, and every one of those exists. That the reference
// has them all is a test of internal/repotest.
func TestErrorCodes(t *testing.T) {
	codes := constants(t, "Code", "oidc", "session", "wasm/api")
	codes = append(codes, jsCodes(read(t, pageFile))...)
	codes = append(codes, jsCodes(read(t, workerFile))...)
	declared := parseDeclarations(read(t, declarationFile)).union(t, "OIDCErrorCode")
	same(t, "OIDCErrorCode", declared, codes)
	slices.Sort(declared)
	if once := slices.Compact(slices.Clone(declared)); len(once) != len(declared) {
		t.Errorf("%d codes, %d of them different", len(declared), len(once))
	}
}

// section is the part of a source from one line to the next.
func section(t *testing.T, source, from, to string) string {
	t.Helper()
	_, rest, begins := strings.Cut(source, from)
	part, _, ends := strings.Cut(rest, to)
	if !begins || !ends {
		t.Fatalf("no part from %q to %q", from, to)
	}
	return part
}

// keeperService is what the worker's script has the page do, not the program.
const keeperService = "keeper"

// The page offers the services that the program asks for, and gives no reason
// that the program does not know.
func TestServices(t *testing.T) {
	source := section(t, read(t, pageFile), "const SERVICES = {\n", "\n};\n")
	offered := submatches(regexp.MustCompile(`(?m)^  (?:async )?"?([\w.]+)"?\(`), source)
	rare := section(t, read(t, "web/ondemand.js"), "const services = {", "}")
	offered = append(offered, submatches(regexp.MustCompile(`[ "]([\w.]+)"?(?:,|:)`), strings.ReplaceAll(rare, ": ", ":"))...)
	same(t, "SERVICES", offered, append(arguments(t, "wasm/api", "call"), keeperService))
	if !strings.Contains(read(t, workerFile), `postAll("`+keeperService+`"`) {
		t.Errorf("%s does not ask for %q", workerFile, keeperService)
	}
	known := []string{string(session.ErrInternal)}
	for _, code := range pageCodes {
		known = append(known, string(code))
	}
	for _, code := range jsCodes(source) {
		if !slices.Contains(known, code) {
			t.Errorf("a service fails with %q, which the program takes for a bug", code)
		}
	}
	serve := section(t, read(t, pageFile), "#serve(method, params, worker) {", "\n  }\n")
	told := append(submatches(regexp.MustCompile(`method === "(\w+)"`), serve), "stopped") // that is for the connection itself
	same(t, "notifications", told, append(arguments(t, "wasm/api", "Notify"), toldMethod))
}

// The page can hear every event, and of no other.
func TestEvents(t *testing.T) {
	names := constants(t, "EventName", "session")
	var events, listeners []string
	for _, name := range names {
		upper := strings.ToUpper(name[:1]) + name[1:]
		events = append(events, upper)
		listeners = append(listeners, "add"+upper, "remove"+upper)
	}
	declared := parseDeclarations(read(t, declarationFile)).members(t, "UserManagerEvents")
	same(t, "UserManagerEvents", declared, append(listeners, "load", "unload"))
	same(t, "events in "+pageFile, submatches(quoted, section(t, read(t, pageFile), "const EVENTS = [", "]")), events)
}

func TestVersion(t *testing.T) {
	version := submatches(regexp.MustCompile(`(?m)^const VERSION = (\d+);$`), read(t, pageFile))
	if !slices.Equal(version, []string{strconv.Itoa(Version)}) {
		t.Errorf("VERSION in %s = %q, want %d", pageFile, version, Version)
	}
}

// The parameters of a response that the page takes out of the address bar are
// all that the program reads from it.
func TestResponseParameters(t *testing.T) {
	response := regexp.MustCompile(section(t, read(t, pageFile), "const RESPONSE = /", "/;"))
	list := section(t, read(t, "web/callback.js"), `const RESPONSE_PARAMETERS = "`, ` oidcspa.arrival"`) // which no response has
	for _, name := range strings.Fields(list) {
		if !response.MatchString(name + "=1") {
			t.Errorf("%s stays in the address", name)
		}
		if _, err := oidc.CallbackState("https://app.example.test/?state=s&code=c&" + name + "=1&" + name + "=2"); err != oidc.ErrCallbackMalformed {
			t.Errorf("%s may come twice: the program does not know it", name)
		}
	}
}
