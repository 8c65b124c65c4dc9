package session

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// programs are several, each with one tab, that hear each other.
type programs struct {
	w        *world
	registry []*Registry
	client   []*Client
	tab      []*tab
	said     []string
	delay    time.Duration // of the messages
	mu       sync.Mutex    // guards said
}

func newPrograms(w *world, n int) *programs {
	p := &programs{w: w}
	for i := range n {
		config := Config{Transport: w.transport, OnePage: true, Logf: w.t.Logf}
		config.Broadcast = func(message []byte) {
			p.mu.Lock()
			p.said = append(p.said, string(message))
			p.mu.Unlock()
			for j, other := range p.registry {
				if j != i && p.delay > 0 {
					time.AfterFunc(p.delay, func() { other.Heard(message) })
				} else if j != i {
					other.Heard(message)
				}
			}
		}
		w.registry = NewRegistry(config)
		client, tab := w.open(false)
		p.registry, p.client, p.tab = append(p.registry, w.registry), append(p.client, client), append(p.tab, tab)
	}
	return p
}

// subjects returns who is signed in, program by program.
func (p *programs) subjects() string {
	synctest.Wait()
	var all []string
	for _, client := range p.client {
		user, _ := client.session.current()
		if user == nil {
			all = append(all, "nobody")
		} else {
			all = append(all, user.Subject())
		}
	}
	return strings.Join(all, " ")
}

// What happens in one program happens in all, and each says its news once.
func TestPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true // the provider fails the test on a token used twice
		p := newPrograms(w, 3)
		w.signIn(p.client[0], p.tab[0])
		if got := p.subjects(); got != "subject-1 subject-1 subject-1" {
			t.Fatalf("after the sign-in: %s", got)
		}
		for range 2 {
			for _, client := range p.client {
				if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
					t.Error(err)
				}
			}
		}
		if got := p.subjects(); got != "subject-1 subject-1 subject-1" || len(p.said) != 1 {
			t.Errorf("after renewals: %s; %d messages, want 1", got, len(p.said))
		}

		w.op.Edit(func() { w.op.Subject = "subject-2" })
		w.signIn(p.client[2], p.tab[2])
		if got := p.subjects(); got != "subject-2 subject-2 subject-2" || len(p.said) != 2 {
			t.Errorf("after somebody else signed in: %s; %d messages, want 2", got, len(p.said))
		}

		_ = p.client[1].RemoveUser(t.Context())
		if got := p.subjects(); got != "nobody nobody nobody" || len(p.said) != 3 {
			t.Errorf("after the sign-out: %s; %d messages, want 3", got, len(p.said))
		}
		for i, tab := range p.tab {
			if heard := tab.heard(); heard[len(heard)-1] != UserUnloaded {
				t.Errorf("tab %d heard %v", i, heard)
			}
		}
		for _, secret := range append(w.op.Secrets(), "subject-1", "subject-2") {
			if strings.Contains(strings.Join(p.said, "\n"), secret) {
				t.Error("the programs tell each other a secret or a subject")
			}
		}
	})
}

// A sign-out in one program ends also what another has in the air: it followed a
// sign-in, or a tab of it has been loaded just now.
func TestPeersSignoutMeanwhile(t *testing.T) {
	for name, restores := range map[string]bool{"who follows": false, "who restores": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings.ManualRenew = true
				p := newPrograms(w, 2)
				asked, release := make(chan struct{}, 1), make(chan struct{})
				hold := func(_ context.Context, url string) (string, error) {
					callbackURL := w.op.Visit(url)
					asked <- struct{}{}
					<-release
					return callbackURL, nil
				}
				var restored *User
				var restoring sync.WaitGroup
				if restores {
					w.signIn(p.client[0], p.tab[0])
					p.subjects()
					p.client[1].session.drop() // as a new program
					p.tab[1].frame = hold
					restoring.Go(func() { restored, _ = p.client[1].User(t.Context()) })
				} else {
					p.tab[1].frame = hold
					w.signIn(p.client[0], p.tab[0])
				}
				<-asked
				_ = p.client[0].RemoveUser(t.Context())
				synctest.Wait()
				said := len(p.said)
				close(release)
				restoring.Wait()
				if got := p.subjects(); got != "nobody nobody" || restored != nil || len(p.said) != said {
					t.Errorf("after the sign-out: %s, restored %v, %q", got, restored != nil, p.said[said:])
				}
			})
		})
	}
}

