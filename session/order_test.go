package session

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// origin is several programs with a tab each, what their tabs keep together, and
// what they tell each other.
type origin struct {
	w       *world
	clients []*Client
	tabs    []*tab
	deaf    map[int]bool // programs that sleep, with their tab
	said    []string

	mu    sync.Mutex // deaf and said, too
	kept  Hint       // by all tabs
	still bool       // no page hears what another one keeps
	late  bool       // messages wait
	later []func()
}

// keeper is a tab that keeps what it is told for all.
type keeper struct {
	*tab
	o *origin
	i int
}

func (k *keeper) Hint(hint Hint) {
	k.o.mu.Lock()
	defer k.o.mu.Unlock()
	stored, told := pagemodel.Standing{Order: k.o.kept.Kept()}, pagemodel.Standing{Order: hint.Kept()}
	if !pagemodel.IsNews(stored, told, time.Now()) || hint == k.o.kept {
		return
	}
	k.o.kept = hint
	for i, client := range k.o.clients { // the storage event
		if i != k.i && !k.o.deaf[i] && !k.o.still {
			go client.Hinted(hint)
		}
	}
}

func newOrigin(t *testing.T, programs int) *origin {
	w := newWorld(t)
	w.t = t
	w.settings.ManualRenew = true
	o := &origin{w: w, deaf: map[int]bool{}}
	for range programs {
		o.open()
	}
	return o
}

// open opens a tab with a program of its own.
func (o *origin) open() (*Client, *tab) {
	i := len(o.clients)
	o.w.registry = NewRegistry(Config{Transport: o.w.transport, OnePage: true, Logf: o.w.t.Logf, Broadcast: func(message []byte) {
		o.mu.Lock()
		o.said = append(o.said, string(message))
		var now []func()
		for j, other := range o.clients {
			deliver := func() { other.session.registry.Heard(message) }
			switch {
			case j == i || o.deaf[j]:
			case o.late:
				o.later = append(o.later, deliver)
			default:
				now = append(now, deliver)
			}
		}
		o.mu.Unlock()
		for _, deliver := range now {
			deliver()
		}
	}})
	tab := newTab(o.w.op)
	page := tab.page()
	page.Listener = &keeper{tab, o, i}
	client, err := o.w.registry.Open(o.w.settings, page, o.keeps())
	if err != nil {
		o.w.t.Fatal(err)
	}
	o.set(func() { o.clients, o.tabs = append(o.clients, client), append(o.tabs, tab) })
	o.w.t.Cleanup(func() {
		client.session.stopTimer()
		tab.over.Store(true)
	})
	return client, tab
}

// sleeps says whether program i hears what the others tell.
func (o *origin) sleeps(i int, sleeps bool) {
	o.set(func() { o.deaf[i] = sleeps })
}

func (o *origin) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// keeps is what all tabs keep.
func (o *origin) keeps() Hint {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kept
}

func (o *origin) lastSaid() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return []byte(o.said[len(o.said)-1])
}

// arrive delivers what waits.
func (o *origin) arrive() {
	o.mu.Lock()
	later := o.later
	o.late, o.later = false, nil
	o.mu.Unlock()
	for _, deliver := range later {
		deliver()
		synctest.Wait()
	}
}

// person makes somebody the one who is signed in at the provider.
func (o *origin) person(subject string) { o.w.op.Edit(func() { o.w.op.Subject = subject }) }

// want compares who is signed in, program by program, once all is quiet.
func (o *origin) want(when, subjects string) {
	o.w.t.Helper()
	time.Sleep(time.Minute)
	synctest.Wait()
	var all []string
	for _, client := range o.clients {
		name := "nobody"
		if user := client.Current(); user != nil {
			name = user.Subject()
		}
		all = append(all, name)
	}
	if got := strings.Join(all, " "); got != subjects {
		o.w.t.Errorf("%s: %s; want %s", when, got, subjects)
	}
}

func (o *origin) wantKept(when string, signedIn bool) {
	o.w.t.Helper()
	if o.keeps().SignedIn != signedIn {
		o.w.t.Errorf("%s: the tabs keep %v", when, o.keeps())
	}
}

