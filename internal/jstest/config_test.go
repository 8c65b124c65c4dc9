//go:build !js

package main

import (
	"testing"
	"time"
)

func TestConfigTimeout(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want time.Duration
		err  string
	}{
		{"default", nil, defaultTimeout, ""},
		{"given", []string{"-test.timeout=3s"}, 3 * time.Second, ""},
		{"none", []string{"-test.timeout=0"}, 0, ""},
		{"malformed", []string{"-test.timeout=soon"}, 0, `-test.timeout: time: invalid duration "soon"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := newConfig("p", tt.args, nil)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || c.timeout != tt.want {
				t.Errorf("got %v, %v; want %v", c.timeout, err, tt.want)
			}
		})
	}
}
