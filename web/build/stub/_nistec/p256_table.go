package nistec

import (
	"crypto/internal/fips140/nistec/fiat"
	"sync"
)

// p256PrecomputedEmbed is what p256GeneratorTables points to. In the file of Go
// that this one stands in for it is 88 kB of bytes; here it is computed, when
// it is first needed.
var p256PrecomputedEmbed [43]p256AffineTable

var p256Compute sync.Once

// p256Computed returns p256GeneratorTables.
func p256Computed() *[43]p256AffineTable {
	p256Compute.Do(func() {
		base := NewP256Point().SetGenerator()
		for i := range p256PrecomputedEmbed {
			p256Multiples(&p256PrecomputedEmbed[i], base)
			for range 6 {
				base.Double(base)
			}
		}
	})
	return &p256PrecomputedEmbed
}

// p256Multiples sets table to the multiples of base. Only the product of all z
// is inverted, which takes long: its inverse, times all z but one, is the
// inverse of that one.
func p256Multiples(table *p256AffineTable, base *P256Point) {
	var points [len(table)]P256Point
	var products [len(table)]fiat.P256Element // of the z before
	sum, product := NewP256Point(), new(fiat.P256Element).One()
	for i := range points {
		points[i].Set(sum.Add(sum, base))
		products[i].Set(product)
		product.Mul(product, &sum.z)
	}
	inverse, zInverse := new(fiat.P256Element).Invert(product), new(fiat.P256Element)
	for i := len(points) - 1; i >= 0; i-- {
		zInverse.Mul(inverse, &products[i])
		table[i].x.Mul(&points[i].x, zInverse)
		table[i].y.Mul(&points[i].y, zInverse)
		inverse.Mul(inverse, &points[i].z)
	}
}
