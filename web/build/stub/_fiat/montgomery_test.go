package fiat

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// A multiplication is that of one field: out = x*y/R modulo m.
type multiplication struct {
	name       string
	words      int
	modulus    []uint64
	multiply   func(out, x, y []uint64)
	squareInto func(out, x []uint64)
	from, to   func(out, x []uint64)
}

var multiplications = []multiplication{
	{
		"P-256", 4, []uint64{1<<64 - 1, 1<<32 - 1, 0, 0xffffffff00000001},
		func(out, x, y []uint64) {
			p256Mul((*p256MontgomeryDomainFieldElement)(out), (*p256MontgomeryDomainFieldElement)(x), (*p256MontgomeryDomainFieldElement)(y))
		},
		func(out, x []uint64) {
			p256Square((*p256MontgomeryDomainFieldElement)(out), (*p256MontgomeryDomainFieldElement)(x))
		},
		func(out, x []uint64) {
			p256FromMontgomery((*p256NonMontgomeryDomainFieldElement)(out), (*p256MontgomeryDomainFieldElement)(x))
		},
		func(out, x []uint64) {
			p256ToMontgomery((*p256MontgomeryDomainFieldElement)(out), (*p256NonMontgomeryDomainFieldElement)(x))
		},
	},
	{
		"P-384", 6, p384Modulus[:],
		func(out, x, y []uint64) {
			p384Mul((*p384MontgomeryDomainFieldElement)(out), (*p384MontgomeryDomainFieldElement)(x), (*p384MontgomeryDomainFieldElement)(y))
		},
		func(out, x []uint64) {
			p384Square((*p384MontgomeryDomainFieldElement)(out), (*p384MontgomeryDomainFieldElement)(x))
		},
		func(out, x []uint64) {
			p384FromMontgomery((*p384NonMontgomeryDomainFieldElement)(out), (*p384MontgomeryDomainFieldElement)(x))
		},
		func(out, x []uint64) {
			p384ToMontgomery((*p384MontgomeryDomainFieldElement)(out), (*p384NonMontgomeryDomainFieldElement)(x))
		},
	},
	{
		"P-521", 9, p521Modulus[:],
		func(out, x, y []uint64) {
			p521Mul((*p521MontgomeryDomainFieldElement)(out), (*p521MontgomeryDomainFieldElement)(x), (*p521MontgomeryDomainFieldElement)(y))
		},
		func(out, x []uint64) {
			p521Square((*p521MontgomeryDomainFieldElement)(out), (*p521MontgomeryDomainFieldElement)(x))
		},
		func(out, x []uint64) {
			p521FromMontgomery((*p521NonMontgomeryDomainFieldElement)(out), (*p521MontgomeryDomainFieldElement)(x))
		},
		func(out, x []uint64) {
			p521ToMontgomery((*p521MontgomeryDomainFieldElement)(out), (*p521NonMontgomeryDomainFieldElement)(x))
		},
	},
}

// TestMontgomery compares what the fields do with what math/big does, for the
// numbers at the edges of words and of the fields, and for others.
func TestMontgomery(t *testing.T) {
	for _, f := range multiplications {
		t.Run(f.name, func(t *testing.T) {
			m := fromWords(f.modulus)
			r := new(big.Int).Lsh(big.NewInt(1), uint(64*f.words))
			perR := new(big.Int).ModInverse(r, m)
			modulo := func(x *big.Int) *big.Int { return x.Mod(x, m) }
			check := func(what string, do func(out []uint64), want *big.Int) {
				t.Helper()
				out := make([]uint64, f.words)
				if do(out); fromWords(out).Cmp(want) != 0 {
					t.Fatalf("%s: %x, want %x", what, fromWords(out), want)
				}
			}
			numbers := edges(f.words, m)
			for _, x := range numbers {
				xs := toWords(x, f.words)
				check("square", func(out []uint64) { f.squareInto(out, xs) }, modulo(new(big.Int).Mul(new(big.Int).Mul(x, x), perR)))
				check("from", func(out []uint64) { f.from(out, xs) }, modulo(new(big.Int).Mul(x, perR)))
				check("to", func(out []uint64) { f.to(out, xs) }, modulo(new(big.Int).Mul(x, r)))
				for _, y := range numbers {
					ys := toWords(y, f.words)
					product := modulo(new(big.Int).Mul(new(big.Int).Mul(x, y), perR))
					check("product", func(out []uint64) { f.multiply(out, xs, ys) }, product)
					check("product in place", func(out []uint64) { copy(out, xs); f.multiply(out, out, ys) }, product)
				}
			}
		})
	}
}

// edges returns numbers that are less than m.
func edges(words int, m *big.Int) []*big.Int {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := []*big.Int{new(big.Int), new(big.Int).Rsh(m, 1)}
	for i := range int64(3) {
		numbers = append(numbers, new(big.Int).Sub(m, big.NewInt(i+1)))
	}
	for word := range words {
		power := new(big.Int).Lsh(big.NewInt(1), uint(64*word))
		for _, d := range []int64{-1, 0, 1} {
			numbers = append(numbers, new(big.Int).Add(power, big.NewInt(d)), new(big.Int).Sub(m, new(big.Int).Add(power, big.NewInt(d))))
		}
	}
	for range 100 {
		some := make([]uint64, words)
		for i := range some {
			some[i] = [...]uint64{random.Uint64(), random.Uint64(), 0, 1<<64 - 1}[random.IntN(4)]
		}
		numbers = append(numbers, fromWords(some))
	}
	return slices.DeleteFunc(numbers, func(n *big.Int) bool { return n.Sign() < 0 || n.Cmp(m) >= 0 })
}

func fromWords(words []uint64) *big.Int {
	n := new(big.Int)
	for _, word := range slices.Backward(words) {
		n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(word))
	}
	return n
}

func toWords(n *big.Int, words int) []uint64 {
	out := make([]uint64, words)
	n = new(big.Int).Set(n)
	for i := range out {
		out[i] = new(big.Int).And(n, new(big.Int).SetUint64(1<<64-1)).Uint64()
		n.Rsh(n, 64)
	}
	return out
}
