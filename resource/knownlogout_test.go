//go:build known

package resource_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// Of a page whose access token has no sid: two sessions of its End-User end in the same
// second, and its own is the second one. It has to be told of both, whether it listens or not.
func TestKnownLogoutEventsOfTwo(t *testing.T) {
	p := newProvider(t)
	at := strconv.FormatInt(noon.Unix(), 10)
	for _, before := range []bool{false, true} {
		m, h := newBackChannel(t, p, newMemory(), nil)
		_, url := newStream(t, m, resource.LogoutEvents{Heartbeat: time.Second})
		logsOut := func() {
			for _, sid := range []string{"other", "own"} {
				checkLogout(t, logOut(h, logoutForm(p.logoutToken(claims{"sid": sid, "jti": sid}))), 200, "")
			}
		}
		if before {
			logsOut()
		}
		l := listen(t, url, p.token(nil))
		if !before {
			l.hears(here)
			logsOut()
		}
		own := oidc.LogoutDigest("sid", issuer, "own")
		l.hears("event: logout|id: " + at)
		l.hears("event: logout|id: " + at + `|data: {"iat":` + at + `,"session":"` + own)
	}
}
