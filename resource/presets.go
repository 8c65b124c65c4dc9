package resource

import "github.com/oidcspa/oidcspa/oidc"

// A Preset is how the access tokens of a provider are told from its other tokens;
// see [oidc.AccessTokenForm].
type Preset = oidc.AccessTokenForm

// The presets are for providers whose access tokens are not those of RFC 9068: the
// header typ says JWT, or nothing. Each demands what is in no ID Token, refresh token or
// logout token of that provider, and so is no good for another one. Tokens with typ
// at+jwt pass with any preset, and with none.
var (
	// Keycloak tells its tokens apart by the claim typ. Roles are those of the
	// realm, and by client.
	Keycloak = Preset{Marks: marks("azp").with("typ", "Bearer", "DPoP"), HasNonce: true, RealmRoles: true}

	// Entra is Microsoft Entra with accessTokenAcceptedVersion 2 in the manifest of the API.
	Entra = Preset{Marks: marks("azp", "azpacr").with("ver", "2.0")}

	// AzureB2C is Azure AD B2C, with the scope of an API.
	AzureB2C = Preset{Marks: marks("azp", "scp"), HasNonce: true}

	// ADFS is Active Directory Federation Services. Its access tokens have no sub, unless a
	// claim rule issues one: [Issuer] needs WithoutSubject then.
	ADFS = Preset{Marks: marks("apptype", "appid", "scp")}

	// Auth0 is for the token profile of Auth0's own.
	Auth0 = Preset{Marks: marks("azp", "scope")}

	// Okta is for its custom authorization servers.
	Okta = Preset{Marks: marks("cid", "scp")}

	// Cognito is Amazon Cognito. Where a token has no aud, it is for the client that it
	// was issued to: the audience of the API is the id of that client.
	Cognito = Preset{Marks: marks("client_id").with("token_use", "access"), AudienceClaim: "client_id"}

	// Zitadel is for access tokens of the type JWT. The audience of an API is the id of its
	// project, which ID Tokens have, too.
	Zitadel = Preset{Marks: marks("jti", "nbf"), Never: []string{"azp", "auth_time"}}

	// Authentik issues access tokens that are ID Tokens with two claims more. Their
	// audience is the client.
	Authentik = Preset{Marks: marks("azp", "uid"), HasNonce: true}

	// UAA is that of Cloud Foundry, and SAP's XSUAA. The audience of an API is its
	// resource id, not the client.
	UAA = Preset{Marks: marks("azp", "grant_type", "scope"), Never: []string{"granted_scopes"}, NotItsClient: true}

	// PingAM is for client-based access tokens, also of ForgeRock AM.
	PingAM = Preset{Marks: marks().with("tokenName", "access_token"), HasNonce: true}

	// Spring is Spring Authorization Server.
	Spring = Preset{Marks: marks("nbf", "scope"), Never: []string{"azp", "auth_time", "sid"}}

	// Hydra is Ory Hydra with strategies.access_token jwt.
	Hydra = Preset{Marks: marks("client_id", "scp")}
)

// claimMarks are the marks of a preset.
type claimMarks map[string][]string

// marks are claims of any value.
func marks(claims ...string) claimMarks {
	m := make(claimMarks, len(claims))
	for _, claim := range claims {
		m[claim] = nil
	}
	return m
}

// with adds a claim that has one of values.
func (m claimMarks) with(claim string, values ...string) claimMarks {
	m[claim] = values
	return m
}
