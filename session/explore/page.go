//go:build !js

package explore

// What a page decides for itself, in pure functions: web/shim does the same in
// JavaScript. A hint is what the origin's storage keeps of a session for the next
// program.

// A hint says whether a session is worth restoring, and by which order of the
// last act whoever wrote it knew that. A page of a release that knows no order
// keeps the first alone.
type hint struct {
	signedIn bool
	order    int64
}

// keep returns what the storage keeps after a program told the page its hint: one
// of a lower order is old news.
func keep(stored, told hint) hint {
	if told.order < stored.order {
		return stored
	}
	return told
}

// A doing is what a page does when something has happened to it.
type doing int

const (
	nothing  doing = iota
	catchUp        // ask who is signed in, and tell the app if that is news
	signOut        // forget the user
	tellHint       // give the program what the storage keeps
)

// shownAgain is for a page that comes back from the back/forward cache; left says
// that it had left its program, which went on without it.
func shownAgain(left bool, stored hint) doing {
	switch {
	case left:
		return catchUp
	case !stored.signedIn:
		return signOut
	}
	return nothing
}

// storageChanged is for a page that another one has written the storage under.
func storageChanged(connected bool, stored hint) doing {
	if stored.signedIn && !connected {
		return catchUp
	}
	return nothing
}

// caughtUp returns the event that tells the app what it has missed, empty for
// nothing.
func caughtUp(known, found string) string {
	switch {
	case known == found:
		return ""
	case found == "":
		return "userUnloaded"
	}
	return "userLoaded"
}
