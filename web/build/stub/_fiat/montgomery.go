package fiat

import "math/bits"

// montgomery sets out to x*y/R modulo m, where R is 2^64 to the power of the
// number of words, and inverse is -1/m modulo 2^64. All have as many words, at
// most 9; x and y are less than m, and out may be one of them. This is what the
// files that are generated for each field spell out word by word, in 45 kB for
// one multiplication. As there, the time depends on nothing but the length.
func montgomery(out, x, y, m []uint64, inverse uint64) {
	var words, lessM [10]uint64
	n := len(m)
	t := words[:n]
	var top uint64 // the word after t
	for i := range n {
		var first, second uint64
		top, first = bits.Add64(top, addProduct(t, y, x[i]), 0)
		top, second = bits.Add64(top, addProduct(t, m, t[0]*inverse), 0)
		copy(t, t[1:]) // its first word is 0
		t[n-1], top = top, first+second
	}
	var borrow uint64
	for i := range n {
		lessM[i], borrow = bits.Sub64(t[i], m[i], borrow)
	}
	_, borrow = bits.Sub64(top, 0, borrow)
	for i := range n {
		out[i] = lessM[i] ^ -borrow&(lessM[i]^t[i]) // t, if that is less than m
	}
}

// addProduct adds y*factor to t, and returns the word after it.
func addProduct(t, y []uint64, factor uint64) (carry uint64) {
	for i := range t {
		high, low := bits.Mul64(y[i], factor)
		var c uint64
		low, c = bits.Add64(low, t[i], 0)
		high += c
		low, c = bits.Add64(low, carry, 0)
		t[i], carry = low, high+c
	}
	return carry
}

// multiply384 and multiply521 are no part of each of their callers.
//
//go:noinline
func multiply384(out, x, y *[6]uint64) { montgomery(out[:], x[:], y[:], p384Modulus[:], 1<<32+1) }

//go:noinline
func multiply521(out, x, y *[9]uint64) { montgomery(out[:], x[:], y[:], p521Modulus[:], 1) }

// What the multiplication needs to know of the fields: m, and R^2 modulo m.
var (
	p384Modulus  = [6]uint64{0xffffffff, 0xffffffff00000000, 1<<64 - 2, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}
	p521Modulus  = [9]uint64{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<9 - 1}
	p256RSquared = p256MontgomeryDomainFieldElement{3, 0xfffffffbffffffff, 1<<64 - 2, 0x4fffffffd}
	p384RSquared = p384MontgomeryDomainFieldElement{0xfffffffe00000001, 0x200000000, 0xfffffffe00000000, 0x200000000, 1}
	p521RSquared = p521MontgomeryDomainFieldElement{0, 1 << 46}
)
