//go:build !js

package e2e

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testKeycloakDemo does at KEYCLOAK=1 make demo what its reader will do; it is told that
// Keycloak runs already.
func testKeycloakDemo(t *testing.T, k *keycloakRig) {
	site := startDemo(t, "KEYCLOAK=1", "KEYCLOAK_URL="+k.server.URL())
	tab := newTab(t)
	tab.navigate(site)
	tab.waitState("signed-out")
	tab.click("sign-in")
	tab.waitFor("document.querySelector('#kc-login') !== null")
	k.enter(tab, "demo")
	tab.waitState("signed-in")
	tab.click("call-api")
	tab.waitFor("document.querySelector('#api-answer').innerText.includes('Hello from the API')")
	tab.click("renew")
	tab.waitFor("document.querySelector('#log').innerText.toLowerCase().includes('renew')")
	tab.reload()
	tab.waitState("signed-in")
	if hidden := eval[bool](tab, "document.querySelector('#problem').hidden"); !hidden {
		t.Errorf("the site shows a problem: %s", eval[string](tab, "document.querySelector('#problem').innerText"))
	}
	tab.click("sign-out")
	tab.waitState("signed-out")
}

// startDemo runs the demo until the end of the test, and returns the address of the site.
func startDemo(t *testing.T, environment ...string) (site string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "demo")
	if out, err := exec.Command("go", "build", "-o", program, "../demo").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		_ = cmd.Wait()
	})
	said := bufio.NewScanner(stdout)
	for said.Scan() {
		if address, found := strings.CutPrefix(strings.TrimSpace(said.Text()), "open "); found {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return strings.TrimSpace(address)
		}
	}
	t.Fatal("the demo has ended")
	return ""
}
