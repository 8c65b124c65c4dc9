// Package x509 stands in for crypto/x509 in the wasm, where nothing reads
// certificates: the JOSE library would, for headers and keys that package oidc
// refuses or strips before the library sees them. What it refers to is here;
// whatever else comes to need crypto/x509 does not compile.
package x509

import "errors"

var errLeftOut = errors.New("x509: certificates are left out of this program")

// A Certificate is never made.
type Certificate struct {
	Raw       []byte
	PublicKey any
}

// ParseCertificate always fails.
func ParseCertificate([]byte) (*Certificate, error) { return nil, errLeftOut }

// Verify always fails.
func (*Certificate) Verify(VerifyOptions) ([][]*Certificate, error) { return nil, errLeftOut }

// VerifyOptions are for Verify.
type VerifyOptions struct{ Intermediates *CertPool }

// A CertPool stays empty.
type CertPool struct{}

// NewCertPool returns an empty pool.
func NewCertPool() *CertPool { return &CertPool{} }

// AddCert does nothing.
func (*CertPool) AddCert(*Certificate) {}
