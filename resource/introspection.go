package resource

import (
	"cmp"
	"crypto/rand"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// DefaultAnswerLife is how long an answer about an active token is used.
	DefaultAnswerLife = 30 * time.Second

	// DefaultInquiries is how many tokens that were active before an issuer is asked about at a
	// time, and how many others.
	DefaultInquiries = 50

	// patience is how long an issuer may say nothing before it is one that hangs.
	patience = time.Second

	// refusalLife is how long a token that was refused is not asked about again.
	refusalLife = 5 * time.Second

	// refusalLimit is how many of those are remembered.
	refusalLimit = 2_000

	// maxIntrospected bounds a token that the provider is asked about, in bytes.
	maxIntrospected = 16 << 10
)

// Introspected says about which tokens a provider is asked.
type Introspected int

const (
	// OpaqueTokens are those that are no JWT. A JWT is verified by its signature, and not good
	// in another form.
	OpaqueTokens Introspected = iota
	// JWTs are those that say that they are of the issuer, whatever the signature is:
	// lightweight ones of Keycloak, and those that are to end with their session.
	JWTs
	// AllTokens are both.
	AllTokens
)

// An Introspection is how an API asks the provider about access tokens (RFC 7662). An answer
// has to have exp, and sub and aud as a JWT has, unless a setting says otherwise;
// iss if it has one, nbf, iat and cnf are checked as those of a JWT, and handlers find the
// claims in the same way. It has to say by token_type that it is about an access token, or by the claims of
// Tokens in [Issuer].
//
// Each token is asked about once at a time, whoever sends it. Where the provider does not
// answer, or with something else, the answer here is status 503, not 401: nobody
// knows then whether the token is good. If it has let one inquiry wait in vain for a second or
// longer, and answered no other meanwhile, none is made for five seconds. Answers that are JWTs (RFC 9701) are not asked for.
type Introspection struct {
	// Tokens are those that the provider is asked about. One issuer alone takes
	// opaque ones: nothing says whose they are, and no other provider is to see them.
	Tokens Introspected

	// ClientID and Authentication are those of the API at the provider, which have to be
	// there, or Bearer: an access token of the API itself.
	ClientID       string
	Authentication oidc.ClientAuthentication
	Bearer         oidc.Secret

	// Endpoint is where the provider is asked; default: introspection_endpoint of its
	// metadata, which has to name keys then, too.
	Endpoint string

	// AnswerLife is how long an answer about an active token is used, until the token expires
	// at most: a token that is revoked passes for so long. Default:
	// [DefaultAnswerLife]; less than 0 asks at each request. As many are kept as Config has
	// VerifiedTokens.
	AnswerLife time.Duration

	// Inquiries is how many tokens that were active before are asked about at a time, and how
	// many others, which anybody can send: neither keep the other waiting. Of each kind more
	// wait, 2,000 at most, and for five seconds; then they get status 503.
	// Default: [DefaultInquiries].
	Inquiries int

	// WithoutAudience accepts answers without aud, of a provider that tells an API of nothing
	// but tokens for it (RFC 7662 4).
	WithoutAudience bool
}

// check returns nil if the settings make sense for an issuer.
func (i *Introspection) check(issuer *Issuer) error {
	switch {
	case i.Tokens < OpaqueTokens || i.Tokens > AllTokens:
		return invalidMember("Tokens", "has to be OpaqueTokens, JWTs or AllTokens")
	case i.Inquiries < 0:
		return invalidMember("Inquiries", "has to be positive, or 0 for the default")
	case (i.Authentication.Secret == "") == (i.Bearer == ""): // RFC 7662 2.1: nobody may ask without
		return invalidMember("Authentication", "has to have the secret of a client, or else there has to be a Bearer; not both")
	case i.Bearer != "" && !isToken68(i.Bearer.Reveal()): // such as one with the line break that ends a file
		return invalidMember("Bearer", "has to be an access token, without white space")
	case i.Bearer == "" && i.ClientID == "":
		return invalidMember("ClientID", "has to be there beside a secret")
	case i.Endpoint == "" && issuer.JWKSURI+issuer.Keys != "":
		return invalidMember("Endpoint", "has to be there, since no metadata are fetched that could name it")
	case i.Endpoint != "":
		if _, err := oidc.Origin(i.Endpoint); err != nil {
			return addressError("Endpoint", err)
		}
	}
	if err := checkTime("AnswerLife", max(i.AnswerLife, 0)); err != nil {
		return err
	}
	if err := i.Authentication.Check(); err != nil {
		return within("Authentication: ", err)
	}
	return nil
}

// newIntrospector returns nil for an issuer that nobody is to ask.
func newIntrospector(config *Config, issuer *Issuer, a *authority) (*introspector, error) {
	if issuer.Introspection == nil {
		return nil, nil
	}
	if len(issuer.Tenants) > 0 {
		return nil, invalidMember("Introspection", "cannot be there where an issuer is one for each tenant")
	}
	settings := *issuer.Introspection
	if err := settings.check(issuer); err != nil {
		return nil, within("Introspection.", err)
	}
	settings.AnswerLife = cmp.Or(settings.AnswerLife, DefaultAnswerLife)
	settings.Inquiries = cmp.Or(settings.Inquiries, DefaultInquiries)
	verifier := a.verifier
	verifier.WithoutAudience = settings.WithoutAudience
	return &introspector{
		settings:  settings,
		verifier:  verifier,
		transport: settings.Authentication.Authenticate(config.Transport, rand.Reader, config.Now),
		keys:      a.keys,
		now:       config.Now,
		active:    seen{limit: a.seen.limit},
		refused:   seen{limit: refusalLimit},
		flights:   make(map[digest]*inquiry),
		known:     newLane(settings.Inquiries),
		unknown:   newLane(settings.Inquiries),
	}, nil
}

// takes tells whether a token is one that the provider is asked about.
func (i *introspector) takes(isJWT bool) bool {
	return i != nil && (i.settings.Tokens == AllTokens || isJWT == (i.settings.Tokens == JWTs))
}
