package pace

import (
	"testing"
	"time"
)

// almost is the highest roll.
const almost = 0.999999

// When the timer, a caller and a wake-up may try again, at most.
func TestAgain(t *testing.T) {
	passing := Verdict{Passing: true}
	tests := []struct {
		name              string
		failures          int // in a row
		life, asked       time.Duration
		verdict           Verdict
		wake, until, rest time.Duration // the least, and the most
	}{
		{"the first", 1, time.Hour, 0, passing, time.Second, 3 * time.Second, 3 * time.Second},
		{"the fourth", 4, time.Hour, 0, passing, time.Second, 17 * time.Second, 17 * time.Second},
		{"many, a token of an hour", 20, time.Hour, 0, passing, time.Second, 121 * time.Second, 901 * time.Second},
		{"many, a token of five minutes", 20, 5 * time.Minute, 0, passing, time.Second, 121 * time.Second, 301 * time.Second},
		{"many, a token of a minute", 20, time.Minute, 0, passing, time.Second, 121 * time.Second, 121 * time.Second},
		{"asked to wait: within as long again", 1, time.Hour, 5 * time.Minute, passing, 5 * time.Minute, 10 * time.Minute, 10 * time.Minute},
		{"asked to wait for a year", 1, time.Hour, 8760 * time.Hour, passing, 10 * time.Minute, 20 * time.Minute, 20 * time.Minute},
		{"asked to wait twice: the pause doubles from there", 2, time.Hour, 5 * time.Minute, passing, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute},
		{"an error page, perhaps", 1, time.Hour, 0, Verdict{Silent: true}, time.Second, 3 * time.Second, 3 * time.Second},
		{"for good: when the token ends", 1, time.Hour, 0, Verdict{}, time.Second, 3 * time.Second, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Unix(0, 0)
			var low, high Failure
			for range tt.failures {
				low, high = low.Again(now, tt.life, tt.asked, tt.verdict, 0), high.Again(now, tt.life, tt.asked, tt.verdict, almost)
			}
			if got := low.Until.Sub(now); got != tt.wake || !low.Earliest.Equal(low.Until) {
				t.Errorf("at least %v, want %v", got, tt.wake)
			}
			if got := high.Until.Sub(now).Round(time.Second); got != tt.until {
				t.Errorf("a caller waits %v, want %v", got, tt.until)
			}
			if got := high.Pause(now, tt.life); got != tt.rest && got.Round(time.Second) != tt.rest {
				t.Errorf("the timer waits %v, want %v", got, tt.rest)
			}
		})
	}
}

// Wake-ups before the time that the provider named do not bring everybody there
// at that time.
func TestWake(t *testing.T) {
	now := time.Unix(0, 0)
	for _, asked := range []time.Duration{0, time.Minute} {
		f := Failure{}.Again(now, time.Hour, asked, Verdict{}, 0.5)
		before := f.Until
		f.Wake(now)
		if f.Resting || f.Until.Equal(before) != (asked > 0) {
			t.Errorf("asked to wait %v: resting %t, until %v, %v before", asked, f.Resting, f.Until, before)
		}
		f.Wake(now.Add(asked))
		if got := f.Pause(now, time.Hour); got != max(asked, WakePause) {
			t.Errorf("asked to wait %v, and awake then: %v", asked, got)
		}
	}
}

// What ends a session.
func TestEnds(t *testing.T) {
	nobody, silent := Verdict{Nobody: true}, Verdict{Silent: true}
	doubted := Grant{Lost: LostLimit}
	tests := []struct {
		name     string
		verdict  Verdict
		silences int // before
		grant    Grant
		ends     bool
		usable   bool // the refresh token is, after that
	}{
		{"a provider that is away", Verdict{Passing: true}, 0, doubted, false, false},
		{"nobody is signed in", nobody, 0, Grant{Spent: true}, true, false},
		{"nobody, says the frame, and a refresh token in doubt", nobody, 0, doubted, false, true},
		{"nobody, and it was refused", nobody, 0, Grant{Lost: LostLimit, Refused: true}, true, false},
		{"somebody else", Verdict{Other: true}, 0, doubted, true, false},
		{"a silent frame", silent, 0, Grant{Spent: true}, false, false},
		{"silent often", silent, SilenceLimit - 1, Grant{Spent: true}, true, false},
		{"silent often, and a refresh token in doubt", silent, SilenceLimit - 1, doubted, false, true},
		{"silent, and the refresh token was refused", silent, 0, Grant{Refused: true}, true, false},
		{"for good", Verdict{}, 0, Grant{}, false, true},
		{"for good, and the access token has ended", Verdict{Ended: true}, 0, Grant{}, true, true},
		{"for good and ended, and a refresh token in doubt", Verdict{Ended: true}, 0, doubted, false, true},
		{"away, and the access token has ended", Verdict{Passing: true, Ended: true}, 0, Grant{Refused: true}, false, false},
		{"silent, and the access token has ended", Verdict{Silent: true, Ended: true}, 0, Grant{Spent: true}, false, false},
	}
	for _, tt := range tests {
		g := tt.grant
		ends := tt.verdict.Ends(Failure{Silences: tt.silences}, &g)
		if usable, _ := g.Usable(); ends != tt.ends || usable != tt.usable {
			t.Errorf("%s: ends %t, usable %t; want %t, %t", tt.name, ends, usable, tt.ends, tt.usable)
		}
	}
}
