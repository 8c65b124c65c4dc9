// Package session is the client: sign-in, the user, renewal, sign-out and
// events, for all tabs of an origin at once.
//
// A [Registry] lives as long as the program. Each tab opens a [Client] on it;
// clients of the same issuer and client_id share one session: one user, one
// renewal at a time, the same events. What a client needs of its tab are the
// small interfaces in page.go; nothing here knows where the tab is.
package session
