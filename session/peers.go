package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
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
	// the same user; empty after a sign-out. Of "over" it is the stamp of
	// the session, if that has a sid.
	Who string `json:"who"`

	// When that began, in milliseconds since the epoch, for releases that know no
	// order.
	At int64 `json:"at,omitempty"`

	// Order is that of the last act that the program knows of; a release that has
	// none knows no order.
	Order *int64 `json:"order,omitempty"`

	// Behind is how many acts the program of a sign-in heard of between the call and
	// the user.
	Behind int64 `json:"behind,omitempty"`

	// Out is the order of the last sign-out that the program knows of.
	Out int64 `json:"out,omitempty"`

	// How is "idle" if nobody was there any more, "undone" if a sign-in came to
	// nothing, and "over" if the provider's session has ended, which is no act.
	How string `json:"how,omitempty"`
}

// news is what a message says.
type news struct {
	order  int64
	act    act
	who    string
	over   bool  // the session is over, which is no act
	other  bool  // and is another one than that of who is here
	at     int64 // milliseconds
	behind int64 // how many acts its program heard of after it was asked for
	out    int64 // the order of the last sign-out that its program knows of
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
	switch issuer := user.claims.Issuer; {
	case person == "":
		person = "\n" + user.line // nobody else's
	case issuer != "" && issuer != s.id.source.Issuer: // one of several
		person += "\n" + issuer
	}
	sum := sha256.Sum256([]byte(s.id.source.Issuer + "\n" + s.id.clientID + "\n" + person))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// stamp is what pages keep of who: by the act of an order two programs mean the same
// person, and of another order it is another one. It is its own.
func stamp(order int64, who string) string {
	if who == "" || who[0] == '.' {
		return who
	}
	sum := sha256.Sum256([]byte(strconv.FormatInt(order, 10) + "\n" + who))
	return "." + base64.RawURLEncoding.EncodeToString(sum[:])
}

// tellPeers tells the other programs what this one knows. What it has said just now it
// says a while later, once: of many that have not heard of it, each would be answered by
// all, and so on.
func (s *session) tellPeers() {
	s.mu.Lock()
	n, ok := s.standing.says()
	now := s.config.Now()
	again := n == s.said && now.Sub(s.saidAt).Abs() < time.Second
	later := again && !s.repeats
	if later {
		s.repeats = true
	} else if !again {
		s.said, s.saidAt = n, now
	}
	s.mu.Unlock()
	switch {
	case !ok:
	case later:
		s.config.after(time.Second, func() {
			s.mu.Lock()
			s.repeats = false
			s.mu.Unlock()
			s.tellPeers()
		})
	case !again:
		s.say(n)
	}
}

// tellOver tells the other programs that the provider's session has ended.
func (s *session) tellOver(sid string) {
	s.mu.Lock()
	n := news{order: s.standing.order, over: true, who: stamp(s.standing.order, sid), at: s.wall()}
	s.mu.Unlock()
	s.say(n)
}

// say tells the other programs, and the other sessions of this one: those of
// pages that bring something of the provider, see [source].
func (s *session) say(n news) {
	how := [...]string{idled: "idle", undone: "undone", signedOut: ""}[n.act]
	if n.over {
		how = "over"
	}
	m := peerMessage{Issuer: s.id.source.Issuer, ClientID: s.id.clientID, Who: n.who, At: n.at, Order: &n.order, Behind: n.behind, Out: n.out, How: how}
	if s.registry.born.Load() > 1 { // else there are no others
		s.config.spawn(func() { s.registry.deliver(m, s) }) // it waits for the registry, which may wait for us
	}
	if s.config.Broadcast == nil {
		return
	}
	if message, err := strictjson.Marshal(m); err == nil {
		s.config.Broadcast(message)
	}
}

// news returns what a message says.
func (m *peerMessage) news() news {
	n := news{who: m.Who, at: m.At, over: m.How == "over"}
	switch {
	case n.over: // is no act
	case m.Who != "":
		n.act = signedIn
	case m.How == "idle":
		n.act = idled
	case m.How == "undone":
		n.act = undone
	default:
		n.act = signedOut
	}
	if m.Order != nil {
		n.order, n.behind, n.out = *m.Order, m.Behind, m.Out
	}
	return n
}

// Heard takes what another program gave to its [Config.Broadcast]. It does not
// wait. Messages for sessions that are not there are ignored, and so is what
// is no message, or has an order that is none.
func (r *Registry) Heard(message []byte) {
	var m peerMessage
	if len(message) > PeerMessageLimit || strictjson.Unmarshal(message, &m) != nil {
		return
	}
	if m.Order != nil && (!isOrder(*m.Order, r.config.Now().UnixMilli()) || m.Out < 0 || m.Out > *m.Order) {
		return
	}
	r.deliver(m, nil)
}

// deliver gives a message to the sessions that it is about, but for the one that
// it is from.
func (r *Registry) deliver(m peerMessage, from *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handover.disown(m.Issuer, m.ClientID)
	for _, s := range r.inOrder() {
		id := s.id
		if s != from && id.source.Issuer == m.Issuer && id.clientID == m.ClientID {
			r.config.spawn(func() { s.follow(m) })
		}
	}
}

// follow does what another program did.
func (s *session) follow(m peerMessage) {
	s.heed(m.How == "over", func(st *standing) effects {
		if m.Order == nil {
			return st.heardUnordered(m.news(), s.wall())
		}
		n := m.news()
		n.other = n.over && n.who != "" && s.user != nil && s.user.claims.SessionID != "" && n.who != stamp(n.order, s.user.claims.SessionID)
		return st.heard(n)
	})
}

// heed carries out what follows from news, maybe that the session is over. That program
// knows its own refresh token alone: that of a user who goes is revoked here.
func (s *session) heed(over bool, what func(*standing) effects) {
	result, gone := s.carryOutNews(over, what)
	if result.has(find) {
		s.dismiss(gone)
	} else if gone != nil {
		s.revokeGone(gone, true)
	}
	s.look(result.has(find))
}

// revokeGone is revokeAtSignout for a user who has gone, whatever tabs are there.
func (s *session) revokeGone(gone *User, ends bool) {
	by := append(s.willing(nil), s.tabs()...)
	if gone.asked != nil {
		by = append(by, &Client{session: s, settings: *gone.asked})
	}
	for _, c := range by[:min(1, len(by))] {
		c.revokeSoon(context.Background(), gone, ends)
	}
}

// carryOutNews is heed without what waits. A bug in a listener keeps the turn from nobody.
func (s *session) carryOutNews(over bool, what func(*standing) effects) (result effects, gone *User) {
	s.turn.Lock()
	defer s.turn.Unlock()
	result = s.ask(what)
	if over && result.has(forget) {
		s.notify(Event{Name: UserSignedOut})
	}
	return result, s.carryOut(result, nil, nil)
}
