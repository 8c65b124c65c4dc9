package jwe

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcspa/oidcspa/oidc"
)

// mark is what no error may show.
const mark = "s3cr3t"

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type keys struct {
	rsa  *rsa.PrivateKey
	ec   *ecdsa.PrivateKey
	sign *ecdsa.PrivateKey
}

var testKeys = sync.OnceValue(func() keys {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return keys{rsaKey, ecKey(elliptic.P256()), ecKey(elliptic.P256())}
})

func ecKey(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// idToken returns a correct signed token.
func idToken(t *testing.T) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: testKeys().sign}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{
		"iss": "https://op.example", "sub": mark, "aud": "app", "exp": noon.Unix() + 60, "iat": noon.Unix(), "nonce": mark,
	})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// encrypt encrypts text for key.
func encrypt(t *testing.T, text string, alg jose.KeyAlgorithm, enc jose.ContentEncryption, key any, options *jose.EncrypterOptions) string {
	t.Helper()
	encrypter, err := jose.NewEncrypter(enc, jose.Recipient{Algorithm: alg, Key: key, KeyID: "enc"}, options)
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := encrypter.Encrypt([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	token, err := encrypted.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func decrypter(t *testing.T, keys ...Key) *Decrypter {
	t.Helper()
	d, err := New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func checkError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want %v", err, want)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), mark) {
		t.Errorf("the error shows a secret: %v", err)
	}
}

// Every algorithm that is accepted opens what a provider encrypted with it.
func TestVerifyEncryptedIDToken(t *testing.T) {
	signing := testKeys().sign.Public()
	published, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: signing}}})
	if err != nil {
		t.Fatal(err)
	}
	keySet, err := oidc.ParseKeys(published)
	if err != nil {
		t.Fatal(err)
	}
	d := decrypter(t, Key{ID: "enc", Private: testKeys().rsa}, Key{ID: "enc", Private: testKeys().ec})
	expected := &oidc.ExpectedIDToken{
		Issuer: "https://op.example", ClientID: "app", Algorithms: []string{"ES256"}, Nonce: mark, Decrypt: d.Decrypt,
	}
	for alg, key := range map[jose.KeyAlgorithm]any{
		jose.RSA_OAEP_256: testKeys().rsa.Public(), jose.ECDH_ES: testKeys().ec.Public(), jose.ECDH_ES_A128KW: testKeys().ec.Public(),
		jose.ECDH_ES_A192KW: testKeys().ec.Public(), jose.ECDH_ES_A256KW: testKeys().ec.Public(),
	} {
		for _, enc := range contentEncryption {
			t.Run(string(alg)+" "+string(enc), func(t *testing.T) {
				token := encrypt(t, idToken(t), alg, enc, key, nil)
				claims, err := expected.VerifyIDToken(oidc.Secret(token), keySet, noon)
				if err != nil || claims.Subject != mark {
					t.Errorf("error = %v", err)
				}
			})
		}
	}
	t.Run("3.1.3.7-1 in clear", func(t *testing.T) {
		_, err := expected.VerifyIDToken(oidc.Secret(idToken(t)), keySet, noon)
		checkError(t, err, oidc.ErrTokenNotEncrypted)
	})
	t.Run("3.1.3.7-6 not signed within", func(t *testing.T) {
		token := encrypt(t, `{"sub":"`+mark+`"}`, jose.ECDH_ES, jose.A256GCM, testKeys().ec.Public(), nil)
		_, err := expected.VerifyIDToken(oidc.Secret(token), keySet, noon)
		checkError(t, err, oidc.ErrTokenMalformed)
	})
	t.Run("3.1.3.7-6 another signature within", func(t *testing.T) {
		inner := idToken(t)
		inner = inner[:strings.LastIndexByte(inner, '.')+1] + strings.Repeat("A", 86)
		token := encrypt(t, inner, jose.ECDH_ES, jose.A256GCM, testKeys().ec.Public(), nil)
		_, err := expected.VerifyIDToken(oidc.Secret(token), keySet, noon)
		checkError(t, err, oidc.ErrSignatureInvalid)
	})
	t.Run("3.1.3.7-1 encrypted twice", func(t *testing.T) {
		token := encrypt(t, idToken(t), jose.ECDH_ES, jose.A256GCM, testKeys().ec.Public(), nil)
		token = encrypt(t, token, jose.ECDH_ES, jose.A256GCM, testKeys().ec.Public(), nil)
		_, err := expected.VerifyIDToken(oidc.Secret(token), keySet, noon)
		checkError(t, err, oidc.ErrTokenMalformed)
	})
}

