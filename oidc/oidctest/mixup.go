package oidctest

import (
	"net/http"
	"net/url"

	"github.com/oidcspa/oidcspa/oidc"
)

// FlowPopup is a sign-in in a popup window; of the rows of [MixUps] alone.
const FlowPopup Flow = "popup"

// A MixUp is an attack on an app that signs in with two providers, one of
// which an attacker runs (RFC 9700 4.4.1): asked for a sign-in, that one sends
// the browser on to the honest one, whose code then comes back in answer to
// the request that was made of the attacker. The client must not hand it over.
type MixUp struct {
	Name string
	Flow Flow

	// Honest and Attacker are the redirect URIs: the rest behind the origin of
	// the app. With OtherOrigin the honest one is on another origin.
	Honest, Attacker string
	OtherOrigin      bool

	Iss Iss

	// Want is the code of the error; [OP.Count] of the attacker's token
	// endpoint is 0, and nobody is signed in.
	Want oidc.Code

	// Stays says that the browser is not even sent to the attacker.
	Stays bool
}

// Iss says which of the two providers names itself (RFC 9207).
type Iss string

// What is said of iss in a [MixUp]. The honest provider decides what is in its
// response, the attacker what the metadata of the transaction announces.
const (
	IssSent      Iss = "sent"
	IssAnnounced Iss = "announced and missing"
	IssNone      Iss = "none"
)

// registrations are how an app can tell two providers apart.
var registrations = []struct {
	name             string
	honest, attacker string
	otherOrigin      bool
}{
	{"own path", "/callback.html", "/of-the-other/callback.html", false},
	{"own query", "/callback.html?op=1", "/callback.html?op=2", false},
	{"own host", "/callback.html", "/callback.html", true},
	{"shared", "/callback.html", "/callback.html", false},
}

// lookalikes match the address of the honest response, too. They are told apart
// if the client knows both, or refused where a server may take one for the other.
var lookalikes = []struct {
	name, honest, attacker string
	shared                 bool
}{
	{"query of one alone", "/callback.html?op=1", "/callback.html", false},
	{"clean URL", "/callback", "/callback.html", true},
	{"clean URL, the other way round", "/callback.html?op=1", "/callback?op=1", true},
	{"clean URL with a query", "/callback.html?op=1", "/callback", false},
	{"slash", "/callback/", "/callback", true},
}

// MixUps returns the table: each flow, each registration, each use of iss.
func MixUps() []MixUp {
	var rows []MixUp
	for _, flow := range []Flow{FlowRedirect, FlowPopup, FlowFrame} {
		for _, r := range registrations {
			for _, iss := range []Iss{IssSent, IssAnnounced, IssNone} {
				row := MixUp{
					Name: string(flow) + ", " + r.name + ", iss " + string(iss), Flow: flow,
					Honest: r.honest, Attacker: r.attacker, OtherOrigin: r.otherOrigin, Iss: iss,
					Want: oidc.ErrRedirectURIMismatch,
				}
				switch {
				case r.name == "shared" && iss == IssNone:
					row.Want, row.Stays = "redirect_uri_shared", true
				case r.name == "shared":
					row.Want = oidc.ErrIssuerMismatch
				}
				rows = append(rows, row)
			}
		}
		for _, l := range lookalikes {
			row := MixUp{
				Name: string(flow) + ", " + l.name + ", iss none", Flow: flow,
				Honest: l.honest, Attacker: l.attacker, Iss: IssNone, Want: oidc.ErrRedirectURIMismatch,
			}
			if l.shared {
				row.Want, row.Stays = "redirect_uri_shared", true
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// Prepare makes the two providers what the row says. origin is that of the
// app, other that of the honest redirect URI with OtherOrigin. It returns the
// redirect URIs, each to be registered with its provider.
func (m *MixUp) Prepare(honest, attacker *OP, origin, other string) (honestURI, attackerURI string) {
	honestURI, attackerURI = origin+m.Honest, origin+m.Attacker
	if m.OtherOrigin {
		honestURI = other + m.Honest
	}
	attacker.EditMetadata = func(metadata map[string]any) {
		metadata["authorization_response_iss_parameter_supported"] = m.Iss != IssNone
	}
	honest.EditMetadata = attacker.EditMetadata
	if m.Iss != IssSent {
		honest.EditCallback = func(parameters url.Values) { parameters.Del("iss") }
	}
	attacker.Answer(Authorize, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		query.Set("client_id", honest.ClientID)
		query.Set("redirect_uri", honestURI)
		http.Redirect(w, r, honest.Base()+"/authorize?"+query.Encode(), http.StatusSeeOther)
	})
	return honestURI, attackerURI
}
