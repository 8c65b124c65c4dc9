package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A Signer is the private key of a client, which need not be readable: a key
// of WebCrypto that cannot be extracted will do.
type Signer interface {
	// Algorithm returns the name of the signature algorithm: "ES256".
	Algorithm() string
	// PublicJWK returns the members of the public key (RFC 7517 4).
	PublicJWK() map[string]string
	// Sign returns the signature of input as a JWS has it: for ES256 the two
	// numbers of 32 bytes each, not ASN.1 (RFC 7518 3.4).
	Sign(ctx context.Context, input []byte) ([]byte, error)
}

// A DPoPTransport sends every request with a proof that the client holds a
// key (RFC 9449). Access tokens that are requested through it have to be bound
// to that key, and are used through it: their Authorization header becomes one
// of the scheme DPoP.
//
// It is for the token endpoint, the one for pushed requests, userinfo and the
// APIs that take bound tokens. Discovery and keys go without: where nobody
// expects the header, a preflight refuses it.
type DPoPTransport struct {
	transport Transport
	key       Signer
	jwk       map[string]string
	random    io.Reader
	now       func() time.Time
	nonces    *dpopNonces
}

// dpopNonces are those that servers gave last.
type dpopNonces struct {
	mu       sync.Mutex
	byOrigin map[string]string // guarded by mu
}

// NewDPoPTransport returns a transport that signs with key. random is a
// source of random bits, now the wall clock. Its one failure is
// [ErrInvalidConfig]: the key is not one of an asymmetric algorithm, or its
// public members hold a private one.
func NewDPoPTransport(t Transport, key Signer, random io.Reader, now func() time.Time) (*DPoPTransport, error) {
	jwk, err := publicMembers(key)
	if err != nil {
		return nil, err
	}
	return &DPoPTransport{transport: t, key: key, jwk: jwk, random: random, now: now, nonces: &dpopNonces{byOrigin: map[string]string{}}}, nil
}

// Over returns a transport with the same key and the same nonces that sends
// through t.
func (d *DPoPTransport) Over(t Transport) *DPoPTransport {
	other := *d
	other.transport = t
	return &other
}

// CheckDPoP returns [ErrUnsupported] if the algorithm is none of those that the
// provider takes in proofs (RFC 9449 5.1), or it takes none at all; an empty one
// asks for that alone.
func (m *Metadata) CheckDPoP(algorithm string) error {
	supported := m.DPoPSigningAlgValuesSupported
	if len(supported) == 0 || algorithm != "" && !slices.Contains(supported, algorithm) {
		return unannounced(strings.TrimSpace("dpop "+algorithm), "dpop_signing_alg_values_supported")
	}
	return nil
}

// publicMembers returns the members of a key that identify it, and no others
// (RFC 7638 3.2).
func publicMembers(key Signer) (map[string]string, error) {
	all, alg := key.PublicJWK(), key.Algorithm()
	kty, names := "", []string(nil)
	switch {
	case !slices.Contains(asymmetricAlgorithms, alg):
	case strings.HasPrefix(alg, "ES"):
		kty, names = "EC", []string{"crv", "kty", "x", "y"}
	case strings.HasPrefix(alg, "Ed"):
		kty, names = "OKP", []string{"crv", "kty", "x"}
	default:
		kty, names = "RSA", []string{"e", "kty", "n"}
	}
	if _, private := all["d"]; private || kty == "" || all["kty"] != kty {
		return nil, fmt.Errorf("DPoP key: %w", ErrInvalidConfig)
	}
	public := map[string]string{}
	for _, name := range names {
		if all[name] == "" {
			return nil, fmt.Errorf("DPoP key: %w", ErrInvalidConfig)
		}
		public[name] = all[name]
	}
	return public, nil
}

// String returns "[redacted]".
func (d *DPoPTransport) String() string { return redacted }

// GoString returns "[redacted]".
func (d *DPoPTransport) GoString() string { return redacted }

// AccessTokenType is what the token endpoint has to issue (RFC 9449 5).
func (d *DPoPTransport) AccessTokenType() string { return "DPoP" }