// editHeader changes the header of a token, which breaks its integrity, too:
// what is refused for its header has to be refused before.
func editHeader(t *testing.T, token string, edit func(map[string]any)) string {
	t.Helper()
	part, rest, _ := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var header map[string]any
	if err := json.Unmarshal(data, &header); err != nil {
		t.Fatal(err)
	}
	edit(header)
	if data, err = json.Marshal(header); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(data) + "." + rest
}

func TestDecryptRefusals(t *testing.T) {
	good := func(t *testing.T) string {
		return encrypt(t, mark, jose.ECDH_ES_A128KW, jose.A128GCM, testKeys().ec.Public(), nil)
	}
	header := func(name string, value any) func(*testing.T) string {
		return func(t *testing.T) string {
			return editHeader(t, good(t), func(h map[string]any) { h[name] = value })
		}
	}
	text := func(token string) func(*testing.T) string { return func(*testing.T) string { return token } }
	replacePart := func(n int) func(*testing.T) string {
		return func(t *testing.T) string {
			parts := strings.Split(good(t), ".")
			first := byte('A')
			if parts[n][0] == first {
				first = 'B'
			}
			parts[n] = string(first) + parts[n][1:]
			return strings.Join(parts, ".")
		}
	}
	deflated := func(t *testing.T) string {
		return encrypt(t, strings.Repeat(mark, 1000), jose.ECDH_ES, jose.A128GCM, testKeys().ec.Public(), &jose.EncrypterOptions{Compression: jose.DEFLATE})
	}
	tests := []struct {
		name  string
		token func(*testing.T) string
		want  error
	}{
		{"valid", good, nil},
		{"7519-5.2 cty JWT", func(t *testing.T) string {
			return encrypt(t, mark, jose.ECDH_ES, jose.A128GCM, testKeys().ec.Public(), (&jose.EncrypterOptions{}).WithContentType("JWT"))
		}, nil},
		{"7519-5.2 another cty", header("cty", "json"), oidc.ErrTypeNotAllowed},
		{"8725-3.6 compressed", deflated, oidc.ErrHeaderNotAllowed},
		{"7516-4.1.13 crit", header("crit", []string{"x"}), oidc.ErrHeaderNotAllowed},
		{"7518-4 RSA1_5", header("alg", "RSA1_5"), oidc.ErrAlgNotAllowed},
		{"7518-4 RSA-OAEP with SHA-1", header("alg", "RSA-OAEP"), oidc.ErrAlgNotAllowed},
		{"7518-4 PBES2", header("alg", "PBES2-HS256+A128KW"), oidc.ErrAlgNotAllowed},
		{"7518-4 dir", header("alg", "dir"), oidc.ErrAlgNotAllowed},
		{"7518-4 A128KW", header("alg", "A128KW"), oidc.ErrAlgNotAllowed},
		{"7518-4 alg missing", header("alg", nil), oidc.ErrAlgNotAllowed},
		{"7518-5 unknown enc", header("enc", "A128CTR"), oidc.ErrAlgNotAllowed},
		{"7516-4.1.6 another kid", header("kid", "x"), oidc.ErrDecryptionFailed},
		{"7518-4.6 epk missing", header("epk", nil), oidc.ErrDecryptionFailed},
		{"7518-4.6 epk not on the curve", header("epk", map[string]any{"kty": "EC", "crv": "P-256", "x": strings.Repeat("A", 43), "y": strings.Repeat("A", 43)}), oidc.ErrDecryptionFailed},
		{"7516-5.2 another encrypted key", replacePart(1), oidc.ErrDecryptionFailed},
		{"7516-5.2 another vector", replacePart(2), oidc.ErrDecryptionFailed},
		{"7516-5.2 another ciphertext", replacePart(3), oidc.ErrDecryptionFailed},
		{"7516-5.2 another tag", replacePart(4), oidc.ErrDecryptionFailed},
		{"7516-7.1 empty", text(""), oidc.ErrTokenMalformed},
		{"7516-7.1 dots", text("...."), oidc.ErrTokenMalformed},
		{"7516-7.1 a million dots", text(strings.Repeat(".", 1_000_000)), oidc.ErrTokenMalformed},
		{"7516-7.1 four parts", text("a.b.c.d"), oidc.ErrTokenMalformed},
		{"7516-7.1 too long", text("a.b.c.d." + strings.Repeat("A", maxLength)), oidc.ErrTokenMalformed},
		{"7516-7.2 JSON", text(`{"ciphertext":"` + mark + `"}`), oidc.ErrTokenMalformed},
	}
	d := decrypter(t, Key{ID: "enc", Private: testKeys().ec})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			within, err := d.Decrypt(oidc.Secret(tt.token(t)))
			checkError(t, err, tt.want)
			if (within == "") != (err != nil) {
				t.Errorf("a token of %d bytes with error %v", len(within), err)
			}
		})
	}
}

