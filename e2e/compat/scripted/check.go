//go:build !js

package scripted

import (
	"io"
	"net/http"
	"strings"
)

// checkPage is the frame that knows whether the session has changed (OpenID
// Connect Session Management 1.0, 3.2): this one asks the provider each time.
// It takes one question at a time, and calls a session changed once: on a busy
// machine the next question may be under way already.
const checkPage = `<!doctype html>
<title>check</title>
<script>
let busy = false;
const changed = new Set();
addEventListener("message", async ({ data, source, origin }) => {
  if (busy || changed.has(data)) return;
  busy = true;
  const response = await fetch(location.href, { method: "POST", body: data });
  const answer = await response.text();
  busy = false;
  if (answer === "changed") changed.add(data);
  source.postMessage(answer, origin);
});
</script>
`

// check serves the frame, and answers its questions. How often a question
// comes depends on the clock: it is written down when it is another one than
// before.
func (p *Provider) check(w http.ResponseWriter, r *http.Request, question string) {
	if r.Method == http.MethodGet {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, checkPage)
		return
	}
	answer := "changed"
	if _, state, _ := strings.Cut(question, " "); state == p.script.Session {
		answer = "unchanged"
	}
	if p.script.Check != "" {
		answer = p.script.Check
	}
	if line := "check " + question + ": " + answer; line != p.checked {
		p.checked = line
		p.log = append(p.log, line)
	}
	_, _ = io.WriteString(w, answer)
}
