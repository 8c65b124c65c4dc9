package resource

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

const (
	nonceLife    = 5 * time.Minute
	nonceKeySize = 32
	nonceMAC     = 16 // bytes
)

// nonces are made of the time and a MAC of it: nothing is stored, and every
// instance with the key accepts those of the others (RFC 9449 8, 9).
type nonces struct {
	key []byte
}

func randomNonceKey() []byte {
	key := make([]byte, nonceKeySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// make returns a nonce.
func (n *nonces) make(now time.Time) string {
	//lint:ignore gosec G115: after 1970
	made := binary.BigEndian.AppendUint64(nil, uint64(now.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(made, n.mac(made)...))
}

func (n *nonces) mac(made []byte) []byte {
	h := hmac.New(sha256.New, n.key)
	h.Write(made)
	return h.Sum(nil)[:nonceMAC]
}

// valid tells whether a nonce is one of these and not older than five
// minutes. One of the future is of an instance whose clock is ahead.
func (n *nonces) valid(nonce string, now time.Time) bool {
	age, ok := n.age(nonce, now)
	return ok && age < nonceLife && age > -nonceLife
}

// old tells whether a valid nonce needs a successor.
func (n *nonces) old(nonce string, now time.Time) bool {
	age, _ := n.age(nonce, now)
	return age >= nonceLife/2
}

func (n *nonces) age(nonce string, now time.Time) (age time.Duration, ok bool) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(data) != 8+nonceMAC || !hmac.Equal(data[8:], n.mac(data[:8])) {
		return 0, false
	}
	//lint:ignore gosec G115: made above
	made := int64(binary.BigEndian.Uint64(data))
	return time.Duration(now.Unix()-made) * time.Second, true
}
