// Package session is the client: sign-in, the user, renewal, sign-out and
// events, for all tabs of an origin at once.
//
// A [Registry] lives as long as the program. Each tab opens a [Client] on it;
// clients of the same issuer and client_id share one session: one user, one
// renewal at a time, the same events. What a client needs of its tab are the
// small interfaces in page.go; nothing here knows where the tab is.
//
// The way through the files:
//
//   - Who is signed in: standing.go decides, and nothing else does. session.go
//     carries out what it says, turn.go keeps that in order, user.go is who it is
//     about, peers.go tells other programs and hears from them.
//   - Flows: client.go and popup.go sign in, response.go, once.go and mixup.go look
//     at what comes back, ahead.go does so before the tab is there, record.go is
//     what a tab keeps meanwhile; signout.go and revocation.go sign out, also
//     frontchannel.go. password.go, initiated.go, storeduser.go and steps.go are the
//     flows of a kind.
//   - A session of before: restore.go, roundtrip.go where the tab goes to the
//     provider for it.
//   - New tokens: expiry.go knows when, silent.go how, retry.go and grant.go what
//     becomes of a failure, with the rules in package pace.
//   - Requests to APIs: fetch.go, allowlist.go, resourcetoken.go, dpop.go; stepup.go
//     where the API wants more, remembered.go and stepupnotes.go so that there is an
//     end to that.
//   - The End-User: idle.go, monitor.go and vigil.go.
//   - Tabs: tabs.go, flight.go where several want the same, forget.go when they are
//     gone; settings.go and headers.go are what each wants.
//   - The provider: metadata.go, provider.go, clock.go.
package session