func TestDecryptKeys(t *testing.T) {
	token := encrypt(t, mark, jose.ECDH_ES, jose.A128GCM, testKeys().ec.Public(), nil)
	tests := []struct {
		name string
		keys []Key
		want error
	}{
		{"by kid", []Key{{ID: "enc", Private: testKeys().ec}}, nil},
		{"without kid", []Key{{Private: testKeys().ec}}, nil},
		{"of another kid", []Key{{ID: "other", Private: testKeys().ec}}, oidc.ErrDecryptionFailed},
		{"of another type", []Key{{ID: "enc", Private: testKeys().rsa}}, oidc.ErrDecryptionFailed},
		{"of another curve", []Key{{ID: "enc", Private: ecKey(elliptic.P384())}}, oidc.ErrDecryptionFailed},
		{"another one", []Key{{ID: "enc", Private: testKeys().sign}}, oidc.ErrDecryptionFailed},
		{"after another one", []Key{{ID: "enc", Private: testKeys().sign}, {ID: "enc", Private: testKeys().ec}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decrypter(t, tt.keys...).Decrypt(oidc.Secret(token))
			checkError(t, err, tt.want)
		})
	}
}

func TestNew(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		keys []crypto.PrivateKey
		want error
	}{
		{"RSA and EC", []crypto.PrivateKey{testKeys().rsa, testKeys().ec}, nil},
		{"none", nil, oidc.ErrInvalidConfig},
		{"nil", []crypto.PrivateKey{nil}, oidc.ErrInvalidConfig},
		{"a nil RSA key", []crypto.PrivateKey{(*rsa.PrivateKey)(nil)}, oidc.ErrInvalidConfig},
		{"1024 bits", []crypto.PrivateKey{small}, oidc.ErrInvalidConfig},
		{"P-224", []crypto.PrivateKey{ecKey(elliptic.P224())}, oidc.ErrInvalidConfig},
		{"a public key", []crypto.PrivateKey{testKeys().rsa.Public()}, oidc.ErrInvalidConfig},
		{"a shared secret", []crypto.PrivateKey{[]byte(mark)}, oidc.ErrInvalidConfig},
		{"a good one and a bad one", []crypto.PrivateKey{testKeys().ec, small}, oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var keys []Key
			for _, private := range tt.keys {
				keys = append(keys, Key{Private: private})
			}
			_, err := New(keys...)
			checkError(t, err, tt.want)
		})
	}
}

func FuzzDecrypt(f *testing.F) {
	d, err := New(Key{Private: testKeys().ec}, Key{Private: testKeys().rsa})
	if err != nil {
		f.Fatal(err)
	}
	for _, head := range []string{
		`{"alg":"ECDH-ES","enc":"A128GCM","epk":{"kty":"EC","crv":"P-256","x":"","y":""}}`, `{"alg":"RSA-OAEP-256","enc":"A128CBC-HS256"}`,
		`{"alg":"ECDH-ES+A128KW","enc":"A256GCM","apu":"","apv":1}`, `{"alg":"ECDH-ES","enc":"A128GCM","epk":null}`, `[]`,
	} {
		f.Add(head, "AA", "AAAAAAAAAAAAAAAA", "AA", "AAAAAAAAAAAAAAAAAAAAAA")
	}
	f.Fuzz(func(t *testing.T, head, key, vector, ciphertext, tag string) {
		parts := []string{base64.RawURLEncoding.EncodeToString([]byte(head)), key, vector, ciphertext, tag}
		within, err := d.Decrypt(oidc.Secret(strings.Join(parts, ".")))
		var code oidc.Code
		if err == nil || within != "" || !errors.As(err, &code) {
			t.Fatalf("opened %d bytes, error %v", len(within), err)
		}
	})
}

func TestKeysAreRedacted(t *testing.T) {
	key := Key{ID: "enc", Private: []byte(mark)}
	for _, value := range []any{key, &key, []Key{key}, &Decrypter{keys: []Key{key}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, mark) || strings.Contains(text, "115 51") || strings.Contains(text, "0x73") {
				t.Errorf("%s shows the key: %s", verb, text)
			}
		}
	}
}
