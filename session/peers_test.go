package session

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/oidc"
)

// programs are several, each with one tab, that hear each other.
type programs struct {
	w        *world
	registry []*Registry
	client   []*Client
	tab      []*tab
	said     []string
}

func newPrograms(w *world, n int) *programs {
	p := &programs{w: w}
	for i := range n {
		config := Config{Transport: w.transport, OnePage: true, Logf: w.t.Logf}
		config.Broadcast = func(message []byte) {
			p.said = append(p.said, string(message))
			for j, other := range p.registry {
				if j != i {
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
		if p.tab[1].hint || !p.tab[0].hint {
			t.Error("what the tabs keep is not told by the program that signs out alone")
		}
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

// Where the frame finds somebody else than the other program said, all follow
// the provider; where it finds nobody, that does no harm to the others.
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
		if got := p.subjects(); got != "subject-2 nobody" {
			t.Errorf("after nobody was removed: %s", got)
		}
		_ = p.client[0].RemoveUser(t.Context())
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
