package resource

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// claimsOf returns claims as a token with that many members has them, each of some bytes.
func claimsOf(members, size int) (claims *oidc.AccessTokenClaims, length int) {
	claims = &oidc.AccessTokenClaims{
		Issuer: string(make([]byte, 30)), Subject: string(make([]byte, 30)), Audience: []string{string(make([]byte, 30))},
		Scopes: []string{"openid", "profile", string(make([]byte, 10))}, Expiry: 1 << 40, Members: map[string]strictjson.RawMessage{},
	}
	for i := range members {
		name := "member" + strconv.Itoa(i)
		claims.Members[name] = bytes.Repeat([]byte("x"), size)
		length += (len(name) + size + 4) * 4 / 3
	}
	return claims, length
}

func sumOf(n int) [sha256.Size]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func taken() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// However many tokens there are, and of whatever shape, they take no more than the bound.
func TestSeenIsBounded(t *testing.T) {
	tests := []struct {
		name                  string
		tokens, members, size int
	}{
		{"many tokens", 25_000, 12, 20},
		{"many small members", 400, 2000, 1},
		{"a large member", 1000, 1, 100_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if os.Getenv("CHECK_LONG") != "" {
				tt.tokens *= 40 // a million
			}
			s, by, now, most := &seen{limit: DefaultVerifiedTokens}, new(trust), time.Unix(0, 0), 0
			before := taken()
			for i := range tt.tokens {
				claims, length := claimsOf(tt.members, tt.size)
				s.add(sumOf(i), length, by, claims, now.Add(seenLife))
				if n := len(s.young) + len(s.old); n > DefaultVerifiedTokens {
					t.Fatalf("%d tokens are remembered", n)
				}
				if i%(tt.tokens/8) == 0 || i == tt.tokens-1 {
					most = max(most, taken()-before)
				}
			}
			if most > seenBytes {
				t.Errorf("%d bytes are taken, more than %d", most, seenBytes)
			}
			if s.find(sumOf(tt.tokens-1), by, now) == nil || s.find(sumOf(0), by, now) != nil {
				t.Error("the last token is forgotten, or the first is not")
			}
			t.Logf("%d kB of %d", most>>10, seenBytes>>10)
			runtime.KeepAlive(s)
		})
	}
}

// What is used stays, what is not goes.
func TestSeen(t *testing.T) {
	s, by, now := &seen{limit: 10}, new(trust), time.Unix(1000, 0)
	claims, length := claimsOf(1, 1)
	for i := range 100 {
		s.add(sumOf(i), length, by, claims, now.Add(seenLife))
		if s.find(sumOf(0), by, now) == nil {
			t.Fatalf("a token that is used is forgotten after %d others", i)
		}
	}
	if s.find(sumOf(50), by, now) != nil {
		t.Error("one that nobody uses is remembered")
	}
	if s.find(sumOf(0), new(trust), now) != nil {
		t.Error("one is good for another trust")
	}
	if s.find(sumOf(0), by, now.Add(seenLife-1)) == nil || s.find(sumOf(0), by, now.Add(seenLife)) != nil {
		t.Error("one is not remembered for its time, or for longer")
	}
	claims.Expiry = now.Unix() + 60
	s.add(sumOf(0), length, by, claims, now.Add(seenLife))
	if s.find(sumOf(0), by, now.Add(time.Minute-1)) == nil || s.find(sumOf(0), by, now.Add(time.Minute)) != nil {
		t.Error("one is not remembered until it expires, or for longer")
	}
	s.add(sumOf(1), length, new(trust), claims, now.Add(seenLife))
	if len(s.young)+len(s.old) != 1 {
		t.Error("those of another trust are kept")
	}
	for _, limit := range []int{-1, 1} {
		if s = (&seen{limit: limit}); s.bytes != 0 {
			t.Fatal("not empty")
		}
		if s.add(sumOf(0), length, by, claims, now.Add(seenLife)); s.find(sumOf(0), by, now) != nil {
			t.Errorf("limit %d: one is remembered", limit)
		}
	}
	s = &seen{limit: 10}
	if s.add(sumOf(0), seenBytes/4, by, claims, now.Add(seenLife)); s.find(sumOf(0), by, now) != nil {
		t.Error("one that is too large is remembered")
	}
	large, _ := claimsOf(1, seenBytes/4)
	if s.add(sumOf(0), len("opaque"), by, large, now.Add(seenLife)); s.find(sumOf(0), by, now) != nil {
		t.Error("one is remembered whose claims are too large, as an answer may have them")
	}
}