// slow has the frames of a tab wait until release is closed.
func (o *origin) slow(i int) (release chan struct{}) {
	release = make(chan struct{})
	o.tabs[i].set(func() {
		o.tabs[i].frame = func(_ context.Context, url string) (string, error) {
			callbackURL := o.w.op.Visit(url)
			<-release
			return callbackURL, nil
		}
	})
	return release
}

// during runs do while client is at the token endpoint with a response.
func (o *origin) during(client *Client, tab *tab, do func()) (*User, error) {
	callback := o.w.redirect(client, tab)
	o.w.op.Edit(func() {
		o.w.op.Hold = func(endpoint string, _ *http.Request) {
			if endpoint == oidctest.Token {
				o.w.op.Edit(func() { o.w.op.Hold = nil })
				do()
			}
		}
	})
	return client.SigninCallback(o.w.t.Context(), callback)
}

func withOrigin(t *testing.T, programs int, test func(t *testing.T, o *origin)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, programs)
		test(t, o)
		for _, client := range o.clients {
			_ = client.RemoveUser(t.Context())
		}
		time.Sleep(time.Hour)
	})
}

// A sign-out in one program ends a restore in the air in another, whether the
// first knew of somebody or not.
func TestSignoutDuringRestoreElsewhere(t *testing.T) {
	for name, known := range map[string]bool{"of somebody": true, "of nobody here": false} {
		t.Run(name, func(t *testing.T) {
			withOrigin(t, 1, func(t *testing.T, o *origin) {
				o.w.signIn(o.clients[0], o.tabs[0])
				if !known {
					o.open()
				}
				last, _ := o.open()
				release := o.slow(len(o.tabs) - 1)
				restored := make(chan *User)
				go func() {
					user, err := last.User(t.Context())
					if err != nil {
						t.Error(err)
					}
					restored <- user
				}()
				synctest.Wait()
				signsOut := o.clients[len(o.clients)-2]
				_ = signsOut.RemoveUser(t.Context())
				synctest.Wait()
				close(release)
				if user := <-restored; user != nil {
					t.Error("the restore has undone the sign-out")
				}
				o.want("after the sign-out", strings.TrimSpace(strings.Repeat("nobody ", len(o.clients))))
				o.wantKept("after the sign-out", false)
			})
		})
	}
}

// A program that has not asked yet when somebody signs out does not restore the
// session, whenever its page looked at what is kept.
func TestSignoutBeforeAsking(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		before := o.keeps()
		asks, _ := o.open()
		_ = o.clients[0].RemoveUser(t.Context())
		synctest.Wait()
		late, err := asks.session.registry.Open(o.w.settings, o.tabs[1].page(), before) // it read that before the sign-out
		if err != nil {
			t.Fatal(err)
		}
		defer late.Close()
		for _, client := range []*Client{asks, late} {
			if user, err := client.User(t.Context()); user != nil || err != nil {
				t.Errorf("User = %v, %v", user != nil, err)
			}
		}
		o.want("after the sign-out", "nobody nobody")
	})
}

// A page that slept in the back/forward cache says what is kept when it comes back:
// its program learns of a sign-out, or of a sign-in of whom it does not know yet.
func TestPageComesBack(t *testing.T) {
	t.Run("after a sign-out", func(t *testing.T) {
		withOrigin(t, 2, func(t *testing.T, o *origin) {
			o.w.signIn(o.clients[0], o.tabs[0])
			o.want("after the sign-in", "subject-1 subject-1")
			o.sleeps(1, true)
			_ = o.clients[0].RemoveUser(t.Context())
			o.want("while it sleeps", "nobody subject-1")
			o.sleeps(1, false)
			o.clients[1].Hinted(o.keeps())
			o.want("when it is back", "nobody nobody")
		})
	})
	t.Run("after a sign-in", func(t *testing.T) {
		withOrigin(t, 2, func(t *testing.T, o *origin) {
			o.w.signIn(o.clients[0], o.tabs[0])
			o.want("after the sign-in", "subject-1 subject-1")
			o.sleeps(1, true)
			o.person("subject-2")
			o.w.signIn(o.clients[0], o.tabs[0])
			o.sleeps(1, false)
			o.clients[1].Hinted(o.keeps())
			o.want("when it is back", "subject-2 subject-2")
		})
	})
	t.Run("with what was before", func(t *testing.T) {
		withOrigin(t, 1, func(t *testing.T, o *origin) {
			o.w.signIn(o.clients[0], o.tabs[0])
			old := o.keeps()
			_ = o.clients[0].RemoveUser(t.Context())
			o.clients[0].Hinted(old)
			if user, err := o.clients[0].User(t.Context()); user != nil || err != nil {
				t.Errorf("User = %v, %v", user != nil, err)
			}
			o.person("subject-2")
			o.w.signIn(o.clients[0], o.tabs[0])
			for _, hint := range []Hint{{Order: old.Order}, {}, {SignedIn: true}, {Order: NoOrder}, {SignedIn: true, Order: NoOrder}} {
				o.clients[0].Hinted(hint)
			}
			o.want("after old hints", "subject-2")
			o.wantKept("after old hints", true)
		})
	})
}

