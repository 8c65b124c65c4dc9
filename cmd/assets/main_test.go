package main

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSayIfSlow(t *testing.T) {
	for _, slow := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			said := 0
			end := sayIfSlow(func(string, ...any) { said++ })
			if slow {
				time.Sleep(patience)
				synctest.Wait()
			}
			end()
			time.Sleep(2 * patience)
			if (said == 1) != slow || said > 1 {
				t.Errorf("slow: %v; said %d times", slow, said)
			}
		})
	}
}

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
