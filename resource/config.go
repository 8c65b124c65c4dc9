package resource

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// own takes copies of what the caller may still change.
func (c *Config) own() {
	c.Issuers, c.Scopes, c.Metadata.Scopes = slices.Clone(c.Issuers), slices.Clone(c.Scopes), slices.Clone(c.Metadata.Scopes)
	c.DPoP.Algorithms, c.DPoP.NonceKey = slices.Clone(c.DPoP.Algorithms), slices.Clone(c.DPoP.NonceKey)
	for n := range c.Issuers {
		i := &c.Issuers[n]
		i.Audiences, i.Algorithms, i.Tenants = slices.Clone(i.Audiences), slices.Clone(i.Algorithms), slices.Clone(i.Tenants)
		i.Tokens.Marks, i.Tokens.Never = maps.Clone(i.Tokens.Marks), slices.Clone(i.Tokens.Never)
		for claim, values := range i.Tokens.Marks {
			i.Tokens.Marks[claim] = slices.Clone(values)
		}
	}
}

// complete sets defaults. Its errors begin with the name of the member.
func (c *Config) complete() error {
	if len(c.Issuers) == 0 {
		return invalidMember("Issuers", "has to have one at least")
	}
	if err := checkTime("Leeway", c.Leeway); err != nil {
		return err
	}
	if err := checkScopes(c.Scopes); err != nil {
		return within("Scopes: ", err)
	}
	if err := c.DPoP.complete(); err != nil {
		return within("DPoP.", err)
	}
	if cache, ok := c.ReplayCache.(*MemoryReplayCache); ok && (cache == nil || cache.Limit < 0) {
		return invalidMember("ReplayCache", "has to have a Limit that is positive, or 0 for the default")
	}
	if endings, ok := c.Endings.(*MemoryEndings); ok && (endings == nil || endings.Limit < 0) {
		return invalidMember("Endings", "has to have a Limit that is positive, or 0 for the default")
	}
	if c.Transport == nil {
		c.Transport = newTransport(c)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.ReplayCache == nil {
		c.ReplayCache = &MemoryReplayCache{Now: c.Now}
	}
	return nil
}

// checkScopes returns nil if a token can have each (RFC 6749 3.3).
func checkScopes(scopes []string) error {
	for _, scope := range scopes {
		if !oidc.IsVisible(scope) || strings.ContainsAny(scope, ` "\\`) {
			return fmt.Errorf("%q is not one scope: %w", scope, oidc.ErrInvalidConfig)
		}
	}
	return nil
}

// checkTime returns nil if a setting can be meant: a number without its unit is nanoseconds.
func checkTime(name string, d time.Duration) error {
	switch {
	case d < 0:
		return invalidMember(name, "has to be positive, or 0 for the default")
	case d > 0 && d < time.Millisecond:
		return invalidMember(name, "has to be a millisecond at least; a number without a unit is nanoseconds")
	}
	return nil
}

// checkCount returns nil if a setting is a number of something, or 0.
func checkCount(name string, n int) error {
	if n < 0 {
		return invalidMember(name, "has to be positive, or 0 for the default")
	}
	return nil
}

// invalidMember is for a member, and what it has to be.
func invalidMember(name, expected string) error {
	return fmt.Errorf("%s: %s: %w", name, expected, oidc.ErrInvalidConfig)
}

// within puts a name, or where it is, in front of an error.
func within(name string, err error) error { return fmt.Errorf("%s%w", name, err) }

// addressError is that of a member that has to be an address.
func addressError(member string, err error) error {
	if errors.Is(err, oidc.ErrInsecureURL) {
		return fmt.Errorf("%s: has to be https, or http on a loopback host: %w", member, oidc.ErrInsecureURL)
	}
	return fmt.Errorf("%s: %w", member, oidc.OfSetting(err))
}