// A restore that fails in a page of the next release, whose program is another,
// takes nothing from the program that has the user, nor from its tabs.
func TestFailedRestoreElsewhere(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		next, tab := o.open()
		tab.set(func() {
			tab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		})
		if user, err := next.User(t.Context()); user != nil || err != nil {
			t.Errorf("User = %v, %v", user != nil, err)
		}
		o.want("after the restore", "subject-1 nobody")
		o.wantKept("after the restore", true)
	})
}

// Whoever clears what the tabs keep signs nobody out, and it is there again.
func TestClearedStorage(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("after the sign-in", "subject-1 subject-1")
		o.set(func() { o.kept = Hint{} })
		o.clients[1].Hinted(Hint{})
		o.want("after the storage was cleared", "subject-1 subject-1")
		o.wantKept("after that", true)

		// A program that knows nothing acts: the others say what they know.
		o.set(func() { o.kept = Hint{} })
		o.open()
		o.person("subject-2")
		o.w.signIn(o.clients[2], o.tabs[2])
		o.want("after a sign-in of who knew nothing", "subject-2 subject-2 subject-2")
	})
}

// A page that slept while somebody signed out, and the storage was cleared then, hears
// of it from a program that runs, and from nobody else.
func TestClearedStorageAfterSignout(t *testing.T) {
	for left, want := range map[bool]string{false: "nobody nobody", true: "subject-1 nobody"} {
		withOrigin(t, 2, func(t *testing.T, o *origin) {
			o.w.signIn(o.clients[0], o.tabs[0])
			o.want("after the sign-in", "subject-1 subject-1")
			o.sleeps(0, true)
			_ = o.clients[1].RemoveUser(t.Context())
			synctest.Wait()
			o.clear()
			o.sleeps(0, false)
			o.sleeps(1, left)
			o.clients[0].Hinted(o.keeps())
			o.want(fmt.Sprintf("the page is shown again; the other one is left: %t", left), want)
		})
	}
}

