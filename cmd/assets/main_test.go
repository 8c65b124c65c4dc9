package main

import "testing"

func TestKeepBuilds(t *testing.T) {
	for _, tt := range []struct {
		keep          int
		out, previous string
		want          int
	}{
		{-1, "", "", 0},
		{-1, "assets", "", 2},
		{-1, "", "https://app.example/oidcspa/", 2},
		{0, "assets", "https://app.example/oidcspa/", 0},
		{5, "", "", 5},
	} {
		if got := keepBuilds(tt.keep, tt.out, tt.previous); got != tt.want {
			t.Errorf("-keep %d -o %q -previous %q: %d builds, want %d", tt.keep, tt.out, tt.previous, got, tt.want)
		}
	}
}
