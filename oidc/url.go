package oidc

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// parseSecureURL parses an absolute URL without a fragment that is https, or
// http on a loopback host (RFC 6749 3.1, 3.1.2 and 3.2, RFC 8252 7.3).
func parseSecureURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case strings.Contains(raw, "#"):
		return nil, fmt.Errorf("has to be an address without a fragment (#): %w", ErrInvalidArgument)
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("has to be an absolute address (https://...): %w", ErrInvalidArgument)
	case u.User != nil:
		return nil, fmt.Errorf("has to be an address without a password: %w", ErrInvalidArgument)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	}
	return nil, ErrInsecureURL
}

// browserSchemes are those that browsers give a meaning: what comes back there
// comes to no app.
var browserSchemes = []string{"http", "https", "about", "blob", "data", "file", "filesystem", "ftp", "intent", "javascript", "ws", "wss"}

// CheckRedirectURI wants a secure URL, or one of a scheme that an installed app
// has for itself (RFC 8252 7.1). The error has the name of the parameter. Codes:
// [ErrInvalidArgument], [ErrInsecureURL].
func CheckRedirectURI(name, raw string) error {
	u, err := url.Parse(raw)
	if err == nil && u.User == nil && !strings.Contains(raw, "#") && isAppScheme(u) {
		return nil
	}
	if _, err = parseSecureURL(raw); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// isAppScheme tells whether the scheme is an app's: a domain name backwards, or any with
// a host, as of a shell, capacitor://localhost. It is no https with a slip of the pen, and
// no host with a port.
func isAppScheme(u *url.URL) bool {
	if slices.Contains(browserSchemes, u.Scheme) || strings.Trim(u.Scheme, "htps") == "" {
		return false
	}
	return u.Host != "" || strings.Contains(u.Scheme, ".") && strings.TrimLeft(u.Opaque, "0123456789") == u.Opaque
}

// isLoopback tells whether a browser resolves host to the same machine:
// localhost, the names below it, and the loopback addresses.
func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// originOf returns the origin of an absolute URL as browsers write it
// (RFC 6454 6.2).
func originOf(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && !(u.Scheme == "https" && port == "443") && !(u.Scheme == "http" && port == "80") {
		host += ":" + port
	}
	return u.Scheme + "://" + host
}

// Origin returns the origin of an absolute URL as browsers write it. Codes:
// [ErrInvalidArgument], [ErrInsecureURL].
func Origin(raw string) (string, error) {
	raw, _, _ = strings.Cut(raw, "#")
	u, err := parseSecureURL(raw)
	if err != nil {
		return "", err
	}
	return originOf(u), nil
}

// CheckIssuer returns nil if issuer can be an Issuer Identifier: https, or
// http on a loopback host, without query and fragment (OIDC Discovery 3).
// Codes: [ErrInvalidConfig], [ErrInsecureURL].
func CheckIssuer(issuer string) error {
	_, err := parseSecureURL(issuer)
	switch {
	case errors.Is(err, ErrInsecureURL):
		return ErrInsecureURL
	case err != nil, strings.Contains(issuer, "?"):
		return fmt.Errorf("has to be an absolute address (https://...), without query and fragment: %w", ErrInvalidConfig)
	}
	return nil
}

// params are form-encoded parameters in a fixed order, each at most once
// unless appended on purpose (RFC 6749 3.1).
type params struct {
	names, values []string
}

// add appends name unless value is empty.
func (p *params) add(name, value string) {
	if value != "" {
		p.names = append(p.names, name)
		p.values = append(p.values, value)
	}
}

// set replaces name in place, or appends it.
func (p *params) set(name, value string) {
	for i, n := range p.names {
		if n == name {
			p.values[i] = value
			return
		}
	}
	p.add(name, value)
}

// get returns the first value of name.
func (p *params) get(name string) string {
	if i := slices.Index(p.names, name); i >= 0 {
		return p.values[i]
	}
	return ""
}

// formEscape differs from [url.QueryEscape] in the words of the URL Standard, 5.2;
// browsers write it so.
func formEscape(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(text), "%2A", "*"), "~", "%7E")
}

// encode returns the parameters as application/x-www-form-urlencoded.
func (p *params) encode() string {
	var b strings.Builder
	for i, name := range p.names {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(formEscape(name))
		b.WriteByte('=')
		b.WriteString(formEscape(p.values[i]))
	}
	return b.String()
}

// appendTo returns endpoint with the parameters behind its own query, which
// is kept (RFC 6749 3.1).
func (p *params) appendTo(endpoint string) string {
	switch {
	case len(p.names) == 0:
		return endpoint
	case !strings.Contains(endpoint, "?"):
		return endpoint + "?" + p.encode()
	case strings.HasSuffix(endpoint, "?"), strings.HasSuffix(endpoint, "&"):
		return endpoint + p.encode()
	}
	return endpoint + "&" + p.encode()
}

// setAll sets parameters in the order of their names: it replaces those that
// are there, and appends the others. There may be many.
func (p *params) setAll(extra map[string]string) {
	there := make(map[string]bool, len(p.names))
	for _, name := range p.names {
		there[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if there[name] {
			p.set(name, extra[name])
		} else {
			p.add(name, extra[name])
		}
	}
}
