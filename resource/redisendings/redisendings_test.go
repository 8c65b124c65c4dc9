package redisendings_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oidcspa/oidcspa/internal/redistest"
	"github.com/oidcspa/oidcspa/resource"
	"github.com/oidcspa/oidcspa/resource/redisendings"
)

func ending(id, session string, at time.Time) resource.Ending {
	return resource.Ending{ID: id, Session: session, Subject: "u", IssuedAt: at, Used: at.Add(time.Minute), Forget: at.Add(time.Hour)}
}

func TestAdd(t *testing.T) {
	server := redistest.Start(t)
	client := redistest.NewClient(t, server.Socket)
	one, two, other := redisendings.New(client), redisendings.New(redistest.NewClient(t, server.Socket)), redisendings.New(client)
	other.Prefix = "{another API}:"
	now := time.Now().Truncate(time.Second)
	steps := []struct {
		name   string
		at     *redisendings.Endings
		ending resource.Ending
		fresh  bool
		last   time.Time // of the session
	}{
		{"first", one, ending("1", "s", now), true, now},
		{"again", one, ending("1", "s", now), false, now},
		{"again, elsewhere", two, ending("1", "s", now), false, now},
		{"an earlier one that comes later", two, ending("2", "s", now.Add(-time.Second)), true, now},
		{"a later one", two, ending("3", "s", now.Add(time.Second)), true, now.Add(time.Second)},
		{"another API", other, ending("1", "s", now), true, now},
	}
	for _, s := range steps {
		fresh, err := s.at.Add(t.Context(), s.ending)
		if err != nil || fresh != s.fresh {
			t.Errorf("%s: %t, %v, want %t", s.name, fresh, err, s.fresh)
		}
		for _, key := range []string{"sid:s", "any:u"} {
			last, err := s.at.Last(t.Context(), []string{"none", key})
			if err != nil || last == nil || !last.IssuedAt.Equal(s.last) || last.Session != "s" {
				t.Errorf("%s: last of %s %v, %v", s.name, key, last, err)
			}
		}
	}
	if last, err := one.Last(t.Context(), []string{"sub:u", "sid:x"}); last != nil || err != nil {
		t.Errorf("last of others: %v, %v", last, err)
	}
	// No key stays for ever, and none goes too early.
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 10 {
		t.Errorf("keys %q, %v", keys, err)
	}
	for _, key := range keys {
		most := time.Hour + 2*time.Second
		if strings.Contains(key, "}:jti:") {
			most = time.Minute + 2*time.Second
		}
		if left, err := client.PTTL(t.Context(), key).Result(); err != nil || left <= most/2 || left > most {
			t.Errorf("%s lives for %v, %v", key, left, err)
		}
	}
}

// Of many at once, at several instances, one is first.
func TestAddRace(t *testing.T) {
	server := redistest.Start(t)
	var first atomic.Int32
	var wait sync.WaitGroup
	now := time.Now()
	for range 4 {
		endings := redisendings.New(redistest.NewClient(t, server.Socket))
		for range 10 {
			wait.Go(func() {
				fresh, err := endings.Add(t.Context(), ending("1", "s", now))
				if err != nil {
					t.Error(err)
				}
				if fresh {
					first.Add(1)
				}
			})
		}
	}
	wait.Wait()
	if first.Load() != 1 {
		t.Errorf("fresh for %d, want one", first.Load())
	}
}

// What cannot be remembered is an error, and so is what cannot be looked up.
func TestFails(t *testing.T) {
	server, full := redistest.Start(t), redistest.Start(t)
	if err := redistest.NewClient(t, full.Socket).ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := redistest.NewClient(t, server.Socket).Set(t.Context(), "{oidcspa:ended}:sid:s", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name      string
		ctx       context.Context
		socket    string
		add, last string // the errors
	}{
		{"nobody there", t.Context(), server.Socket + "x", "no such file", "no such file"},
		{"no room", t.Context(), full.Socket, "OOM", ""},
		{"given up", cancelled, server.Socket, "context canceled", "context canceled"},
		{"not of ours", t.Context(), server.Socket, "JSON|json|number|Expected", "no ending"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			endings := redisendings.New(redistest.NewClient(t, tt.socket))
			fresh, err := endings.Add(tt.ctx, ending("1", "s", time.Now()))
			if fresh || err == nil || !regexp.MustCompile(tt.add).MatchString(err.Error()) {
				t.Errorf("Add = %t, %v, want %s", fresh, err, tt.add)
			}
			_, err = endings.Last(tt.ctx, []string{"sid:s"})
			if (err == nil) != (tt.last == "") || err != nil && !regexp.MustCompile(tt.last).MatchString(err.Error()) {
				t.Errorf("Last: %v, want %s", err, tt.last)
			}
		})
	}
	if _, err := redisendings.New(redistest.NewClient(t, server.Socket+"x")).Watch(t.Context()); err == nil {
		t.Error("a watch of nobody")
	}
}

