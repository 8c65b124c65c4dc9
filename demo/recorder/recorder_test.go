package recorder_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/demo/recorder"
)

var paths = recorder.Paths{
	Discovery: "/.well-known/openid-configuration",
	Authorize: "/authorize",
	Token:     "/token",
	Login:     "/authorize/",
}

func TestEntry(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	tests := []struct {
		name, method, target, body string
		header                     map[string]string
		want                       recorder.Entry
	}{
		{
			name: "query values stay out", method: "GET",
			target: "/authorize?state=secret&prompt=none&client_id=app",
			header: map[string]string{"Cookie": "sid=1", "Sec-Fetch-Dest": "iframe"},
			want: recorder.Entry{
				Path: "/authorize", Kind: recorder.Authorize, HasCookies: true,
				Dest: "iframe", Params: []string{"client_id", "prompt", "state"}, Prompt: "none",
			},
		},
		{
			name: "form values stay out", method: "POST", target: "/token",
			body:   "grant_type=refresh_token&refresh_token=secret",
			header: map[string]string{"Content-Type": form, "Origin": "http://localhost:8000"},
			want: recorder.Entry{
				Path: "/token", Kind: recorder.Token, Origin: "http://localhost:8000",
				Params: []string{"grant_type", "refresh_token"}, GrantType: "refresh_token",
			},
		},
		{
			name: "ids in the path stay out", method: "POST", target: "/authorize/secret/login",
			want: recorder.Entry{Path: "/authorize/*", Kind: recorder.Login},
		},
		{
			name: "preflight", method: "OPTIONS", target: "/token",
			want: recorder.Entry{Path: "/token", Kind: recorder.Preflight},
		},
		{
			name: "unconfigured", method: "GET", target: "/jwks",
			want: recorder.Entry{Path: "/jwks", Kind: recorder.Other},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := recorder.New(paths)
			var body string
			handler := rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				body = string(b)
				w.WriteHeader(http.StatusTeapot)
			}))
			r := httptest.NewRequest(tt.method, tt.target, strings.NewReader(tt.body))
			for name, value := range tt.header {
				r.Header.Set(name, value)
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)

			tt.want.Method, tt.want.Status = tt.method, http.StatusTeapot
			if got := rec.Entries(); len(got) != 1 || !reflect.DeepEqual(got[0], tt.want) {
				t.Errorf("got %+v, want one %+v", got, tt.want)
			}
			if body != tt.body {
				t.Errorf("the handler read %q, want %q", body, tt.body)
			}
		})
	}
}

func TestStatusIsKnownBeforeTheAnswer(t *testing.T) {
	rec := recorder.New(paths)
	server := httptest.NewServer(rec.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "{}")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-r.Context().Done() // the handler outlives the answer
	})))
	defer server.Close()
	res, err := http.Get(server.URL + paths.Discovery)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := rec.Entries()[0].Status; got != http.StatusOK {
		t.Errorf("status = %d, want 200", got)
	}
}

func TestCountAndReset(t *testing.T) {
	rec := recorder.New(paths)
	handler := rec.Wrap(http.NotFoundHandler())
	for _, method := range []string{"OPTIONS", "POST", "POST"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/token", nil))
	}
	if token, preflight := rec.Count(recorder.Token), rec.Count(recorder.Preflight); token != 2 || preflight != 1 {
		t.Errorf("counted %d token requests and %d preflights, want 2 and 1", token, preflight)
	}
	rec.Reset()
	if got := rec.Entries(); len(got) != 0 {
		t.Errorf("after Reset: %+v", got)
	}
}