// An interactive sign-in is stronger than the end of the session before it; a
// sign-out that somebody asked for is stronger than both.
func TestSigninCallbackMeanwhile(t *testing.T) {
	tests := []struct {
		name string
		do   func(o *origin)
		want string
	}{
		{"nothing", func(*origin) {}, "subject-2 subject-2"},
		{"a peer's sign-in", func(o *origin) {
			o.w.signIn(o.clients[1], o.tabs[1])
			synctest.Wait()
		}, "subject-2 subject-2"},
		{"a renewal that failed for good", func(o *origin) {
			o.clients[0].session.end(o.clients[0].Current(), oidc.ErrProvider)
		}, "subject-2 subject-2"},
		{"the monitor", func(o *origin) {
			o.clients[0].session.endIf(func(*User) bool { return true })
		}, "subject-2 subject-2"},
		{"the monitor of a peer", func(o *origin) {
			o.clients[1].session.endIf(func(*User) bool { return true })
			synctest.Wait()
		}, "subject-2 subject-2"},
		{"the front channel", func(o *origin) {
			for _, client := range o.clients {
				client.session.registry.FrontChannelLogout("https://app.example.test/frontchannel.html")
			}
		}, "subject-2 subject-2"},
		{"idle", func(o *origin) {
			o.clients[0].session.idle.expire(IdleSettings{RemoveOnly: true}, nil)
		}, "subject-2 subject-2"},
		{"idle in a peer", func(o *origin) {
			o.clients[1].session.idle.expire(IdleSettings{RemoveOnly: true}, nil)
			synctest.Wait()
		}, "subject-2 subject-2"},
		{"a sign-out", func(o *origin) { _ = o.clients[0].RemoveUser(o.w.t.Context()) }, "nobody nobody"},
		{"a sign-out in a peer", func(o *origin) {
			_ = o.clients[1].RemoveUser(o.w.t.Context())
			synctest.Wait()
		}, "nobody nobody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				o.w.op.RefreshTokens = true
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("before", "subject-1 subject-1")
				o.person("subject-2")
				var last atomic.Value
				o.w.op.Edit(func() {
					o.w.op.EditTokenResponse = func(r map[string]any) { last.Store(r["refresh_token"]) }
				})
				user, err := o.during(o.clients[0], o.tabs[0], func() { tt.do(o) })
				token, _ := last.Load().(string)
				if user != nil {
					token = user.RefreshToken.Reveal()
				}
				if out := strings.HasPrefix(tt.want, "nobody"); out {
					mustFail(t, "SigninCallback", err, ErrNotSignedIn)
				} else if err != nil {
					t.Error(err)
				}
				o.want("in the end", tt.want)
				if lost := user == nil; lost && (token == "" || !o.w.op.Revoked(token)) {
					t.Error("the tokens that nobody got are not revoked")
				}
				o.wantKept("in the end", user != nil)
			})
		})
	}
}

// A sign-in begins when it is asked for: what is signed out after that stays so,
// also if another program completes it.
func TestSignoutAfterAsking(t *testing.T) {
	ways := map[string]func(o *origin, signOut func()) error{
		"redirect, in the same program": func(o *origin, signOut func()) error {
			callback := o.w.redirect(o.clients[1], o.tabs[1])
			signOut()
			_, err := o.clients[1].SigninCallback(o.w.t.Context(), callback)
			return err
		},
		"redirect, in another program": func(o *origin, signOut func()) error {
			callback := o.w.redirect(o.clients[1], o.tabs[1])
			o.sleeps(1, true) // its page is left
			signOut()
			client, tab := o.open()
			tab.transactions = o.tabs[1].transactions
			_, err := client.SigninCallback(o.w.t.Context(), callback)
			o.clients[1].Hinted(o.keeps()) // and shown again
			o.sleeps(1, false)
			return err
		},
		"popup": func(o *origin, signOut func()) error {
			o.tabs[1].popup = func(_ context.Context, popup Popup) (string, error) {
				callback := o.w.op.Visit(popup.URL)
				signOut()
				return callback, nil
			}
			_, err := o.clients[1].SigninPopup(o.w.t.Context(), SigninArgs{})
			return err
		},
	}
	for way, signIn := range ways {
		t.Run(way, func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("before", "subject-1 subject-1")
				mustFail(t, "the sign-in", signIn(o, func() {
					_ = o.clients[0].RemoveUser(t.Context())
					synctest.Wait()
				}), ErrNotSignedIn)
				o.want("in the end", strings.TrimSpace(strings.Repeat("nobody ", len(o.clients))))
				user, err := o.clients[1].SigninPopup(t.Context(), SigninArgs{})
				if user == nil && o.tabs[1].popup == nil || err != nil && o.tabs[1].popup == nil {
					t.Errorf("a sign-in after that: %v", err)
				}
			})
		})
	}
}

// A transaction that an earlier release has begun counts from its arrival.
func TestRecordWithoutOrder(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		_ = o.clients[0].RemoveUser(t.Context())
		callback := o.w.redirect(o.clients[0], o.tabs[0])
		for state, transaction := range o.tabs[0].transactions {
			transaction.Record = regexp.MustCompile(`,"order":\d+`).ReplaceAll(transaction.Record, nil)
			o.tabs[0].transactions[state] = transaction
		}
		_ = o.clients[0].RemoveUser(t.Context())
		if _, err := o.clients[0].SigninCallback(t.Context(), callback); err != nil {
			t.Error(err)
		}
	})
}

