package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

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

	// When that began, in milliseconds since the epoch: a sign-out beats what
	// began before it, also where that is heard later.
	At int64 `json:"at,omitempty"`
}

// PeerMessageLimit bounds what programs tell each other, in bytes. Whoever is of
// the origin can post what it likes, and it is heard when its tab is gone, too.
const PeerMessageLimit = 4 << 10

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

// announce tells the other programs who is signed in now, nil for nobody, by what
// began then, if that is news to them.
func (s *session) announce(user *User, began time.Time) {
	if who := s.who(user); s.tell(who) {
		s.say(who, began)
	}
}

// say tells the other programs, and the other sessions of this one: those of
// pages with other settings for the same client.
func (s *session) say(who string, began time.Time) {
	m := peerMessage{s.id.source.Issuer, s.id.clientID, who, began.UnixMilli()}
	s.config.spawn(func() { s.registry.deliver(m, s) }) // it waits for the registry, which may wait for us
	if s.config.Broadcast == nil {
		return
	}
	if message, err := strictjson.Marshal(m); err == nil {
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
	if len(message) > PeerMessageLimit || strictjson.Unmarshal(message, &m) != nil {
		return
	}
	r.deliver(m, nil)
}

// deliver gives a message to the sessions that it is about, but for the one that
// it is from.
func (r *Registry) deliver(m peerMessage, from *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.inOrder() {
		id := s.id
		if s != from && id.source.Issuer == m.Issuer && id.clientID == m.ClientID {
			r.config.spawn(func() { s.follow(m) })
		}
	}
}

// follow does what another program did: it forgets the user who was signed out
// or replaced, and finds the one who signed in. What it does is no news, unless
// somebody else is found.
func (s *session) follow(m peerMessage) {
	if s.knowsBetter(m) {
		return
	}
	s.tell(m.Who)
	user, _ := s.current()
	if user != nil && s.who(user) == m.Who {
		return
	}
	tabs := s.willing(nil)
	_, before := s.current()
	if user != nil || m.Who == "" { // who is in the air is not there yet, and signed out, too
		var gone *User
		gone, before.unloads = s.drop(m.Who != "")
		if gone != nil && len(tabs) > 0 { // that program knows its own refresh token alone
			_, _ = tabs[0].orRevoke(context.Background(), gone)(nil, ErrNotSignedIn)
		}
	} else {
		s.mu.Lock()
		s.hint = true // a page that asks meanwhile waits for what is found
		s.mu.Unlock()
	}
	if m.Who != "" && len(tabs) > 0 {
		s.find(tabs[0], m.Who, before.unloads)
	}
}

// find signs in whoever has a session at the provider. What is in the air already
// may end with the user before, or find that one: then it is done again, unless
// somebody has signed out since unloads were counted.
func (s *session) find(tab *Client, who string, unloads int) {
	for range 2 {
		_, err := tab.SigninSilent(context.Background(), SigninArgs{})
		user, now := s.current()
		if err != nil && !errors.Is(err, ErrNotSignedIn) {
			s.config.Logf("session: somebody signed in in another program: %v", err)
			return
		}
		if now.unloads != unloads || user != nil && s.who(user) == who {
			return
		}
	}
}

// knowsBetter tells whether a message is old news: of who began to sign in before
// somebody signed out, or of a sign-out before the sign-in of the user. A clock
// that was set back knows nothing.
func (s *session) knowsBetter(m peerMessage) bool {
	now := s.config.Now().UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	news := s.out
	if m.Who == "" {
		news = s.signedIn
	}
	if 0 < m.At && m.At < news && news <= now {
		return true
	}
	if m.Who == "" && m.At <= now {
		s.out = max(s.out, m.At)
	}
	return false
}

// drop forgets the user whom another program has signed out or replaced. What
// the tabs keep is told by that program, which may have gone on since. It returns
// who that was, and how often it has happened.
func (s *session) drop(hint bool) (user *User, unloads int) {
	s.turn.Lock()
	defer s.turn.Unlock()
	user = s.forget()
	s.mu.Lock()
	s.hint, unloads = hint, s.unloads
	s.mu.Unlock()
	if user != nil {
		s.notify(Event{Name: UserUnloaded})
	}
	return user, unloads
}
