// Package pbkdf2 stands in for crypto/pbkdf2 in the wasm, where no key is
// derived from a password: the JOSE library would, for encrypted tokens.
package pbkdf2

import (
	"errors"
	"hash"
)

// Key always fails.
func Key[Hash hash.Hash](func() Hash, string, []byte, int, int) ([]byte, error) {
	return nil, errors.New("pbkdf2: keys from passwords are left out of this program")
}
