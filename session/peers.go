package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// Several programs can have a session of one client in one browser: one for
// each page where there is no shared worker, or those of two releases. Each has
// tokens of its own; what they tell each other is that somebody signed in or
// out, and never a token.

// peerMessage is what programs tell each other. Members that are not known
// are of another release.
type peerMessage struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`

	// Who is signed in, as a digest that only says whether two programs have
	// the same user; empty after a sign-out.
	Who string `json:"who"`
}

// who returns the digest of a user, empty for nobody.
func (s *session) who(user *User) string {
	if user == nil {
		return ""
	}
	person := user.person()
	if person == "" {
		person = "\n" + user.line // nobody else's
	}
	sum := sha256.Sum256([]byte(s.id.source.Issuer + "\n" + s.id.clientID + "\n" + person))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// announce tells the other programs who is signed in now, nil for nobody, if
// that is news to them.
func (s *session) announce(user *User) {
	who := s.who(user)
	if s.config.Broadcast == nil || !s.tell(who) {
		return
	}
	message, err := strictjson.Marshal(peerMessage{Issuer: s.id.source.Issuer, ClientID: s.id.clientID, Who: who})
	if err == nil {
		s.config.Broadcast(message)
	}
}

// tell notes what the other programs know. It reports whether that is news.
func (s *session) tell(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := s.told != who
	s.told = who
	return news
}

// Heard takes what another program gave to its [Config.Broadcast]. It does not
// wait. Messages for sessions that are not there are ignored, and so is what
// is no message.
func (r *Registry) Heard(message []byte) {
	var m peerMessage
	if strictjson.Unmarshal(message, &m) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.sessions {
		if id.source.Issuer == m.Issuer && id.clientID == m.ClientID {
			r.config.spawn(func() { s.follow(m.Who) })
		}
	}
}

// follow does what another program did: it forgets the user who was signed out
// or replaced, and finds the one who signed in. What it does is no news, unless
// somebody else is found.
func (s *session) follow(who string) {
	s.tell(who)
	user, _ := s.current()
	if s.who(user) == who {
		return
	}
	s.drop(who != "")
	tabs := s.willing(nil)
	if who == "" || len(tabs) == 0 {
		return
	}
	if _, err := tabs[0].SigninSilent(context.Background(), SigninArgs{}); err != nil {
		s.config.Logf("session: somebody signed in in another program: %v", err)
	}
}

// drop forgets the user whom another program has signed out or replaced. What
// the tabs keep is told by that program, which may have gone on since.
func (s *session) drop(hint bool) {
	s.turn.Lock()
	defer s.turn.Unlock()
	user := s.forget()
	s.mu.Lock()
	s.hint = hint
	s.mu.Unlock()
	if user != nil {
		s.notify(Event{Name: UserUnloaded})
	}
}
