package session

import (
	"strings"
)

// An Arrival says where a response arrived, if that was the callback page,
// which has sent the tab on to a page of the app. The zero value means that it
// has not.
//
// A response could be made to look as if it came from anywhere: the address of
// the app's page is one that it has a part in, and what the tab keeps may be of
// another visit under the same state. So the callback page draws a mark for
// each response, which it keeps beside the address and puts into the query in
// front of the parameters that it hands on.
type Arrival struct {
	Address string // without query and fragment
	Mark    string // unknown to all but the tab
}

// markParameter has the mark, and ends the query of the app's own page.
const markParameter = "oidcspa.arrival="

// at returns the address at which the response in callbackURL arrived, with
// its parameters: that of the callback page if it has handed over this very
// response, else callbackURL itself.
func (a *Arrival) at(callbackURL string) string {
	if a.Mark == "" {
		return callbackURL
	}
	address, fragment, hashed := strings.Cut(callbackURL, "#")
	_, query, _ := strings.Cut(address, "?")
	mark := markParameter + a.Mark
	for own := range strings.SplitSeq(query, "&") {
		if own != mark {
			continue
		}
		_, handed, _ := strings.Cut(query, mark)
		arrived := a.Address + "?" + strings.TrimPrefix(handed, "&")
		if hashed {
			arrived += "#" + fragment
		}
		return arrived
	}
	return callbackURL
}
