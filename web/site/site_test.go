package site_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/web/site"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(site.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Each way to fail is explained to the person in front of the screen.
func TestEveryCodeHasAMessage(t *testing.T) {
	declarations, err := os.ReadFile("../oidcspa.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	union := regexp.MustCompile(`(?s)type OIDCErrorCode =(.*?);`).FindSubmatch(declarations)
	if union == nil {
		t.Fatal("oidcspa.d.ts has no OIDCErrorCode")
	}
	messages := read(t, "messages.js")
	for _, code := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(string(union[1]), -1) {
		if !strings.Contains(messages, "\n  "+code[1]+": \"") {
			t.Errorf("messages.js has no message for %s", code[1])
		}
	}
}

// The site works under a policy without inline code and without HTML sinks.
func TestNothingInline(t *testing.T) {
	page := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|https?://|<script(?:[^>]*)>\s*[^<\s]`)
	script := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://|localStorage|sessionStorage`)
	forbidden := map[string]*regexp.Regexp{
		"index.html": page, "app.js": script, "style.css": regexp.MustCompile(`@import|url\(`),
		"members/index.html": page, "members/app.js": script, "members/entry.js": script,
	}
	for name, pattern := range forbidden {
		if found := pattern.FindString(read(t, name)); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	}
}

// The script finds what it looks for in the page.
func TestElementsExist(t *testing.T) {
	for _, folder := range []string{"", "members/"} {
		page := read(t, folder+"index.html")
		ids := regexp.MustCompile(`(?:element|onClick)\("([a-z-]+)"`).FindAllStringSubmatch(read(t, folder+"app.js"), -1)
		if len(ids) == 0 {
			t.Fatalf("%sapp.js looks for nothing", folder)
		}
		for _, m := range ids {
			if !strings.Contains(page, `id="`+m[1]+`"`) {
				t.Errorf("%sindex.html has no element %q", folder, m[1])
			}
		}
	}
}
