package session

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/who-is-signed-in.md")

// String names the effects, as the table does.
func (e effects) String() string {
	names := []string{
		"the user who comes is signed in", "who is there stays", "too late: `not_signed_in`, tokens revoked", "looks once more",
		"forgets the user", "looks at the provider who is signed in", "tells the programs", "tells the pages",
	}
	var some []string
	for i, name := range names {
		if e.has(1 << i) {
			some = append(some, name)
		}
	}
	if some == nil {
		return "-"
	}
	return strings.Join(some, "; ")
}

// A happening is a row of the table.
type happening struct {
	name string
	do   func(s *standing, began mark) effects
}

// situations are the columns of the table: what a program knows. The last act has
// the order 5.
var situations = []struct {
	name string
	standing
}{
	{"Ann is signed in", standing{order: 5, act: signedIn, last: "ann", asked: 4, here: "ann", hint: true}},
	{"Ann has signed in, nobody is here", standing{order: 5, act: signedIn, last: "ann", asked: 4, hint: true}},
	{"somebody has signed out", standing{order: 5, act: signedOut, explicit: 5, closed: 5, outs: 1}},
	{"it knows nothing", standing{}},
}

var happenings = []struct {
	title string
	rows  []happening
}{
	{"Somebody signs in here, by redirect, popup, password or `storeUser()`", []happening{
		{"Bob", func(s *standing, began mark) effects { return s.signedIn(began, "bob", 0) }},
		{"Bob; a peer's sign-in came meanwhile", func(s *standing, began mark) effects {
			s.heard(news{order: s.order + 1, act: signedIn, who: "cid"})
			return s.signedIn(began, "bob", 0)
		}},
		{"Bob; the session before ended meanwhile (renewal, monitor, front channel)", func(s *standing, began mark) effects {
			s.ended(false)
			return s.signedIn(began, "bob", 0)
		}},
		{"Bob; nobody was there meanwhile (`idle`)", func(s *standing, began mark) effects {
			s.idled(0)
			return s.signedIn(began, "bob", 0)
		}},
		{"Bob; somebody signed out meanwhile", func(s *standing, began mark) effects {
			s.signedOut(0)
			return s.signedIn(began, "bob", 0)
		}},
		{"Bob; somebody signed out elsewhere meanwhile", func(s *standing, began mark) effects {
			s.heard(news{order: s.order + 1, act: signedOut})
			return s.signedIn(began, "bob", 0)
		}},
		{"Bob; asked for in another program before the last act", func(s *standing, began mark) effects {
			began.order, began.after = max(0, s.order-1), max(0, s.order-1)
			return s.signedIn(began, "bob", 0)
		}},
		{"Bob; before he asked, a page of an earlier release kept that somebody is there, with the order 6 of a sign-out", func(s *standing, _ mark) effects {
			s.hinted(Hint{SignedIn: true, Order: 6, Out: 6}, false)
			return s.signedIn(s.began(s.order), "bob", 0)
		}},
	}},
	{"A restore or a renewal finds somebody", []happening{
		{"Ann", func(s *standing, began mark) effects { return s.found(began, "ann", 0) }},
		{"Bob", func(s *standing, began mark) effects { return s.found(began, "bob", 0) }},
		{"Ann; Bob signed in elsewhere meanwhile", func(s *standing, began mark) effects {
			s.heard(news{order: s.order + 1, act: signedIn, who: "bob"})
			return s.found(began, "ann", 0)
		}},
		{"Bob; Bob signed in elsewhere meanwhile", func(s *standing, began mark) effects {
			s.heard(news{order: s.order + 1, act: signedIn, who: "bob"})
			return s.found(began, "bob", 0)
		}},
		{"Ann; a page keeps that somebody signed in meanwhile, and not since when who is there", func(s *standing, began mark) effects {
			s.hinted(Hint{SignedIn: true, Order: s.order + 1}, false)
			return s.found(began, "ann", 0)
		}},
		{"Ann; Bob signed in here meanwhile", func(s *standing, began mark) effects {
			s.signedIn(s.began(s.order), "bob", 0)
			return s.found(began, "ann", 0)
		}},
		{"Ann; somebody signed out meanwhile", func(s *standing, began mark) effects {
			s.signedOut(0)
			return s.found(began, "ann", 0)
		}},
		{"Ann; the session ended meanwhile", func(s *standing, began mark) effects {
			s.ended(false)
			return s.found(began, "ann", 0)
		}},
	}},
	{"A session ends, or is not found", []happening{
		{"somebody signs out", func(s *standing, _ mark) effects { return s.signedOut(0) }},
		{"nobody was there (`idle`)", func(s *standing, _ mark) effects { return s.idled(0) }},
		{"the provider has ended it (monitor, front channel)", func(s *standing, _ mark) effects { return s.ended(false) }},
		{"a renewal fails for good", func(s *standing, _ mark) effects { return s.ended(false) }},
		{"the same, where a redirect may find it", func(s *standing, _ mark) effects { return s.ended(true) }},
		{"a restore finds nobody", func(s *standing, began mark) effects { return s.missing(began) }},
		{"a restore finds nobody; Bob signed in elsewhere meanwhile", func(s *standing, began mark) effects {
			s.heard(news{order: s.order + 1, act: signedIn, who: "bob"})
			return s.missing(began)
		}},
	}},
	{"Another program says", []happening{
		{"Ann signed in, order 4", hears(news{order: 4, act: signedIn, who: "ann"})},
		{"somebody signed out, order 4", hears(news{order: 4, act: signedOut})},
		{"Ann signed in, order 5", hears(news{order: 5, act: signedIn, who: "ann"})},
		{"Bob signed in, order 5", hears(news{order: 5, act: signedIn, who: "bob"})},
		{"nobody was there, order 5", hears(news{order: 5, act: idled})},
		{"somebody signed out, order 5", hears(news{order: 5, act: signedOut})},
		{"the session of order 5 is over", hears(news{order: 5, over: true})},
		{"Ann signed in, order 6", hears(news{order: 6, act: signedIn, who: "ann"})},
		{"Bob signed in, order 6", hears(news{order: 6, act: signedIn, who: "bob"})},
		{"Bob signed in, order 7, asked for at 4", hears(news{order: 7, act: signedIn, who: "bob", behind: 2})},
		{"the same, and somebody signed out, order 6", func(s *standing, _ mark) effects {
			s.heard(news{order: 7, act: signedIn, who: "bob", behind: 2})
			return s.heard(news{order: 6, act: signedOut})
		}},
		{"somebody signed out, order 6", hears(news{order: 6, act: signedOut})},
		{"Ann signed in, no order", func(s *standing, _ mark) effects { return s.heardUnordered(news{act: signedIn, who: "ann"}, 9) }},
		{"Bob signed in, no order", func(s *standing, _ mark) effects { return s.heardUnordered(news{act: signedIn, who: "bob"}, 9) }},
		{"somebody signed out, no order", func(s *standing, _ mark) effects { return s.heardUnordered(news{act: signedOut}, 9) }},
		{"the same, at a time before the last act", func(s *standing, _ mark) effects {
			s.at = 8
			return s.heardUnordered(news{act: signedOut, at: 7}, 9)
		}},
	}},
	{"A page comes, comes back, or hears what another page has written", []happening{
		{"nothing is kept", keeps(Hint{})},
		{"worth restoring, order 4", keeps(Hint{SignedIn: true, Order: 4})},
		{"not worth restoring, order 4", keeps(Hint{Order: 4})},
		{"worth restoring, order 5", keeps(Hint{SignedIn: true, Order: 5})},
		{"the same, and Bob is there", keeps(Hint{SignedIn: true, Order: 5, Who: stamp(5, "bob")})},
		{"not worth restoring, order 5", keeps(Hint{Order: 5})},
		{"the same, for somebody signed out", keeps(Hint{Order: 5, Out: 5})},
		{"the same, for that sign-in came to nothing", keeps(Hint{Order: 5, Who: cameToNothing})},
		{"worth restoring, order 6", keeps(Hint{SignedIn: true, Order: 6})},
		{"the same, and Ann is there", keeps(Hint{SignedIn: true, Order: 6, Who: stamp(6, "ann")})},
		{"the same, and Bob is there", keeps(Hint{SignedIn: true, Order: 6, Who: stamp(6, "bob")})},
		{"the same, from a page that opens", func(s *standing, _ mark) effects {
			return s.hinted(Hint{SignedIn: true, Order: 6, Who: stamp(6, "bob")}, true)
		}},
		{"the same, by who does not know of the sign-out of order 3", func(s *standing, _ mark) effects {
			s.wasOut(3, signedOut)
			return s.hinted(Hint{SignedIn: true, Order: 6}, false)
		}},
		{"not worth restoring, order 6", keeps(Hint{Order: 6})},
		{"worth restoring, no order (earlier release)", keeps(Hint{SignedIn: true, Order: NoOrder})},
		{"not worth restoring, no order (earlier release)", keeps(Hint{Order: NoOrder})},
	}},
}

