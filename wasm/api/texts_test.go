//go:build !js

package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
)

// A situation is a mistake of somebody's, and what an app does until an error tells of it.
type situation struct {
	name string
	make func(w *world)
	try  func(w *world) error // default: opens a client and signs in
}

// TestTexts prints what an app developer reads who has nothing but the console.
// Who changes a text looks at the difference with the eyes of one.
func TestTexts(t *testing.T) {
	instead := messagesOfPage(t)
	var texts strings.Builder
	seen := map[string]bool{}
	for _, s := range situations() {
		if seen[s.name] {
			t.Errorf("two situations are %s", s.name)
		}
		seen[s.name] = true
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				if s.make != nil {
					s.make(w)
				}
				try := s.try
				if try == nil {
					try = signingIn
				}
				code, message := shown(t, try(w), instead)
				for _, secret := range w.op.Secrets() {
					if strings.Contains(message, secret) {
						t.Errorf("the text holds a secret: %s", message)
					}
				}
				fmt.Fprintf(&texts, "%s\n  %s\n  %s\n\n", s.name, code, message)
			})
		})
	}
	path := filepath.FromSlash(testdata + "texts.txt")
	if *update {
		if err := os.WriteFile(path, []byte(texts.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if texts.String() != string(want) {
		t.Errorf("%s is\n%s", path, texts.String())
	}
}

// messagesOfPage are those that the page shows in the place of the program's, by code.
func messagesOfPage(t *testing.T) map[string]string {
	source, err := os.ReadFile(filepath.FromSlash("../../web/shim/errors.js"))
	if err != nil {
		t.Fatal(err)
	}
	messages := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+): "(.*)",$`).FindAllStringSubmatch(string(source), -1) {
		messages[m[1]] = m[2]
	}
	if len(messages) == 0 {
		t.Error("web/shim/errors.js has no messages any more")
	}
	return messages
}

// shown returns what the page makes of an error; see web/shim/errors.js.
func shown(t *testing.T, err error, instead map[string]string) (code, message string) {
	t.Helper()
	var answer *jsonrpc.Error
	if !errors.As(err, &answer) {
		t.Fatalf("it ends with %v", err)
	}
	var data errorData
	if err := json.Unmarshal(answer.Data, &data); err != nil {
		t.Fatal(err)
	}
	switch code = string(data.Code); {
	case data.Error != "":
		return code + " " + data.Error, cmp.Or(data.Message, data.ErrorDescription, data.Error)
	case instead[code] != "":
		return code, instead[code]
	}
	return code, answer.Message
}

// start opens a client with the settings.
func start(w *world) (*tab, error) {
	tab := w.connect()
	tab.connection.Relay = func(int, RelayOptions) (Relay, error) {
		return &relay{delivered: make(chan struct{}), closed: make(chan struct{})}, nil
	}
	return tab, tab.call("open", object{"version": Version, "signed_in": false, "settings": w.settings}, nil)
}

func signingIn(w *world) error { return signingInWith(nil)(w) }

// signingInWith signs in, and leaves out none of what may fail.
func signingInWith(args object) func(w *world) error {
	return func(w *world) error {
		tab, err := start(w)
		if err == nil {
			err = tab.call(redirect, args, nil)
		}
		if err == nil {
			err = tab.call("signinCallback", object{"url": w.op.Visit(tab.visited())}, nil)
		}
		return err
	}
}

// callingBack signs in, and has the response arrive at what change makes of its address.
func callingBack(change func(address string) string) func(w *world) error {
	return func(w *world) error {
		tab := w.open()
		if err := tab.call(redirect, nil, nil); err != nil {
			return err
		}
		return tab.call("signinCallback", object{"url": change(w.op.Visit(tab.visited()))}, nil)
	}
}

// signedIn signs in, and calls a method then.
func signedIn(prepare func(w *world, tab *tab), method string, args object) func(w *world) error {
	return func(w *world) error {
		tab, err := start(w)
		if err != nil {
			return err
		}
		tab.signIn(w.op)
		if prepare != nil {
			prepare(w, tab)
		}
		return tab.call(method, args, nil)
	}
}

// refused has the page say why a service failed.
func refused(service, code, method string) func(w *world) error {
	return func(w *world) error {
		tab := w.open()
		tab.refuse(service, `{"code":"`+code+`"}`)
		return tab.call(method, nil, nil)
	}
}

// pause takes no time: every situation has a clock of its own.
func pause(d time.Duration) { time.Sleep(d) }

// setting changes one.
func setting(name string, value any) func(*world) {
	return func(w *world) { w.settings = w.with(name, value) }
}

// all makes some changes.
func all(changes ...func(*world)) func(*world) {
	return func(w *world) {
		for _, change := range changes {
			change(w)
		}
	}
}

// announced changes a member of the metadata; nil takes it away.
func announced(name string, value any) func(*world) {
	return func(w *world) { w.op.EditMetadata = edit(name, value) }
}

func edit(name string, value any) func(map[string]any) {
	return func(object map[string]any) {
		if object[name] = value; value == nil {
			delete(object, name)
		}
	}
}

// answered changes a member of the token answer.
func answered(name string, value any) func(*world) {
	return func(w *world) { w.op.EditTokenResponse = edit(name, value) }
}

// claimed changes claims of the ID Token.
func claimed(changes object) func(*world) {
	return func(w *world) {
		w.op.EditIDToken = func(_, claims map[string]any) {
			for name, value := range changes {
				edit(name, value)(claims)
			}
		}
	}
}

// failing has the browser not do a request to some address.
func failing(part string, code oidc.Code) func(*world) {
	return func(w *world) {
		w.transport.Fail = func(req *oidc.Request) error {
			if strings.Contains(req.URL, part) {
				return code
			}
			return nil
		}
	}
}

// serving has an endpoint answer with something else.
func serving(endpoint string, status int, contentType, body string) func(*world) {
	return func(w *world) {
		w.op.Answer(endpoint, func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", contentType)
			rw.WriteHeader(status)
			_, _ = rw.Write([]byte(body))
		})
	}
}

// authority is where the provider seems to be.
func authority(address string) func(*world) {
	return func(w *world) { w.op.Issuer, w.settings = address, w.with("authority", address) }
}

// authorityOf is authority for metadata of another issuer.
func authorityOf(address, issuer string) func(*world) {
	return all(authority(address), announced("issuer", issuer))
}

// response sets parameters of the authorization response; empty takes one away.
func response(parameters ...string) func(*world) {
	return func(w *world) {
		w.op.EditCallback = func(values url.Values) {
			for i := 0; i < len(parameters); i += 2 {
				if values.Set(parameters[i], parameters[i+1]); parameters[i+1] == "" {
					values.Del(parameters[i])
				}
			}
		}
	}
}

const (
	html   = "text/html"
	login  = "<!doctype html><title>Sign in</title>"
	tenant = "9188040d-6c67-4c5b-b112-36a304b66dad"
)
