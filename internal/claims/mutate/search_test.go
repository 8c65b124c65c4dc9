//go:build !js

package main

import "testing"

// What is usual is no finding.
func TestExceeds(t *testing.T) {
	u := usual{schedules: 2000, broken: map[string]int{"often": 19}}
	for _, tt := range []struct {
		rule              string
		broken, schedules int
		want              bool
	}{
		{"never", 1, 20, true},
		{"never", 1, 1000, false},
		{"never", 4, 1000, true},
		{"often", 1, 20, false},
		{"often", 3, 20, true},
		{"often", 12, 1000, false},
		{"often", 20, 1000, true},
	} {
		if got := u.exceeds(tt.rule, tt.broken, tt.schedules); got != tt.want {
			t.Errorf("%s, %d times in %d schedules: %t, want %t", tt.rule, tt.broken, tt.schedules, got, tt.want)
		}
	}
}
