//go:build known && !js

package e2e

import "testing"

// A redirect that no server has sent leads nowhere: what is taken for the place that metadata
// have moved to is any answer that the origin of the provider gives to anybody, such as a file
// that somebody has put there.
func TestKnownMovedByAServiceWorker(t *testing.T) {
	asksBehindARedirect(t, movedRow{"what somebody has put at the provider's origin", moved + `await put("*/*", await fetch(origin + "/jwks"));`, "answer_forged"})
}