// Programs that restore at once all find the session, also if the first that does
// so tells the others of it while they look.
func TestRestoreAtOnce(t *testing.T) {
	withOrigin(t, 0, func(t *testing.T, o *origin) {
		o.set(func() { o.kept = Hint{SignedIn: true, Order: 7} })
		o.open()
		o.open()
		release := o.slow(1)
		var restores sync.WaitGroup
		for _, client := range o.clients {
			restores.Go(func() {
				if user, err := client.User(t.Context()); user == nil || err != nil {
					t.Errorf("User = %v, %v", user != nil, err)
				}
			})
		}
		synctest.Wait()
		close(release)
		restores.Wait()
		o.want("in the end", "subject-1 subject-1")
		if o.keeps().Order != 7 {
			t.Errorf("a restore has raised the order: %v", o.keeps())
		}
	})
}

// Who is found by a restore that began before a sign-in elsewhere is looked for
// again, if it is somebody else.
func TestRestoreBeforeSigninElsewhere(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		next, _ := o.open()
		release := o.slow(1)
		restored := make(chan *User)
		go func() {
			user, _ := next.User(t.Context())
			restored <- user
		}()
		synctest.Wait()
		o.person("subject-2")
		o.w.signIn(o.clients[0], o.tabs[0])
		synctest.Wait()
		close(release)
		if user := <-restored; user == nil || user.Subject() != "subject-2" {
			t.Error("somebody else is restored")
		}
		o.want("in the end", "subject-2 subject-2")
	})
}

// Acts in programs that do not know of each other have one order: a sign-out
// counts, and of several sign-ins whom the provider knows.
func TestTies(t *testing.T) {
	store := func(o *origin, i int, subject string) {
		o.person(subject)
		o.w.signIn(o.clients[i], o.tabs[i])
	}
	tests := []struct {
		name string
		do   func(o *origin)
		want string
	}{
		{"two sign-ins", func(o *origin) { store(o, 0, "ann"); store(o, 1, "bob") }, "bob bob bob"},
		{"two sign-ins of one person", func(o *origin) { store(o, 0, "ann"); store(o, 1, "ann") }, "ann ann ann"},
		{"a sign-in and a sign-out", func(o *origin) { store(o, 0, "ann"); _ = o.clients[1].RemoveUser(o.w.t.Context()) }, "nobody nobody nobody"},
		{"a sign-out and a sign-in", func(o *origin) { _ = o.clients[1].RemoveUser(o.w.t.Context()); store(o, 0, "ann") }, "nobody nobody nobody"},
		{"three", func(o *origin) {
			store(o, 2, "ann")
			store(o, 1, "bob")
			_ = o.clients[0].RemoveUser(o.w.t.Context())
		}, "nobody nobody nobody"},
		{"two sign-outs", func(o *origin) {
			_ = o.clients[0].RemoveUser(o.w.t.Context())
			_ = o.clients[1].RemoveUser(o.w.t.Context())
		}, "nobody nobody nobody"},
		{"somebody is idle and signs in elsewhere", func(o *origin) {
			o.clients[0].session.idle.expire(IdleSettings{RemoveOnly: true}, nil)
			store(o, 1, "ann")
		}, "ann ann ann"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withOrigin(t, 3, func(t *testing.T, o *origin) {
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("before", "subject-1 subject-1 subject-1")
				o.set(func() { o.late, o.still = true, true })
				tt.do(o)
				synctest.Wait()
				o.arrive()
				o.want("in the end", tt.want)
			})
		})
	}
}

// Two programs that were at two persons at once do not stay so where frames are blocked.
func TestTieWithoutFrames(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.set(func() { o.late, o.still = true, true })
		o.w.signIn(o.clients[0], o.tabs[0])
		o.person("bob")
		o.w.signIn(o.clients[1], o.tabs[1])
		for _, tab := range o.tabs {
			tab.set(func() {
				tab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
			})
		}
		synctest.Wait()
		o.set(func() { o.still = false })
		o.arrive()
		o.want("in the end", "nobody nobody")
	})
}