// Messages take a while: of a sign-in and a sign-out that do not know of each other
// the sign-out counts, whichever is heard first. A sign-in that began with the
// knowledge of the sign-out is not ended by it.
func TestPeersOldNews(t *testing.T) {
	tests := []struct {
		name string
		do   func(p *programs)
		want string
	}{
		{"a sign-in that ended when somebody had signed out elsewhere", func(p *programs) {
			p.w.signIn(p.client[1], p.tab[1])
			time.Sleep(time.Millisecond)
			_ = p.client[0].RemoveUser(p.w.t.Context()) // it does not know yet
		}, "nobody nobody"},
		{"a sign-in after a sign-out elsewhere, of which its program does not know", func(p *programs) {
			_ = p.client[0].RemoveUser(p.w.t.Context())
			time.Sleep(time.Millisecond)
			p.w.signIn(p.client[1], p.tab[1])
		}, "nobody nobody"},
		{"a sign-in after a sign-out elsewhere", func(p *programs) {
			_ = p.client[0].RemoveUser(p.w.t.Context())
			time.Sleep(2 * p.delay)
			p.w.signIn(p.client[1], p.tab[1])
		}, "subject-2 subject-2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				w.settings.ManualRenew = true
				p := newPrograms(w, 2)
				w.signIn(p.client[0], p.tab[0])
				p.subjects()
				p.delay = time.Second
				time.Sleep(time.Minute)
				w.op.Edit(func() { w.op.Subject = "subject-2" })
				tt.do(p)
				time.Sleep(time.Minute)
				if got := p.subjects(); got != tt.want {
					t.Errorf("in the end: %s, want %s", got, tt.want)
				}
			})
		})
	}
}

// A tab signs out at the provider with a program that knows of nobody yet: the
// others hear of it all the same.
func TestPeersSignoutOfNobodyHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		p := newPrograms(w, 2)
		w.signIn(p.client[0], p.tab[0])
		p.subjects()
		p.client[1].session.drop() // as a new program
		if err := p.client[1].SignoutRedirect(t.Context(), SignoutArgs{}); err != nil {
			t.Error(err)
		}
		if got := p.subjects(); got != "nobody nobody" {
			t.Errorf("after the sign-out: %s", got)
		}
	})
}

// Pages that bring something of the provider have sessions of their own in one
// program: those of one client tell each other what programs do, and others nothing.
func TestPeersInOneProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		p := &programs{w: w}
		add := func() {
			client, tab := w.open(false)
			p.client, p.tab = append(p.client, client), append(p.tab, tab)
		}
		add()
		w.settings.Provider.MetadataURL = oidc.ConfigurationURL(w.op.Issuer) + "?page=2"
		add()
		w.settings.ClientID = "another"
		add()
		w.signIn(p.client[0], p.tab[0])
		if got := p.subjects(); got != "subject-1 subject-1 nobody" {
			t.Errorf("after the sign-in: %s", got)
		}
		_ = p.client[1].RemoveUser(t.Context())
		if got := p.subjects(); got != "nobody nobody nobody" {
			t.Errorf("after the sign-out: %s", got)
		}
	})
}

// Two of whom nobody knows who they are are two: the other program does not keep
// the first.
func TestPeersWithoutSubject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := newPrograms(w, 2)
		p.tab[1].frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		store := func(client *Client, token oidc.Secret) {
			if err := client.StoreUser(t.Context(), &User{AccessToken: token}); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		store(p.client[0], "ann")
		store(p.client[1], "ann")
		p.subjects()
		said := len(p.said)
		store(p.client[0], "bob")
		if got := p.client[1].Current(); got != nil || len(p.said) != said+1 {
			t.Errorf("the other program keeps %v; %d messages more, want 1", got, len(p.said)-said)
		}
		for _, client := range p.client {
			_ = client.RemoveUser(t.Context())
		}
	})
}

// Where the frame finds nobody, that does no harm to the others; a sign-out there
// does, although nobody is there.
func TestPeersDisagree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := newPrograms(w, 2)
		w.signIn(p.client[0], p.tab[0])
		p.subjects()
		p.tab[1].mu.Lock()
		p.tab[1].frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		p.tab[1].mu.Unlock()
		w.op.Edit(func() { w.op.Subject = "subject-2" })
		w.signIn(p.client[0], p.tab[0])
		if got := p.subjects(); got != "subject-2 nobody" {
			t.Errorf("after a frame without an answer: %s", got)
		}
		_ = p.client[1].RemoveUser(t.Context())
		if got := p.subjects(); got != "nobody nobody" {
			t.Errorf("after a sign-out where nobody is: %s", got)
		}
	})
}

