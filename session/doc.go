// Package session is the client: sign-in, the user, renewal, sign-out and
// events, for all tabs of an origin at once.
//
// A [Registry] lives as long as the program. Each tab opens a [Client] on it;
// clients of the same issuer and client_id share one session: one user, one
// renewal at a time, the same events. What a client needs of its tab are the
// small interfaces in page.go; nothing here knows where the tab is.
//
// The way through the files, each part for itself:
//
//   - What there is: registry.go has the sessions, client.go is a tab, session.go
//     what tabs share, user.go who it is about, settings.go what a tab wants.
//   - Who is signed in: standing.go decides, and nothing else does. It is told what
//     happened (signedIn, heard, ended, ...) and says what follows; session.go carries
//     that out, in turn, so that all tabs hear of it in one order. Who is about to
//     bring a user says since when, with a moment of turn.go, so that it can come too
//     late. peers.go tells other programs and hears from them; [Client.Hinted] is
//     what pages keep.
//   - Flows: [Client.SigninRedirect] in client.go is the one to read. It leaves a
//     record (record.go) in the tab and goes; [Client.SigninCallback] reads what comes
//     back (response.go, mixup.go), asks for the tokens (complete in session.go) and
//     signs in (signIn). The program may have asked before the tab is there: ahead.go.
//     popup.go, password.go, initiated.go, storeduser.go and steps.go are flows of a
//     kind; signout.go, revocation.go and frontchannel.go end sessions.
//   - A session of before: restore.go, and roundtrip.go where the tab goes to the
//     provider for it.
//   - Renewal: expiry.go knows when, retry.go what becomes of a failure, silent.go
//     how: by the refresh token (grant.go), which is used by one at a time (takeTurn),
//     or by a frame. Package pace has the arithmetic. flight.go is for several who
//     want the same.
//   - What a page lends: page.go says what; tabs.go which tab is asked, and what ends
//     with it. pagemodel is what the page itself decides. forget.go is for sessions
//     without any tab.
//   - Requests to APIs: fetch.go, allowlist.go, resourcetoken.go, dpop.go; stepup.go
//     where the API wants more, remembered.go and stepupnotes.go so that there is an
//     end to that.
//   - Is the End-User there: idle.go; still signed in at the provider: monitor.go, and
//     vigil.go for one watch of it.
//   - The provider: metadata.go and provider.go have what it says of itself, clock.go
//     how late it is there, headers.go how requests to it are sent.
//   - For tests of what works with a [Client]: package sessiontest.
//   - For all of them: spawn.go begins goroutines and has them sleep; errors.go;
//     stats.go and profile.go.
package session
