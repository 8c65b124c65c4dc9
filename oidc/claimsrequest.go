package oidc

import (
	"fmt"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// EssentialClaims are what a claims parameter made essential for the ID Token
// (OIDC Core 5.5), of the claims without which the sign-in is refused.
type EssentialClaims struct {
	ACR       bool     `json:"acr,omitempty"`        // acr, of any value if ACRValues is empty
	ACRValues []string `json:"acr_values,omitempty"` // those that satisfy (OIDC Core 5.5.1.1)
	AuthTime  bool     `json:"auth_time,omitempty"`
}

// claimRequest is what is asked of one claim; null asks for no more than the
// claim itself (OIDC Core 5.5.1).
type claimRequest struct {
	Essential bool                    `json:"essential"`
	Value     strictjson.RawMessage   `json:"value"`
	Values    []strictjson.RawMessage `json:"values"`
}

// parseEssentialClaims returns what a claims parameter makes essential. Members
// that the specification does not know are left to the provider (5.5).
func parseEssentialClaims(parameter string) (EssentialClaims, error) {
	var essential EssentialClaims
	if parameter == "" {
		return essential, nil
	}
	var request struct {
		Userinfo map[string]*claimRequest `json:"userinfo"`
		IDToken  map[string]*claimRequest `json:"id_token"`
	}
	if !startsObject([]byte(parameter)) || strictjson.Unmarshal([]byte(parameter), &request) != nil {
		return essential, fmt.Errorf("claims has to be an object (OIDC Core 5.5): %w", ErrInvalidArgument)
	}
	if authTime := request.IDToken["auth_time"]; authTime != nil {
		essential.AuthTime = authTime.Essential
	}
	if acr := request.IDToken["acr"]; acr != nil && acr.Essential {
		essential.ACR = true
		if acr.Value != nil {
			acr.Values = append(acr.Values, acr.Value)
		}
		for _, raw := range acr.Values {
			value := textOf(raw)
			if value == "" {
				return EssentialClaims{}, fmt.Errorf("the values of acr in claims have to be texts: %w", ErrInvalidArgument)
			}
			essential.ACRValues = append(essential.ACRValues, value)
		}
	}
	return essential, nil
}
