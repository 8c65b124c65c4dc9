package oidc

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// secretParameters are those of requests whose values are nobody's to read.
var secretParameters = []string{
	"code", "code_verifier", "refresh_token", "access_token", "token", "client_secret", "client_assertion",
	"assertion", "password", "id_token_hint", "state", "nonce", "request", "subject_token", "actor_token",
}

// secrets returns the values of the parameters that are secret.
func (p *params) secrets() []Secret {
	var all []Secret
	for i, name := range p.names {
		if slices.Contains(secretParameters, name) {
			all = append(all, Secret(p.values[i]))
		}
	}
	return all
}

// without returns a refusal that holds none of the secrets of the request, for
// a provider that writes back what it was sent, and whose address is one that
// can be shown: apps log and show what a provider says.
func (e ProviderError) without(secrets ...Secret) *ProviderError {
	e.ErrorCode = redact(e.ErrorCode, secrets)
	e.Description = redact(e.Description, secrets)
	e.URI = redact(e.URI, secrets)
	if u, err := url.Parse(e.URI); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		e.URI = "" // an app may make a link of it
	}
	return &e
}

// shortest is the length of a secret that is found in a text. A shorter one,
// such as a weak password, may be in there by chance: then nothing of the text
// is shown.
const shortest = 6

// partSize is the length of a part of a secret that is not shown either.
const partSize = 12

// redact replaces secrets in a text, as they are and as they are written in a
// URL, and tokens of any request. Nothing is shown of a text that holds a
// secret in any other form, or a part of one.
func redact(text string, secrets []Secret) string {
	if text == "" {
		return ""
	}
	var forms, parts []string
	for _, secret := range secrets {
		forms = append(forms, writtenForms(secret.Reveal())...)
		id, _, _ := strings.Cut(secret.Reveal(), urlStateDelimiter)
		for ; len(id) >= partSize; id = id[partSize:] {
			parts = append(parts, id[:partSize])
		}
	}
	// One may be a part of another.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range forms {
		switch {
		case form == "" || !strings.Contains(text, form):
		case len(form) < shortest:
			return redacted
		default:
			text = strings.ReplaceAll(text, form, redacted)
		}
	}
	text = withoutJWTs(text)
	parts = append(parts, forms...)
	for read, n := text, 0; n < maxDecodings; n++ {
		held := func(part string) bool { return part != "" && strings.Contains(read, part) }
		if withoutJWTs(read) != read || slices.ContainsFunc(parts, held) {
			return redacted
		}
		plain := unwrap(read)
		if plain == read {
			break
		}
		read = plain
	}
	return text
}

// shortestJWT is the length of a header and what comes behind it.
const shortestJWT = 20

// withoutJWTs replaces what looks like a JWT: some of those that go to a
// provider are kept nowhere, such as the id_token_hint of a redirect.
func withoutJWTs(text string) string {
	var b strings.Builder
	for {
		start := strings.Index(text, "eyJ") // {" in base64url
		if start < 0 {
			b.WriteString(text)
			return b.String()
		}
		behind := strings.TrimLeftFunc(text[start:], isOfJWT)
		end := len(text) - len(behind)
		if end-start >= shortestJWT {
			b.WriteString(text[:start] + redacted)
		} else {
			b.WriteString(text[:end])
		}
		text = behind
	}
}

func isOfJWT(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)
}

// unwrapper takes off the escapes of JSON and scripts, and the named ones of HTML.
var unwrapper = strings.NewReplacer(`\u`, "%u", `\x`, "%", `\`, "",
	"&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'")

// unwrap reads a text that is written in another one, which it need not be.
func unwrap(text string) string {
	pieces := strings.Split(unwrapper.Replace(text), "&#")
	for i, piece := range pieces[1:] {
		digits, rest, _ := strings.Cut(piece, ";")
		base := 10
		if hex := strings.TrimLeft(digits, "xX"); hex != digits {
			digits, base = hex, 16
		}
		if n, err := strconv.ParseUint(digits, base, 7); err == nil {
			pieces[i+1] = string(rune(n)) + rest
		} else {
			pieces[i+1] = "&#" + piece
		}
	}
	return unescape(strings.Join(pieces, ""))
}

// writtenForms are the ways in which a text is written.
func writtenForms(text string) []string {
	id, _, _ := strings.Cut(text, urlStateDelimiter) // of a state, without what the app added
	forms := []string{text, id, unwrap(text)}
	for _, form := range []string{text, id} {
		escaped := []string{formEscape(form), url.QueryEscape(form), url.PathEscape(form)}
		for _, form := range escaped {
			forms = append(forms, form, lowerEscapes(form))
		}
	}
	return forms
}

// lowerEscapes writes the digits of percent-encoding in lower case.
func lowerEscapes(text string) string {
	parts := strings.Split(text, "%")
	for i, part := range parts[1:] {
		if len(part) >= 2 {
			parts[i+1] = strings.ToLower(part[:2]) + part[2:]
		}
	}
	return strings.Join(parts, "%")
}
