package repotest

import (
	"strings"
	"testing"
)

// TestServiceWorkerGuide expects the settings that the guide tells to be those
// that the tests build an app with.
func TestServiceWorkerGuide(t *testing.T) {
	guide := content(t, "docs/service-workers.md")
	for _, name := range []string{"workbox-config.mjs", "sw.js", "vite.config.mjs", "vite.inject.config.mjs", "ngsw-config.json"} {
		if settings := content(t, "e2e/pwa/"+name); !strings.Contains(guide, "\n"+settings+"```\n") {
			t.Errorf("docs/service-workers.md does not show e2e/pwa/%s as it is", name)
		}
	}
}
