package session

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

const providersFile = "../docs/providers.md"

// checkProviders compares docs/providers.md with what the profiles say and the rows
// that the test has found, or writes it.
func checkProviders(t *testing.T, rows map[string]string) {
	document, err := os.ReadFile(providersFile)
	if err != nil {
		t.Fatal(err)
	}
	const begin = "<!-- the rest is written by `go test ./session -run TestProfiles -update` -->\n"
	head, _, found := strings.Cut(string(document), begin)
	if !found {
		t.Fatal("the document has no table")
	}
	var b strings.Builder
	b.WriteString(head + begin + "\n| provider |")
	for _, step := range oidctest.Steps() {
		b.WriteString(" " + string(step) + " |")
	}
	b.WriteString("\n" + strings.Repeat("|---", len(oidctest.Steps())+1) + "|\n")
	profiles := oidctest.Profiles()
	for i := range profiles {
		b.WriteString(rows[profiles[i].Name] + "\n")
	}
	for i := range profiles {
		writeProvider(&b, &profiles[i])
	}
	if *update {
		if err := os.WriteFile(providersFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != string(document) {
		t.Error("docs/providers.md says something else: go test ./session -run TestProfiles -update")
	}
}

// writeProvider writes the section of a provider.
func writeProvider(b *strings.Builder, p *oidctest.Profile) {
	fmt.Fprintf(b, "\n## %s\n\n%s `scope` as it is tried: `%s`.\n\n", p.Name, p.Register, scopeText(cmp.Or(p.Scope, "openid profile")))
	for _, quirk := range p.Quirks {
		fmt.Fprintf(b, "- %s\n", quirk)
	}
	if slices.Contains(p.Signout.Requires, "id_token_hint") {
		b.WriteString("- Its sign-out demands the ID token: `signoutRedirect()` with nobody signed in here ends at a page of the provider. Ask `getUser()` before.\n")
	}
	for i := range p.Limits {
		fmt.Fprintf(b, "- %s\n", limitText(&p.Limits[i]))
	}
	for _, step := range oidctest.Steps() {
		if wait := p.Waits[step]; wait != "" {
			fmt.Fprintf(b, "- Not yet (%s): %s.\n", step, wait)
		}
	}
	if len(p.Quirks)+len(p.Limits)+len(p.Waits)+len(p.Signout.Requires) > 0 {
		b.WriteString("\n")
	}
	var sources []string
	for _, s := range p.Sources {
		when := "read " + s.Read
		if s.Date != "" {
			when = s.Date + ", " + when
		}
		sources = append(sources, fmt.Sprintf("[%s](%s) (%s; %s)", s.For, s.URL, s.Kind, when))
	}
	fmt.Fprintf(b, "Shapes: %s.", strings.Join(sources, "; "))
	if len(p.Inferred) > 0 {
		fmt.Fprintf(b, " Inferred: %s.", strings.Join(p.Inferred, "; "))
	}
	b.WriteString("\n")
}

// scopeText names what is another for each app.
func scopeText(scope string) string {
	var names []string
	for _, one := range oidc.SplitScope(scope) {
		if one == "app" { // the client of the tests
			one = "CLIENT-ID"
		}
		names = append(names, one)
	}
	return strings.Join(names, " ")
}

// limitText says what does not work, and what mends it.
func limitText(l *oidctest.Limit) string {
	text := "**" + strings.ToUpper(string(l.Step[:1])) + string(l.Step[1:]) + "**"
	if l.Code != "" {
		text += ", `" + string(l.Code) + "`"
	}
	text += ": " + l.Why
	switch {
	case l.Setting == "":
		return text
	case l.Setting == "extraQueryParams":
		text += " Give `" + strings.ReplaceAll(l.Value, " ", "` and `") + "` in `" + l.Setting + "`."
	case l.Value == "" || l.Setting == "client_secret":
		text += " Set `" + l.Setting + "`."
	case l.Setting == "scope":
		text += " Set `scope` to `" + scopeText(l.Value) + "`."
	default:
		text += " Set `" + l.Setting + "` to `" + l.Value + "`."
	}
	return text
}

// What a limit says to set is there to be set.
func TestProfileSettings(t *testing.T) {
	var settings strings.Builder
	for _, name := range []string{"../web/oidcspa.d.ts", "../resource/issuer.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		settings.Write(text)
	}
	for _, p := range oidctest.Profiles() {
		for _, l := range p.Limits {
			declared := strings.Contains(settings.String(), " "+l.Setting+"?: ") || strings.Contains(settings.String(), "\t"+l.Setting+" ")
			if l.Setting != "" && !declared {
				t.Errorf("%s: nobody can set %s", p.Name, l.Setting)
			}
		}
	}
}