// What failed in the middle is done when the provider tries again.
func TestAddAgain(t *testing.T) {
	server := redistest.Start(t)
	client := redistest.NewClient(t, server.Socket)
	endings := redisendings.New(client)
	for _, key := range []string{"stream", "sid:s", "any:u"} {
		t.Run(key, func(t *testing.T) {
			broken := endings.Prefix + key
			if err := client.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			if err := client.HSet(t.Context(), broken, "x", "x").Err(); err != nil { // no type of ours
				t.Fatal(err)
			}
			if fresh, err := endings.Add(t.Context(), ending(key, "s", time.Now())); fresh || err == nil {
				t.Fatalf("Add = %t, %v", fresh, err)
			}
			if err := client.Del(t.Context(), broken).Err(); err != nil {
				t.Fatal(err)
			}
			if fresh, err := endings.Add(t.Context(), ending(key, "s", time.Now())); !fresh || err != nil {
				t.Errorf("once more: Add = %t, %v", fresh, err)
			}
		})
	}
}

// A watch hears of everything since it began, once, in order, whoever adds it, and
// whether Redis was away meanwhile.
func TestWatch(t *testing.T) {
	server := redistest.StartKept(t)
	one, two := redisendings.New(redistest.NewClient(t, server.Socket)), redisendings.New(redistest.NewClient(t, server.Socket))
	now := time.Now()
	n := 0
	add := func(endings *redisendings.Endings) {
		t.Helper()
		n++
		if _, err := endings.Add(t.Context(), ending(strconv.Itoa(n), "s"+strconv.Itoa(n), now)); err != nil {
			t.Fatal(err)
		}
	}
	add(one)
	ctx, cancel := context.WithCancel(t.Context())
	heard, err := two.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	add(one)
	add(two)
	hears := func(session string) {
		t.Helper()
		if e, ok := <-heard; !ok || e.Session != session || e.Subject != "u" || e.IssuedAt.Unix() != now.Unix() {
			t.Fatalf("heard %+v, want %s", e, session)
		}
	}
	hears("s2")
	hears("s3")
	add(one) // it is not read before the end
	server.Stop()
	server.StartAgain()
	add(redisendings.New(redistest.NewClient(t, server.Socket)))
	hears("s4")
	hears("s5")
	cancel()
	for range heard {
		t.Error("heard of something after the end")
	}
}

// A watch goes on when Redis has lost everything, and when its clock is behind.
func TestWatchAnew(t *testing.T) {
	server := redistest.Start(t)
	client := redistest.NewClient(t, server.Socket)
	endings := redisendings.New(client)
	now := time.Now()
	stream := endings.Prefix + "stream"
	heard, err := endings.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, past := range []string{"", "1000-0", "999-7", "999-6"} {
		session := "s" + strconv.Itoa(i)
		if past != "" { // as a Redis would write it whose clock has been set back
			pipe := client.TxPipeline()
			pipe.Del(t.Context(), stream)
			pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: stream, ID: past, Values: []string{"ending", fmt.Sprintf(`{"iat":%d,"sid":%q,"sub":"u"}`, now.Unix(), session)}})
			if _, err := pipe.Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else if _, err := endings.Add(t.Context(), ending("1", session, now)); err != nil {
			t.Fatal(err)
		}
		select {
		case e := <-heard:
			if e.Session != session {
				t.Fatalf("heard of %s, want %s", e.Session, session)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: nothing is heard", session)
		}
	}
}

func BenchmarkLast(b *testing.B) {
	endings := redisendings.New(redistest.NewClient(b, redistest.Start(b).Socket))
	for b.Loop() {
		if _, err := endings.Last(b.Context(), []string{"sid:s", "sub:u"}); err != nil {
			b.Fatal(err)
		}
	}
}