func hears(n news) func(*standing, mark) effects {
	return func(s *standing, _ mark) effects { return s.heard(n) }
}

func keeps(h Hint) func(*standing, mark) effects {
	return func(s *standing, _ mark) effects { return s.hinted(h, false) }
}

// state says what a program knows.
func (s *standing) state() string {
	who := s.here
	if who == "" {
		who = "nobody"
	}
	kept := "off"
	if s.hint {
		kept = "on"
	}
	return fmt.Sprintf("%s, order %d, hint %s", who, s.order, kept)
}

const tableFile = "../docs/who-is-signed-in.md"

// The document has the table that the code makes.
func TestTransitionTable(t *testing.T) {
	document, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	const begin = "<!-- the rest is written by `go test ./session -run TransitionTable -update` -->\n"
	head, _, found := strings.Cut(string(document), begin)
	if !found {
		t.Fatal("the document has no table")
	}
	var b strings.Builder
	b.WriteString(head + begin)
	for _, part := range happenings {
		fmt.Fprintf(&b, "\n## %s\n", part.title)
		for _, row := range part.rows {
			fmt.Fprintf(&b, "\n**%s**\n\n| before | what follows | afterwards |\n|---|---|---|\n", row.name)
			for _, situation := range situations {
				s := situation.standing
				what := row.do(&s, s.began(s.order))
				fmt.Fprintf(&b, "| %s | %s | %s |\n", situation.name, what, s.state())
			}
		}
	}
	if *update {
		if err := os.WriteFile(tableFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != string(document) {
		t.Error("docs/who-is-signed-in.md has another table: go test ./session -run TransitionTable -update")
	}
}