// Algorithm returns the algorithm of the key.
func (d *DPoPTransport) Algorithm() string { return d.key.Algorithm() }

// Proof returns the value of the header DPoP for one request that others
// send, with the access token that goes with it (RFC 9449 7.1). nonce is the
// one that its server wants, or empty. Codes: [ErrInvalidArgument] and
// [ErrInsecureURL] for the address, what the key fails with.
func (d *DPoPTransport) Proof(ctx context.Context, method, address string, token Secret, nonce string) (string, error) {
	address, _, _ = strings.Cut(address, "#")
	u, err := parseSecureURL(address)
	if err != nil {
		return "", fmt.Errorf("DPoP: %w", err)
	}
	if method == "" || strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("DPoP: method: %w", ErrInvalidArgument)
	}
	return d.proof(ctx, method, u, nonce, token)
}

// TokenProof is [DPoPTransport.Proof] for one request to the token endpoint,
// which has no access token yet (RFC 9449 5). nonce is remembered as if the
// server had just sent it; without one, the proof has the last that it sent.
func (d *DPoPTransport) TokenProof(ctx context.Context, endpoint, nonce string) (string, error) {
	u, err := parseSecureURL(endpoint)
	if err != nil {
		return "", fmt.Errorf("DPoP: %w", err)
	}
	if !isNonce(nonce) {
		return "", fmt.Errorf("DPoP: nonce: %w", ErrInvalidArgument)
	}
	origin := originOf(u)
	if nonce == "" {
		nonce = d.nonce(origin)
	} else {
		d.keep(origin, nonce)
	}
	return d.proof(ctx, "POST", u, nonce, "")
}

// Thumbprint identifies the key (RFC 7638): the dpop_jkt of an
// [AuthenticationRequest], which binds the code to it (RFC 9449 10).
func (d *DPoPTransport) Thumbprint() string {
	canonical, err := strictjson.Marshal(d.jwk) // members in order, nothing to escape
	if err != nil {
		return ""
	}
	return hashText(string(canonical))
}

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Do sends req with a proof, and once more if the server wants its nonce in
// it (RFC 9449 8 and 9). It never lets a redirect be followed. Codes: those of the transport beneath,
// [ErrInvalidArgument] and [ErrInsecureURL] for the address,
// [ErrDPoPNonceHidden], what the key fails with.
func (d *DPoPTransport) Do(ctx context.Context, req *Request) (*Response, error) {
	address, _, _ := strings.Cut(req.URL, "#")
	u, err := parseSecureURL(address)
	if err != nil {
		return nil, fmt.Errorf("DPoP: %w", err)
	}
	origin := originOf(u)
	nonce := d.nonce(origin)
	resp, err := d.send(ctx, req, u, nonce)
	if err != nil {
		return nil, err
	}
	fresh := d.remember(origin, resp)
	if hidesNonce(resp) {
		return nil, fmt.Errorf("%s does not show DPoP-Nonce: %w", origin, ErrDPoPNonceHidden)
	}
	if fresh == "" || fresh == nonce || !wantsNonce(resp) {
		return resp, nil
	}
	resp, err = d.send(ctx, req, u, fresh)
	if err != nil {
		return nil, err
	}
	d.remember(origin, resp)
	return resp, nil
}

// send adds the proof to a copy of req.
func (d *DPoPTransport) send(ctx context.Context, req *Request, u *url.URL, nonce string) (*Response, error) {
	signed := *req
	signed.Header = maps.Clone(req.Header)
	if signed.Header == nil {
		signed.Header = map[string]string{}
	}
	scheme, token, _ := strings.Cut(req.Header["Authorization"], " ")
	if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "DPoP") {
		signed.Header["Authorization"] = "DPoP " + token // RFC 9449 7.1
	} else {
		token = ""
	}
	proof, err := d.proof(ctx, req.Method, u, nonce, Secret(token))
	if err != nil {
		return nil, fmt.Errorf("DPoP proof: %w", err)
	}
	signed.Header["DPoP"] = proof
	signed.MayRedirect = false // a proof is for one address, and would go along to any
	return d.transport.Do(ctx, &signed)
}

