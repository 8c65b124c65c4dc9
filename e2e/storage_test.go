//go:build !js

package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// walk returns everything that the browser keeps for the page's origin.
const walk = `(async () => {
  const found = {
    localStorage: {...localStorage},
    sessionStorage: {...sessionStorage},
    cookies: document.cookie,
    history: JSON.stringify(history.state),
    location: location.href,
    referrer: document.referrer,
    name: window.name,
    databases: [],
    caches: [],
  };
  for (const {name} of await indexedDB.databases()) {
    const db = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = reject;
    });
    for (const store of db.objectStoreNames) {
      const values = await new Promise((resolve, reject) => {
        const request = db.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
        request.onerror = reject;
      });
      found.databases.push(name, store, JSON.stringify(values));
    }
    db.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      found.caches.push(request.url, await (await cache.match(request)).text());
    }
  }
  return JSON.stringify(found);
})()`

// orders are those of the last sign-in or sign-out and of the last sign-out; a digest of
// who is there may follow.
var orders = regexp.MustCompile(`^\d{1,16} \d{1,16}( \.[\w-]{43})?$`)

// checkStorage fails the test if the browser keeps a secret, or anything but
// the hint that there was a session, the order of the last sign-in or sign-out,
// and which step-ups the tab was sent away for.
func checkStorage(t *testing.T, tab *tab, secrets *secrets) {
	t.Helper()
	checkSecrets(t, tab, secrets)
	for _, key := range eval[[]string](tab, "Object.keys(sessionStorage)") {
		if !strings.HasPrefix(key, "oidcspa.stepup:") {
			t.Errorf("sessionStorage keeps %q", key)
		}
	}
	for key, value := range eval[map[string]string](tab, "({ ...localStorage })") {
		if !(strings.HasPrefix(key, "oidcspa.session:") && value == "1" || strings.HasPrefix(key, "oidcspa.order:") && orders.MatchString(value)) {
			t.Errorf("localStorage keeps %q with %d characters", key, len(value))
		}
	}
}

// checkSecrets fails the test if the browser keeps a secret.
func checkSecrets(t *testing.T, tab *tab, secrets *secrets) {
	t.Helper()
	all := secrets.all()
	if len(all) == 0 {
		t.Fatal("no secret has passed: the walk could not fail")
	}
	found := eval[string](tab, walk)
	for _, secret := range all {
		if strings.Contains(found, secret) {
			t.Errorf("the browser keeps a secret of %d characters", len(secret))
		}
	}
}

// What a sign-in that was given up has left goes with the next one; what is
// still good stays.
func TestExpiredTransactionsGo(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[bool](tab, `(() => {
		sessionStorage.setItem("oidcspa.old", JSON.stringify({ record: "{}", expires_at: 1 }));
		sessionStorage.setItem("oidcspa.broken", "{");
		sessionStorage.setItem("oidcspa.good", JSON.stringify({ record: "{}", expires_at: 9e9 }));
		sessionStorage.setItem("of the app", "1");
		return true;
	})()`)
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	if got := eval[string](tab, "Object.keys(sessionStorage).sort().join()"); got != "of the app,oidcspa.good" {
		t.Errorf("sessionStorage keeps %s", got)
	}
}

// The walk finds a secret wherever one may be.
func TestWalkFindsSecrets(t *testing.T) {
	a := newApp(t)
	newGoOIDC(t, a, options{})
	places := map[string]string{
		"localStorage":   `localStorage.setItem("k", "S3CRET")`,
		"sessionStorage": `sessionStorage.setItem("k", "S3CRET")`,
		"cookies":        `document.cookie = "k=S3CRET"`,
		"history.state":  `history.replaceState({k: "S3CRET"}, "")`,
		"location":       `history.replaceState(null, "", "?k=S3CRET")`,
		"window.name":    `window.name = "S3CRET"`,
		"Cache":          `caches.open("c").then((c) => c.put("/k", new Response("S3CRET")))`,
		"IndexedDB": `new Promise((resolve) => {
			const request = indexedDB.open("d");
			request.onupgradeneeded = () => request.result.createObjectStore("s", {autoIncrement: true}).add({k: "S3CRET"});
			request.onsuccess = () => { request.result.close(); resolve(); };
		})`,
	}
	for place, put := range places {
		t.Run(place, func(t *testing.T) {
			tab := newTab(t)
			tab.visit(a.origin + "/")
			eval[any](tab, "(async () => { await ("+put+"); return 1; })()")
			if found := eval[string](tab, walk); !strings.Contains(found, "S3CRET") {
				t.Errorf("the walk finds nothing in %s", found)
			}
		})
	}
}
