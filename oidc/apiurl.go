package oidc

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ParseAPIURL returns the origin of an absolute URL as browsers write it, and
// the segments of its path, as they are written there, without the empty one at
// the end. Of what a browser has written it takes everything but userinfo, a
// fragment, an empty first segment, hosts of unusual characters, and what some
// server may take for a dot segment; and nothing that a browser would read in
// another way than it is written. A path is compared as it is sent: nothing in it
// is decoded first, and encoded is what only some browsers do. Codes: [ErrInvalidArgument], [ErrInsecureURL].
func ParseAPIURL(raw string) (origin string, segments []string, err error) {
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '#' || r >= 0x7f }) {
		return "", nil, ErrInvalidArgument
	}
	address, _, _ := strings.Cut(raw, "?")
	scheme, rest, found := strings.Cut(address, "://")
	authority, path, rooted := strings.Cut(rest, "/")
	if !found || strings.ContainsAny(address, `\"<>{}`+"`") {
		return "", nil, ErrInvalidArgument
	}
	u, err := parseSecureURL(scheme + "://" + authority)
	if err != nil {
		return "", nil, err
	}
	if origin, err = writtenOrigin(u); err != nil {
		return "", nil, err
	}
	if rooted && strings.HasPrefix(path, "/") {
		return "", nil, ErrInvalidArgument // an empty first segment is a segment
	}
	if path = strings.TrimRight(path, "/"); path == "" {
		return origin, nil, nil
	}
	segments = strings.Split(sent.Replace(path), "/")
	for _, segment := range segments {
		if hidesDots(segment) || brokenEscapes(segment) {
			return "", nil, ErrInvalidArgument
		}
	}
	return origin, segments, nil
}

// sent writes what some browsers leave as it is in a path, and others encode (URL
// Standard 1.3).
var sent = strings.NewReplacer("|", "%7C", "^", "%5E")

// writtenOrigin is originOf, for an address that a person may have written: its
// host and its port become what a browser makes of them (URL Standard 3.5).
func writtenOrigin(u *url.URL) (string, error) {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	addr, err := netip.ParseAddr(host)
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := labels[len(labels)-1]
	switch {
	case u.Opaque != "" || strings.ContainsAny(u.Host, "%@"), strings.HasSuffix(u.Host, ":"):
		return "", ErrInvalidArgument
	case err == nil && addr.Is4In6():
		b := addr.As16()
		host = fmt.Sprintf("::ffff:%x:%x", uint16(b[12])<<8|uint16(b[13]), uint16(b[14])<<8|uint16(b[15]))
	case err == nil && addr.Zone() == "":
		host = addr.String()
	case strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "", isNumber(last):
		return "", ErrInvalidArgument // what ends in a number is an address, written in whichever way
	}
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		port = strconv.FormatUint(n, 10)
	} else if port != "" {
		return "", ErrInvalidArgument
	}
	return originOf(&url.URL{Scheme: u.Scheme, Host: joined(host, port)}), nil
}

func joined(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return host + ":" + port
}

// isNumber tells whether a browser reads the last label of a host as a number.
func isNumber(label string) bool {
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	digits, hex := strings.CutPrefix(label, "0x")
	return hex && strings.Trim(digits, "0123456789abcdef") == ""
}
