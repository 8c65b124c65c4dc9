package oidc

import (
	"net/url"
	"slices"
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

// redact replaces secrets in a text, as they are and as they are written in a
// URL.
func redact(text string, secrets []Secret) string {
	var forms []string
	for _, secret := range secrets {
		forms = append(forms, writtenForms(secret.Reveal())...)
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
	return text
}

// writtenForms are the ways in which a text is written.
func writtenForms(text string) []string {
	id, _, _ := strings.Cut(text, urlStateDelimiter) // of a state, without what the app added
	forms := []string{text, id}
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
