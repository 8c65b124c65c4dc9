package oidctest

import (
	"slices"

	"github.com/oidcspa/oidcspa/oidc"
)

// A Profile is a provider that people have, as data: what its answers look
// like, and where that is known from. [Profile.Play] has an [OP] answer so.
//
// All texts but the prose are JSON. The addresses in them are those of
// https://op.example.test and of hosts below it, in the place of the
// provider's own. A string that begins with $ stands for what is known when
// the answer is made: see [values].
type Profile struct {
	Name     string // unique
	Sources  []Source
	Inferred []string // the fields, or members of them, that no source shows

	// Register says what to register at the provider and what to set, Quirks what
	// else to know: sentences for docs/providers.md.
	Register string
	Quirks   []string

	Authority string // what the app sets
	Scope     string // what it asks for; default "openid profile"
	Subject   string // sub of the End-User; default that of the OP
	Audience  string // of the API; "" if it has none of its own

	APIScope string // that the API demands, in the access token; "" for none
	Secret   bool   // the token endpoint wants a client_secret

	// TokenScope is the scope without which there is no access token; "" if there
	// always is one.
	TokenScope string

	// MetadataURL is where the metadata is, where that is not below Authority.
	MetadataURL string

	// What an API has to know beside: the issuer of access tokens where it is not that of
	// the metadata, the tenants where it is one for each, and whether they name nobody.
	Issuer         string
	Tenants        []string
	WithoutSubject bool

	Alg           string // of the keys; default RS256
	Metadata      string
	Keys          string // the JWK Set
	IDToken       TokenShape
	RepeatsNonce  bool   // in the tokens of a refresh
	RefreshedID   string // the claims of the ID Token of a refresh; default those of the sign-in
	AccessToken   TokenShape
	Tokens        string // the answer to a code; with $refresh_token there is a refresh token
	Refreshed     string // the answer to a refresh token; without $refresh_token the old one goes on
	Callback      string // parameters of a response beside code and state
	Userinfo      string // "" if it is not asked
	RefreshDenied Denial
	SilentDenied  string // the parameters of the answer; "" for a login page instead
	Signout       Signout

	Limits []Limit

	// Waits are the steps that are not yet as they have to be, with the reason: they
	// are to work, or as a limit with a setting says.
	Waits map[Step]string
}

// A Source is where the shape of answers is from.
type Source struct {
	Kind SourceKind
	URL  string
	Date string // that it bears, or its revision; "" if it has none
	Read string // when it was read, or recorded
	For  string // which answers
}

// A SourceKind says who shows the shape.
type SourceKind string

// The kinds of a [Source]. Example and Code are the provider's own.
const (
	Example   SourceKind = "the provider's own example"
	Code      SourceKind = "the provider's own code"
	Recording SourceKind = "recorded from the running provider"
	Elsewhere SourceKind = "published by somebody else"
)

// A TokenShape is that of a JWT, or of an opaque token.
type TokenShape struct {
	Header, Claims string
	Second         bool // signed by the second key
	Opaque         string
}

// A Denial is the answer to a refresh token that is not good any more.
type Denial struct {
	Status int
	Type   string // default application/json
	Body   string
}

// A Signout is what the end_session_endpoint does.
type Signout struct {
	Requires []string // parameters without which it shows an error, and the session lives
	Returns  string   // the parameter with the address to come back to; "" if nobody comes back
	State    bool     // comes back, too
}

// A Step is what an app does with a provider.
type Step string

// The steps of a [Limit].
const (
	StepSignin  Step = "sign-in"
	StepRenew   Step = "renewal"
	StepEnd     Step = "end of the session"
	StepRestore Step = "nobody to restore"
	StepSignout Step = "sign-out"
	StepAPI     Step = "API"
)

// Steps returns all, in their order.
func Steps() []Step {
	return []Step{StepSignin, StepRenew, StepEnd, StepRestore, StepSignout, StepAPI}
}

// A Limit is what does not work with a provider, or only with a setting.
type Limit struct {
	Step    Step
	Code    oidc.Code // of the error without the setting
	Setting string    // that mends it, and that the error names; "" if none does
	Value   string    // of the setting
	Why     string    // a sentence
}

// OwnSource tells whether the shape rests on the provider's own examples or code,
// or on a recording of it.
func (p *Profile) OwnSource() bool {
	return slices.ContainsFunc(p.Sources, func(s Source) bool { return s.Kind != Elsewhere })
}

// Limit returns the one of a step, or nil.
func (p *Profile) Limit(step Step) *Limit {
	for i := range p.Limits {
		if p.Limits[i].Step == step {
			return &p.Limits[i]
		}
	}
	return nil
}

// Profiles returns all, in the order of docs/providers.md.
func Profiles() []Profile {
	profiles := slices.Concat(
		keycloakProfiles(), microsoftProfiles(), cloudProfiles(), serverProfiles(), frameworkProfiles(), socialProfiles(),
	)
	waiting := 0
	for i := range profiles {
		if profiles[i].Waits = profileWaits[profiles[i].Name]; profiles[i].Waits != nil {
			waiting++
		}
	}
	if waiting != len(profileWaits) {
		panic("oidctest: a row of profileWaits names no profile")
	}
	return profiles
}