// What a release says that knows no order is an act right after what is known,
// unless its time is before that. What has an order that is none is ignored.
func TestMessagesWithoutOrder(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		client := o.clients[0]
		hear := func(message string) {
			client.session.registry.Heard([]byte(strings.Replace(message, "{", `{"issuer":"`+o.w.op.Issuer+`","client_id":"`+o.w.op.ClientID+`",`, 1)))
			synctest.Wait()
		}
		o.w.signIn(client, o.tabs[0])
		for _, absurd := range []string{
			`{"who":"","order":1152921504606846976}`, `{"who":"","order":-1}`, `{"who":"","order":"7"}`, `{"who":"","order":1.5}`,
			`{"who":"x","order":9007199254740992}`,
		} {
			hear(absurd)
			o.want("after "+absurd, "subject-1")
		}
		hear(`{"who":"","at":1}`)
		o.want("after a sign-out of long ago", "subject-1")
		hear(`{"who":"x"}`)
		o.want("after a sign-in", "subject-1") // found again
		hear(`{"who":""}`)
		o.want("after a sign-out", "nobody")
		o.wantKept("after a sign-out", false)
		order := o.keeps().Order
		hear(`{"who":"y","at":1}`)
		o.want("after a sign-in of long ago", "nobody")
		hear(`{"who":"y"}`)
		o.want("after a sign-in", "subject-1")
		if o.keeps().Order <= order {
			t.Errorf("the tabs keep %v after the act of order %d", o.keeps(), order)
		}
	})
}

// Odd messages keep nobody from signing in.
func TestOddMessages(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		client := o.clients[0]
		for _, m := range []string{
			`"who":"","how":"over","order":3`, `"who":"x","how":"idle","order":4`, `"who":"","how":"idle","order":5,"at":-9223372036854775808`,
			`"who":"","how":"\u0000","order":6,"at":9223372036854775807`,
		} {
			client.session.registry.Heard([]byte(`{"issuer":"` + o.w.op.Issuer + `","client_id":"` + o.w.op.ClientID + `",` + m + `}`))
			synctest.Wait()
		}
		o.w.signIn(client, o.tabs[0])
		o.want("after odd messages", "subject-1")
	})
}

// What was decided on before a sign-out does not begin after it.
func TestDecidedBeforeSignout(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		client := o.clients[1]
		o.w.signIn(o.clients[0], o.tabs[0])
		_, decided := client.session.current()
		_ = o.clients[0].RemoveUser(t.Context())
		synctest.Wait()
		client.session.find(client, decided)
		_, err := client.renewOnce(t.Context(), SigninArgs{}, scene{moment: decided}, false)
		mustFail(t, "renewOnce", err, ErrNotSignedIn)
		o.want("after the sign-out", "nobody nobody")

		// The app asks after it: that is a sign-in.
		order := o.keeps().Order
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Error(err)
		}
		o.want("after signinSilent", "subject-1 subject-1")
		if o.keeps().Order <= order {
			t.Errorf("the tabs keep %v after the act of order %d", o.keeps(), order)
		}
	})
}

// Tokens that nobody gets are revoked as those of a sign-out are, also without a
// refresh token.
func TestLostAccessTokenIsRevoked(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.clients[0].settings.RevokeTypes = []TokenType{AccessToken}
		var lost string
		o.w.op.EditTokenResponse = func(r map[string]any) { lost, _ = r["access_token"].(string) }
		_, err := o.during(o.clients[0], o.tabs[0], func() { _ = o.clients[0].RemoveUser(t.Context()) })
		mustFail(t, "SigninCallback", err, ErrNotSignedIn)
		synctest.Wait()
		if lost == "" || !o.w.op.Revoked(lost) {
			t.Error("the token that nobody got is good")
		}
	})
}

// An app that forgets whoever is there before it signs in ends no sign-in that has
// left already.
func TestRemoveUserOfNobody(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		callback := o.w.redirect(o.clients[0], o.tabs[0])
		_ = o.clients[0].RemoveUser(t.Context())
		_ = o.clients[1].RemoveUser(t.Context())
		synctest.Wait()
		if _, err := o.clients[0].SigninCallback(t.Context(), callback); err != nil {
			t.Error(err)
		}
		o.want("after the sign-in", "subject-1 subject-1")
	})
}

