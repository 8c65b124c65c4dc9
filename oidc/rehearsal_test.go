package oidc

import (
	"errors"
	"slices"
	"testing"
)

// The rehearsal goes all the way to the signature, and no further, for the keys
// that it has.
func TestRehearse(t *testing.T) {
	for _, alg := range asymmetricAlgorithms {
		tx, m := goodTransaction(), goodMetadata(t)
		m.IDTokenSigningAlgValuesSupported = []string{"none", alg}
		want := ErrSignatureInvalid
		if slices.Contains([]string{"ES384", "ES512", "EdDSA", "Ed25519"}, alg) {
			want = ErrKeyNotFound
		}
		checkError(t, tx.Rehearse(t.Context(), m, noon), want)
		if want == ErrKeyNotFound {
			continue
		}
		signed, err := splitToken(sign(t, alg, encode(t, goodHeader(alg)), `{"sub":"s"}`))
		if err != nil {
			t.Fatal(err)
		}
		parts, err := splitToken(specimen(alg).Reveal())
		if err != nil || len(parts[2]) != len(signed[2]) {
			t.Errorf("%s: a signature of %d characters, %v; those of such a key have %d", alg, len(parts[2]), err, len(signed[2]))
		}
	}
}

func TestRehearseForms(t *testing.T) {
	tests := []struct {
		name string
		edit func(tx *Transaction, m *Metadata)
		want error
	}{
		{"a query", func(tx *Transaction, _ *Metadata) { tx.RedirectURI += "?op=1" }, ErrSignatureInvalid},
		{"fragment", func(tx *Transaction, _ *Metadata) { tx.ResponseMode = "fragment" }, ErrSignatureInvalid},
		{"no iss announced", func(_ *Transaction, m *Metadata) { m.AuthorizationResponseIssParameterSupported = false }, ErrSignatureInvalid},
		{"signed", func(tx *Transaction, _ *Metadata) { tx.ResponseMode = "query.jwt" }, ErrUnsupported},
		{"no algorithm", func(_ *Transaction, m *Metadata) { m.IDTokenSigningAlgValuesSupported = []string{"none"} }, ErrUnsupported},
		{"a code bound to a key", func(tx *Transaction, _ *Metadata) { tx.Thumbprint = "t" }, ErrDPoPKeyLost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tx, m := goodTransaction(), goodMetadata(t)
			tt.edit(tx, m)
			if err := tx.Rehearse(t.Context(), m, noon); !errors.Is(err, tt.want) {
				t.Errorf("Rehearse = %v, want %v", err, tt.want)
			}
		})
	}
}
