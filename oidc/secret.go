package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// A Secret is a token, code, verifier, state or nonce. It formats and
// marshals as "[redacted]"; [Secret.Reveal] is the one way out, so the uses
// of Reveal are the audit.
type Secret string

const redacted = "[redacted]"

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// Format writes "[redacted]" for every verb: %d and others do not ask String.
func (Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText returns "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal returns the secret itself. The caller sees to it that it reaches no
// error, no log and no storage.
func (s Secret) Reveal() string { return string(s) }

// equal compares in constant time.
func (s Secret) equal(other string) bool {
	return subtle.ConstantTimeCompare([]byte(s), []byte(other)) == 1
}

// randomSecret returns 256 random bits in 43 characters, which makes a state
// (RFC 6749 10.10), a nonce (OIDC Core 15.5.2) and a code verifier
// (RFC 7636 4.1) alike.
func randomSecret(rand io.Reader) (Secret, error) {
	var bits [32]byte
	if _, err := io.ReadFull(rand, bits[:]); err != nil {
		return "", fmt.Errorf("random numbers: %w", err)
	}
	return Secret(base64.RawURLEncoding.EncodeToString(bits[:])), nil
}

// IsState tells whether a state has the form of those that are made here: 256 random bits, and what
// the app added. Nothing else that is kept beside them may have a name of that form.
func IsState(state Secret) bool {
	random, _, _ := strings.Cut(state.Reveal(), urlStateDelimiter)
	bits, err := base64.RawURLEncoding.DecodeString(random)
	return err == nil && len(bits) == 32
}

// codeChallenge is the S256 transformation (RFC 7636 4.2).
func codeChallenge(verifier Secret) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
