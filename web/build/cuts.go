package build

// cuts are the functions that have another body in the wasm, by their package
// (docs/decisions). Most of them are never called there, and keep in it what
// only they need. The rest do what they did in less code.
var cuts = map[string]map[string]string{
	// Package oidc hands the library public keys alone.
	"github.com/go-jose/go-jose/v4": {
		"rawJSONWebKey.ecPrivateKey":  noPrivateKey,
		"rawJSONWebKey.edPrivateKey":  noPrivateKey,
		"rawJSONWebKey.rsaPrivateKey": noPrivateKey,
	},

	// No signature is for P-224 or for a curve that is not of the standard.
	"crypto/ecdsa": {"VerifyASN1": `
	switch pub.Curve.Params() {
	case elliptic.P256().Params():
		return verifyFIPS(ecdsa.P256(), pub, hash, sig)
	case elliptic.P384().Params():
		return verifyFIPS(ecdsa.P384(), pub, hash, sig)
	case elliptic.P521().Params():
		return verifyFIPS(ecdsa.P521(), pub, hash, sig)
	}
	return false
`},
	"crypto/elliptic": {
		"CurveParams.Add":       leftOut,
		"CurveParams.IsOnCurve": leftOut,
		"bigFromDecimal":        readNumber("10"),
		"bigFromHex":            readNumber("16"),
		"initAll":               "initP256(); initP384(); initP521()",
		"matchesSpecificCurve":  "return nil, false",
	},

	// A key has both its coordinates.
	curvePackage: {"p384Sqrt": "return false", "p521Sqrt": "return false"},

	// No signature has another hash, and the FIPS mode is off.
	"crypto/internal/fips140/rsa": {"checkApprovedHash": ""},
	"crypto/internal/fips140/sha3": {
		"Digest.AppendBinary":    leftOut,
		"Digest.MarshalBinary":   leftOut,
		"Digest.Sum":             leftOut,
		"Digest.UnmarshalBinary": leftOut,
		"Digest.Write":           leftOut,
	},
	"crypto/internal/fips140hash": {"Unwrap": "return h"},
	"crypto/internal/fips140only": {
		"ApprovedHash":         leftOut,
		"ApprovedRandomReader": leftOut,
		"Enforced":             "return false",
	},
	"crypto/sha1":   {"Sum": leftOut, "init": ""}, // of a certificate
	"crypto/sha3":   {"init": ""},
	"crypto/sha512": {"init": "crypto.RegisterHash(crypto.SHA384, New384); crypto.RegisterHash(crypto.SHA512, New)"},

	// Numbers and times are never written or read as they are.
	"math/big": {
		"Int.AppendText":    leftOut,
		"Int.Format":        `s.Write([]byte("(number)"))`,
		"Int.MarshalJSON":   leftOut,
		"Int.MarshalText":   leftOut,
		"Int.String":        `return "(number)"`,
		"Int.UnmarshalJSON": leftOut,
		"Int.UnmarshalText": leftOut,
		"nat.String":        `return "(number)"`,
	},
	"time": {
		"Time.AppendText":    leftOut,
		"Time.GoString":      `return "(time)"`,
		"Time.MarshalJSON":   leftOut,
		"Time.MarshalText":   leftOut,
		"Time.String":        `return "(time)"`,
		"Time.UnmarshalJSON": leftOut,
		"Time.UnmarshalText": leftOut,
	},

	// A browser has no files, and nothing calls a method by reflection. Only a
	// key that comes with a certificate is compared with that of another.
	"os": {"NewFile": "return nil"},
	"reflect": {
		"DeepEqual":              leftOut,
		"makeMethodValue":        leftOut,
		"methodValueCallCodePtr": leftOut,
	},

	// The fastest way to sort is the longest, too.
	"slices": {
		"pdqsortCmpFunc": "heapSortCmpFunc(data, a, b, cmp)",
		"pdqsortOrdered": "heapSortOrdered(data, a, b)",
	},
	"sort": {"pdqsort": "heapSort(data, a, b)"},

	// Numbers with a fraction are rare; the fast way to read and write them has a
	// table of 11 kB that no compression makes smaller.
	"internal/strconv": {"optimize": "false"},

	// Nobody can ask the runtime for traces and profiles, nor for what GODEBUG
	// turns on; there is one module, which the linker has made as it should be;
	// and a browser takes no memory back.
	"internal/cpu": {"processOptions": ""},
	"runtime": {
		"bgscavenge":                 "c <- 1",
		"callCgoSymbolizer":          "",
		"check":                      "",
		"checkFinalizersAndCleanups": "",
		"findGoroutineLeaks":         leftOut,
		"funcline1":                  lineOfFunction,
		"gcDumpObject":               "",
		"moduledataverify1":          "",
		"mspan.reportZombies":        `throw("found pointer to free object")`,
		"pageAlloc.scavenge":         "return 0",
		"profilealloc":               "",
		"runCheckmark":               "",
		"saveblockevent":             "",
		"schedtrace":                 "",
		"traceAcquireEnabled":        "return traceLocker{}",
		"traceAdvance":               "",
		"traceEventWriter.event":     "",
		"traceLocker.eventWriter":    "return traceEventWriter{}",
		"traceLocker.stack":          "return 0",
		"traceLocker.startPC":        "return 0",
		"tracebackHexdump":           "",
		"typelinksinit":              "",
	},
}

const (
	noPrivateKey = "return nil, ErrUnsupportedKeyType"
	// See lines.go.
	lineOfFunction = `
	if f.valid() {
		if fileno, _ := pcvalue(f, f.pcfile, targetpc, strict); fileno >= 0 {
			return funcfile(f, fileno), f.startLine
		}
	}
	return "?", 0
`
	leftOut = `panic("left out of this program")`
)

// readNumber returns the body of a function that reads a number s of up to 521
// bits. math/big does that for numbers of any length.
func readNumber(base string) string {
	return `
	var number [66]byte
	for _, digit := range []byte(s) {
		carry := uint(digit - '0')
		if digit >= 'a' {
			carry = uint(digit - 'a' + 10)
		}
		for i := len(number) - 1; i >= 0; i-- {
			carry += ` + base + ` * uint(number[i])
			number[i], carry = byte(carry), carry>>8
		}
	}
	return new(big.Int).SetBytes(number[:])
`
}