// proofHeader and proofClaims are those of a proof (RFC 9449 4.2).
type proofHeader struct {
	Typ string            `json:"typ"`
	Alg string            `json:"alg"`
	JWK map[string]string `json:"jwk"`
}

type proofClaims struct {
	ID              string `json:"jti"`
	Method          string `json:"htm"`
	URI             string `json:"htu"` // without query and fragment
	IssuedAt        int64  `json:"iat"`
	AccessTokenHash string `json:"ath,omitempty"`
	Nonce           string `json:"nonce,omitempty"`
}

// proof signs that this client sends this request now (RFC 9449 4.2).
func (d *DPoPTransport) proof(ctx context.Context, method string, u *url.URL, nonce string, token Secret) (string, error) {
	id, err := randomSecret(d.random)
	if err != nil {
		return "", err
	}
	claims := proofClaims{ID: id.Reveal(), Method: method, URI: proofURI(u), IssuedAt: d.now().Unix(), Nonce: nonce}
	if token != "" {
		claims.AccessTokenHash = hashText(token.Reveal())
	}
	header, err := strictjson.Marshal(proofHeader{Typ: "dpop+jwt", Alg: d.key.Algorithm(), JWK: d.jwk})
	if err != nil {
		return "", err
	}
	payload, err := strictjson.Marshal(claims)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode(header) + "." + encode(payload)
	signature, err := d.key.Sign(ctx, []byte(input))
	if err != nil {
		return "", err
	}
	return input + "." + encode(signature), nil
}

// proofURI returns the address without query and fragment, as a browser
// sends it: the path is never empty (RFC 9449 4.2).
func proofURI(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return originOf(u) + path
}

func (d *DPoPTransport) nonce(origin string) string {
	d.nonces.mu.Lock()
	defer d.nonces.mu.Unlock()
	return d.nonces.byOrigin[origin]
}

// remember keeps the nonce of an answer, whatever its status, for the next
// request to the same server (RFC 9449 8.2), and returns it.
func (d *DPoPTransport) remember(origin string, resp *Response) string {
	nonce := resp.Header["dpop-nonce"]
	if nonce == "" || !isNonce(nonce) {
		return ""
	}
	d.keep(origin, nonce)
	return nonce
}

func (d *DPoPTransport) keep(origin, nonce string) {
	d.nonces.mu.Lock()
	defer d.nonces.mu.Unlock()
	d.nonces.byOrigin[origin] = nonce
}

// maxNonceLength bounds what a server makes the client send back, in bytes.
const maxNonceLength = 4 << 10

// isNonce checks the characters (RFC 9449 8.1). Two headers, which a
// browser joins with ", ", are none.
func isNonce(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return len(text) <= maxNonceLength
}

// wantsNonce tells whether the answer asks for its nonce: 400 from the
// authorization server (RFC 9449 8), 401 from a resource (RFC 9449 9).
//
// Lenient: a browser shows WWW-Authenticate only where the server exposes it
// by CORS, and some expose DPoP-Nonce alone.
func wantsNonce(resp *Response) bool {
	switch resp.Status {
	case 400:
		refusal := providerError("token", resp, nil)
		return refusal != nil && refusal.ErrorCode == "use_dpop_nonce"
	case 401:
		header, exposed := resp.Header["www-authenticate"]
		challenges, err := ParseChallenges(header)
		return !exposed || err == nil && WantsDPoPNonce(challenges)
	}
	return false
}

// hidesNonce tells whether the answer says that it wants its nonce, and there
// is none to be seen: a browser shows DPoP-Nonce only where the server exposes
// it by CORS. A 401 without a challenge to be seen says nothing.
func hidesNonce(resp *Response) bool {
	_, challenged := resp.Header["www-authenticate"]
	return resp.Header["dpop-nonce"] == "" && (resp.Status == 400 || challenged) && wantsNonce(resp)
}
