package oidc

import (
	"errors"
	"testing"
)

// The rehearsal goes all the way to the signature, and no further, for the keys
// that it has.
func TestRehearse(t *testing.T) {
	for alg := range kidOf {
		tx, m := goodTransaction(), goodMetadata(t)
		m.IDTokenSigningAlgValuesSupported = []string{alg}
		want := ErrSignatureInvalid
		if alg == "ES384" || alg == "ES512" {
			want = ErrIDTokenMissing
		}
		checkError(t, tx.Rehearse(t.Context(), m, noon), want)

		keys := testKeySet(t)
		real, err := splitToken(sign(t, alg, encode(t, goodHeader(alg)), `{"sub":"s"}`))
		if err != nil {
			t.Fatal(err)
		}
		specimen, err := splitToken(keys.specimen([]string{alg}).Reveal())
		if err != nil || len(specimen[2]) != len(real[2]) {
			t.Errorf("%s: a signature of %d characters, %v; those of the key have %d", alg, len(specimen[2]), err, len(real[2]))
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
		{"no key for it", func(_ *Transaction, m *Metadata) { m.IDTokenSigningAlgValuesSupported = []string{"none"} }, ErrIDTokenMissing},
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
