package elliptic

import (
	"math/big"
	"testing"
)

// TestNumbers reads the numbers of the curves as math/big does.
func TestNumbers(t *testing.T) {
	for _, curve := range []Curve{P256(), P384(), P521()} {
		params := curve.Params()
		for _, n := range []*big.Int{params.P, params.N, params.B, params.Gx, params.Gy, new(big.Int)} {
			if got := bigFromDecimal(n.Text(10)); got.Cmp(n) != 0 {
				t.Errorf("%s: read as %s", n.Text(10), got.Text(10))
			}
			if got := bigFromHex("00" + n.Text(16)); got.Cmp(n) != 0 {
				t.Errorf("%s: read as %s", n.Text(16), got.Text(16))
			}
		}
		if !curve.IsOnCurve(params.Gx, params.Gy) {
			t.Errorf("%s: the generator is not on it", params.Name)
		}
		// It is for the numbers as well: y^2 = x^3 - 3x + B.
		left := new(big.Int).Mul(params.Gy, params.Gy)
		right := new(big.Int).Exp(params.Gx, big.NewInt(3), nil)
		right.Sub(right, new(big.Int).Mul(params.Gx, big.NewInt(3))).Add(right, params.B)
		if right.Sub(right, left).Mod(right, params.P).Sign() != 0 {
			t.Errorf("%s: the generator does not fit the numbers", params.Name)
		}
		if params.P.BitLen() != params.BitSize || params.N.BitLen() != params.BitSize {
			t.Errorf("%s: P has %d bits", params.Name, params.P.BitLen())
		}
	}
}