func TestHeardNonsense(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	user := w.signIn(client, tab)
	tab.heard()
	for _, message := range []string{"", "{", "null", `"signed_out"`, `{}`, `{"issuer":"https://other.example","client_id":"app","who":""}`, `{"issuer":7}`} {
		w.registry.Heard([]byte(message))
	}
	if now, _ := client.User(t.Context()); now != user || len(tab.heard()) != 0 {
		t.Error("a message that is none changed something")
	}
}

// A bug ends its operation, not the program.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		reported := make(chan any, 1)
		w.registry = NewRegistry(Config{Transport: w.transport, OnPanic: func(value any, stack []byte) {
			if len(stack) == 0 {
				t.Error("there is no stack")
			}
			reported <- value
		}})
		client, tab := w.open(false)
		tab.frame = func(context.Context, string) (string, error) { panic("a bug") }
		_, err := client.SigninSilent(t.Context(), SigninArgs{})
		mustFail(t, "SigninSilent", err, ErrInternal)
		if strings.Contains(err.Error(), "a bug") {
			t.Errorf("the error says %q", err)
		}
		tab.mu.Lock()
		tab.frame = nil
		tab.mu.Unlock()
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Errorf("SigninSilent afterwards = %v", err)
		}
		tab.popup = func(context.Context, Popup) (string, error) { return "", ErrPopupClosed }
		tab.late = func(context.Context, Popup) (string, error) { panic("another bug") }
		_, err = client.SigninPopup(t.Context(), SigninArgs{})
		mustFail(t, "SigninPopup", err, ErrPopupClosed)
		if got := <-reported; got != "another bug" {
			t.Errorf("reported %v", got)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// What is longer than any message of a program is not read: whoever is of the
// origin can post it, and it is heard when its tab is gone.
func TestHeardTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := newPrograms(w, 2)
		w.signIn(p.client[0], p.tab[0])
		p.subjects()
		long := strings.Replace(p.said[0], `{`, `{"more":"`+strings.Repeat("x", PeerMessageLimit)+`",`, 1)
		long = strings.Replace(long, `"who":"`, `"who":"x`, 1)
		for _, tt := range []struct{ message, want string }{
			{long, "subject-1 subject-1"},
			{strings.Replace(long, strings.Repeat("x", PeerMessageLimit), "x", 1), "subject-1 subject-1 renewed"},
		} {
			before := w.op.Count("authorize")
			p.registry[1].Heard([]byte(tt.message))
			got := p.subjects()
			if w.op.Count("authorize") > before {
				got += " renewed"
			}
			if got != tt.want {
				t.Errorf("a message of %d bytes: %s, want %s", len(tt.message), got, tt.want)
			}
		}
		for _, client := range p.client {
			_ = client.RemoveUser(t.Context())
		}
	})
}

// Programs that look for the session at the same time, as after a crash of the
// browser's, all find it: the first that does ends nothing in the others.
func TestPeersRestoreAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		p := newPrograms(w, 3)
		var restores sync.WaitGroup
		for i := range p.client {
			p.tab[i].frame = func(_ context.Context, url string) (string, error) {
				time.Sleep(time.Duration(i) * time.Second)
				return w.op.Visit(url), nil
			}
			client := w.openWith(p.registry[i], p.tab[i])
			restores.Go(func() {
				if user, err := client.User(t.Context()); err != nil || user == nil {
					t.Errorf("program %d: %v, %v", i, user, err)
				}
			})
		}
		restores.Wait()
		for i, tab := range p.tab {
			if slices.Contains(tab.heard(), UserUnloaded) {
				t.Errorf("program %d has signed somebody out", i)
			}
		}
		_ = p.client[0].RemoveUser(t.Context())
		synctest.Wait()
	})
}

