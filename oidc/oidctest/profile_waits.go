package oidctest

// presets is what several profiles wait for.
const presets = "the API has to read the tokens of this provider"

// profileWaits are the steps that are not yet as they have to be, and what has to come
// first. A step that is right must not be here: the tests of the profiles say so.
var profileWaits = map[string]map[Step]string{
	"Entra, common":                     {StepAPI: presets},
	"Entra, organizations":              {StepAPI: presets},
	"Azure AD B2C with an API scope":    {StepAPI: presets},
	"Azure AD B2C, policy in the query": {StepAPI: presets},
	"ADFS":                              {StepAPI: presets},
}