// A sign-in that was asked for before a sign-out elsewhere does not outrun it with
// the acts of its own program, in whichever order programs hear of both.
func TestSigninThatOutrunsSignout(t *testing.T) {
	for _, last := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrigin(t, 3)
			first, second := o.w.redirect(o.clients[0], o.tabs[0]), o.w.redirect(o.clients[0], o.tabs[0])
			o.set(func() { o.still, o.late = true, true })
			signOut := func() { _ = o.clients[1].SignoutRedirect(t.Context(), SignoutArgs{}) }
			if !last {
				signOut()
			}
			for _, back := range []string{first, second} {
				if _, err := o.clients[0].SigninCallback(t.Context(), back); err != nil {
					t.Fatal(err)
				}
			}
			if last {
				signOut()
			}
			o.arrive()
			o.want("after the sign-out", "nobody nobody nobody")
			if o.keeps().SignedIn {
				t.Error("the tabs keep that somebody is signed in")
			}
			o.w.signIn(o.clients[0], o.tabs[0])
			o.want("after another sign-in", "subject-1 subject-1 subject-1")
		})
	}
}

// The provider's word that a session is over is no sign-out, whenever another program
// passes it on: who was about to sign in then stays.
func TestOverIsNoSignout(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		client, tab := o.clients[0], o.tabs[0]
		say := func(text string) {
			client.session.registry.Heard(fmt.Appendf(nil, `{"issuer":%q,"client_id":%q,"order":1,%s}`, o.w.op.Issuer, o.w.op.ClientID, text))
			synctest.Wait()
		}
		callback := o.w.redirect(client, tab)
		say(`"who":"ann"`)
		if _, err := client.SigninCallback(t.Context(), callback); err != nil {
			t.Fatal(err)
		}
		say(`"who":"","how":"over"`)
		o.want("after the sign-in", "subject-1")
	})
}

// Who was restored may be another person than the one who came with the last act: a
// page that slept finds out when that person signs in.
func TestSignInOfWhoWasRestored(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("Ann signs in", "subject-1")
		o.sleeps(0, true)     // the page sleeps
		o.person("subject-2") // Bob has signed in to another app of the provider
		next, tab := o.open()
		if user, err := next.User(t.Context()); err != nil || user.Subject() != "subject-2" {
			t.Fatalf("User = %v, %v", user, err)
		}
		o.w.signIn(next, tab) // and Bob signs in explicitly
		synctest.Wait()
		o.sleeps(0, false)
		kept := o.keeps()
		o.clients[0].Hinted(kept) // the page is shown again
		o.want("Bob has signed in alone, and the page of before is shown again", "subject-2 subject-2")
	})
}

// A window that is at the provider has left, too.
func TestRemoveNobodyDuringPopup(t *testing.T) {
	for _, where := range []string{"here", "elsewhere"} {
		t.Run(where, func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				o.tabs[0].popup = func(_ context.Context, p Popup) (string, error) {
					time.Sleep(10 * time.Second)
					return o.w.op.Visit(p.URL), nil
				}
				done := make(chan error)
				go func() {
					_, err := o.clients[0].SigninPopup(t.Context(), SigninArgs{})
					done <- err
				}()
				time.Sleep(time.Second)
				synctest.Wait()
				by := o.clients[0]
				if where == "elsewhere" {
					by = o.clients[1]
				}
				if err := by.RemoveUser(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := <-done; err != nil {
					t.Errorf("the window had left for the provider, and the sign-in fails: %v", err)
				}
			})
		})
	}
}

// Several acts in one millisecond have orders ahead of the clock: "an explicit sign-out beats
// all that began before it, everywhere", also where a program that has not heard of it has
// signed people in at that time, with orders above it.
func TestSignoutAmongSignins(t *testing.T) {
	for signIns := range 4 {
		t.Run(fmt.Sprint(signIns), func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("a sign-in", "subject-1 subject-1")
				o.set(func() { o.late, o.still = true, true }) // they hear of each other later
				for range signIns {
					o.w.signIn(o.clients[0], o.tabs[0])
				}
				_, err := o.during(o.clients[0], o.tabs[0], func() {
					_ = o.clients[1].RemoveUser(t.Context())
					o.arrive()
				})
				mustFail(t, "the sign-in that began before", err, ErrNotSignedIn)
				o.set(func() { o.still = false })
				o.want("after the sign-out", "nobody nobody")
			})
		})
	}
}
