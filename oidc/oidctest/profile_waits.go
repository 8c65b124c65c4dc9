package oidctest

// presets is what several profiles wait for.
const presets = "the API has to read the tokens of this provider"

// profileWaits are the steps that are not yet as they have to be, and what has to come
// first. A step that is right must not be here: the tests of the profiles say so.
var profileWaits = map[string]map[Step]string{
	"Keycloak before 24":                {StepAPI: presets},
	"Entra, a single tenant":            {StepAPI: presets},
	"Entra, common":                     {StepAPI: presets},
	"Entra, organizations":              {StepAPI: presets},
	"Azure AD B2C with an API scope":    {StepAPI: presets},
	"Azure AD B2C, policy in the query": {StepAPI: presets},
	"ADFS":                              {StepAPI: presets},
	"Okta":                              {StepAPI: presets},
	"Amazon Cognito":                    {StepAPI: presets},
	"authentik":                         {StepAPI: presets},
	"UAA and XSUAA":                     {StepAPI: presets},
	"PingAM":                            {StepAPI: presets},
	"WSO2 Identity Server and Asgardeo": {StepAPI: presets},
	"Duende IdentityServer":             {StepAPI: presets},
	"Spring Authorization Server":       {StepAPI: presets},
	"Ory Hydra":                         {StepAPI: presets},
}
