//go:build !js

package api

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// openAt opens a page's connection to a program whose host says something of its start.
func (w *world) openAt(host string, more object) *tab {
	w.t.Helper()
	tab := w.connect()
	tab.connection.Host = ParseHost(host).HostPhases
	params := object{"version": Version, "settings": w.settings}
	for name, value := range more {
		params[name] = value
	}
	tab.must("open", params, nil)
	return tab
}

func (tab *tab) stats() (s statsResult) {
	tab.t.Helper()
	tab.must("stats", nil, &s)
	return s
}

// The page hears how it came to the program: whether that ran already, and when
// each part of the start was; what somebody says that cannot be read is unknown.
func TestStart(t *testing.T) {
	const host = `{"host":"shared","script":10,"answered":20,"received":30,"compiled":40,"main":50}`
	known := HostPhases{"shared", 10, 20, 30, 40, 50}
	tests := []struct {
		name, host string
		called     any
		want       startJSON
	}{
		{"started by the page", host, 5, startJSON{HostPhases: known, Called: 5}},
		{"on its way when the page called", host, 45, startJSON{HostPhases: known, Called: 45}},
		{"there already", host, 1000, startJSON{HostPhases: known, Called: 1000, Running: true}},
		{"a page that says nothing", host, nil, startJSON{HostPhases: known}},
		{"a clock with fractions", host, 5.75, startJSON{HostPhases: known, Called: 5}},
		{"a host that says nothing", "", 1000, startJSON{Called: 1000}},
		{"a host that knows less", `{"script":10,"main":50}`, 5, startJSON{HostPhases: HostPhases{Script: 10, Main: 50}, Called: 5}},
		{"a host that says something else", `[1]`, 5, startJSON{Called: 5}},
		{"a host with other numbers", `{"script":1e99,"main":50}`, 5, startJSON{Called: 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				before := w.connect()
				if start := before.stats().Start; start != nil {
					t.Errorf("before \"open\": %+v", start)
				}
				tab := w.openAt(tt.host, object{"called": tt.called})
				tt.want.Opened = time.Now().UnixMilli()
				time.Sleep(time.Second)
				if start := tab.stats().Start; start == nil || *start != tt.want {
					t.Errorf("got %+v, want %+v", start, tt.want)
				}
			})
		})
	}
}

// What a page calls first is told; what only follows another call is not that.
func TestStartedBy(t *testing.T) {
	type call struct {
		method string
		params any
	}
	prepareFor := func(by string) call { return call{"prepare", object{"by": by}} }
	tests := []struct {
		calls []call
		want  string
	}{
		{nil, ""},
		{[]call{{"prepare", nil}}, "prepare"},
		{[]call{prepareFor("intent")}, "intent"},
		{[]call{prepareFor("idle"), {redirect, nil}}, "idle"},
		{[]call{prepareFor("me")}, "prepare"},
		{[]call{{redirect, object{"called": 1}}, prepareFor("intent")}, redirect},
		{[]call{{"stayActive", nil}, {"silentRenew", object{"on": true}}, {"monitorSession", nil}, {"wake", nil}, {"getUser", nil}}, "getUser"},
	}
	for _, tt := range tests {
		w := newWorld(t)
		tab := w.open()
		for _, c := range tt.calls {
			tab.must(c.method, c.params, nil)
		}
		if got := tab.stats().Start.By; got != tt.want {
			t.Errorf("%v: started by %q, want %q", tt.calls, got, tt.want)
		}
	}
	tab := newWorld(t).open()
	tab.mustFail("prepare", object{"by": object{}}, oidc.ErrInvalidArgument)
}

// When the app called is what its page says.
func TestSigninCalled(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	if signin := tab.stats().Signin; signin != nil {
		t.Errorf("nobody has signed in: %+v", signin)
	}
	tab.must(redirect, object{"called": 7.5}, nil)
	tab.must("signinCallback", object{"url": w.op.Visit(tab.address)}, nil)
	if signin := tab.stats().Signin; signin == nil || signin.Called != 7 || signin.User == 0 {
		t.Errorf("by redirect: %+v", signin)
	}
	tab.must("signinPopup", object{"window": 1, "called": 8}, nil)
	if signin := tab.stats().Signin; signin == nil || signin.Called != 8 || signin.Returned != 0 {
		t.Errorf("in a window: %+v", signin)
	}
	tab.must("signoutPopup", object{"window": 2, "called": 9}, nil)
}