// A page that asks while its program follows a sign-in, after a sign-out, waits
// for whom it finds: one that was asleep hears of both at once.
func TestPeersFollowBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		p := newPrograms(w, 2)
		w.signIn(p.client[0], p.tab[0])
		synctest.Wait()
		p.tab[1].frame = func(_ context.Context, url string) (string, error) {
			time.Sleep(time.Second)
			return w.op.Visit(url), nil
		}
		if err := p.client[0].RemoveUser(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := p.client[0].SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		if user, err := p.client[1].User(t.Context()); err != nil || user == nil {
			t.Errorf("User = %v, %v", user, err)
		}
		_ = p.client[0].RemoveUser(t.Context())
		synctest.Wait()
	})
}

// drop makes the session that of a new program whose tab has the hint.
func (s *session) drop() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.forget()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing = standing{order: s.standing.order, act: signedIn, hint: true}
}

// Programs that do many things at once agree without much ado: who has just said what it
// knows does not say it again for each of the others that did not know.
func TestPeersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		p := newPrograms(w, 5)
		for i := range 8 {
			p.delay = time.Duration(8-i) * time.Second / 10 // the first news come last
			client := p.client[i%5]
			if _, err := client.SigninPopup(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		if got := p.subjects(); got != strings.TrimSpace(strings.Repeat("subject-1 ", 5)) || len(p.said) > 20 {
			t.Errorf("%s; %d messages", got, len(p.said))
		}
		for i, client := range p.client {
			if order := client.session.standing.order; order != p.client[0].session.standing.order {
				t.Errorf("program %d knows the order %d", i, order)
			}
		}
	})
}

// A program that begins with what was kept before a sign-out, just after that was told,
// is told, too.
func TestPeerThatBeginsAfterTheNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := newPrograms(w, 2)
		w.signIn(p.client[0], p.tab[0])
		p.subjects()
		before := p.client[0].session.standing.keeps()
		_ = p.client[0].RemoveUser(t.Context())
		synctest.Wait()
		p.client[1].session.drop() // as a new program
		p.client[1].Hinted(before)
		if _, err := p.client[1].User(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if got := p.subjects(); got != "nobody nobody" {
			t.Errorf("%s", got)
		}
	})
}

// A bug in what hears of a session keeps no tab from going on.
func TestBugWhileNewsIsHeard(t *testing.T) {
	w := newWorld(t)
	w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, OnPanic: func(any, []byte) {}})
	client, tab := w.open(false)
	w.signIn(client, tab)
	tab.set(func() { tab.onEvent = func(Event) { tab.set(func() { tab.onEvent = nil }); panic("a bug") } })
	client.session.registry.Heard([]byte(`{"issuer":"` + w.op.Issuer + `","client_id":"` + w.op.ClientID + `","who":""}`))
	time.Sleep(100 * time.Millisecond)
	done := make(chan error, 1)
	go func() { done <- client.RemoveUser(t.Context()) }()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		t.Error("removeUser() does not settle")
	}
}

// "An access token that is new, and that no API has refused, is renewed for a call alone that
// asks for that" (habits "needless"): who was to be looked for, because of a sign-in
// elsewhere, and has been restored by then, is there.
func TestLookForWhoIsThere(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	client, _ := w.open(true)
	_, began := client.session.current()
	user, err := client.User(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	requests := w.op.Count(oidctest.Token)
	client.session.find(client, began)
	if n := w.op.Count(oidctest.Token) - requests; n != 0 || client.Current() != user {
		t.Errorf("%d token requests for who is there", n)
	}
}

// Nor is one who signs in while a restore is about to look.
func TestRestoreOfWhoIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t, w.op.RefreshTokens, w.settings.ManualRenew = t, true, true
		var left atomic.Int32 // until the program takes its time
		release := make(chan struct{})
		w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Gate: func(point string) (pass func()) {
			if point == "start" && left.Add(-1) == 0 {
				return func() { <-release }
			}
			return func() {}
		}})
		client, tab := w.open(true)
		back := w.redirect(client, tab)
		synctest.Wait()
		left.Store(2) // the restore, and what it begins
		restored := make(chan *User)
		go func() {
			user, _ := client.User(t.Context())
			restored <- user
		}()
		synctest.Wait()
		user, err := client.SigninCallback(t.Context(), back)
		if err != nil {
			t.Fatal(err)
		}
		requests := w.op.Count(oidctest.Token)
		close(release)
		if found := <-restored; found != user || w.op.Count(oidctest.Token) != requests {
			t.Errorf("User = %v, after %d token requests; want who has signed in, and none", found, w.op.Count(oidctest.Token)-requests)
		}
	})
}
