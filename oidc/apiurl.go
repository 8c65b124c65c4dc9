package oidc

import "strings"

// ParseAPIURL returns the origin of an absolute URL as browsers write it, and
// the segments of its path, still escaped, without the empty one at the end.
// It takes what a browser and net/url read in the same way, and nothing else:
// no userinfo, no fragment, hosts in ASCII, no dot segments, and nothing that
// some server may take for one. Codes: [ErrInvalidArgument], [ErrInsecureURL].
func ParseAPIURL(raw string) (origin string, segments []string, err error) {
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }) {
		return "", nil, ErrInvalidArgument
	}
	u, err := parseSecureURL(raw)
	if err != nil {
		return "", nil, err
	}
	if u.Opaque != "" || strings.ContainsAny(u.Host, "%@") {
		return "", nil, ErrInvalidArgument
	}
	path := strings.Trim(u.EscapedPath(), "/")
	if u.Path != "" && strings.HasPrefix(u.Path, "//") {
		return "", nil, ErrInvalidArgument // an empty first segment is a segment
	}
	if path == "" {
		return originOf(u), nil, nil
	}
	segments = strings.Split(path, "/")
	for _, segment := range segments {
		if hidesDots(segment) {
			return "", nil, ErrInvalidArgument
		}
	}
	return originOf(u), segments, nil
}
