package session

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// es256 is a key like one of WebCrypto's.
type es256 struct{ private *ecdsa.PrivateKey }

func newES256(context.Context) (oidc.Signer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return es256{private}, err
}

func (es256) Algorithm() string { return "ES256" }

func (k es256) PublicJWK() map[string]string {
	point, _ := k.private.PublicKey.Bytes()
	return map[string]string{
		"kty": "EC", "crv": "P-256",
		"x": base64.RawURLEncoding.EncodeToString(point[1:33]),
		"y": base64.RawURLEncoding.EncodeToString(point[33:]),
	}
}

func (k es256) Sign(_ context.Context, input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}

// newBound is a world whose provider binds tokens to keys. proofs are the
// headers of each request by endpoint.
func newBound(t *testing.T) (w *world, proofs map[string][]http.Header) {
	w = newWorld(t)
	w.op.RefreshTokens = true
	w.op.EditTokenResponse = func(response map[string]any) { response["token_type"] = "dPoP" }
	proofs = map[string][]http.Header{}
	var mu sync.Mutex // keys are fetched while the code is exchanged
	w.op.Hold = func(endpoint string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		proofs[endpoint] = append(proofs[endpoint], r.Header.Clone())
	}
	w.settings.DPoP = true
	w.settings.LoadUserinfo = true
	w.registry = NewRegistry(Config{Transport: w.transport, NewKey: newES256, Logf: t.Logf})
	return w, proofs
}

// Tokens are asked for and used with a proof, and nothing else is.
func TestDPoP(t *testing.T) {
	w, proofs := newBound(t)
	client, tab := w.open(false)
	user := w.signIn(client, tab)
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
		t.Fatal(err)
	}
	for endpoint, want := range map[string]int{
		oidctest.Discovery: 0, oidctest.JWKS: 0, oidctest.Token: 2, oidctest.Userinfo: 2,
	} {
		n := 0
		for _, header := range proofs[endpoint] {
			if header.Get("DPoP") != "" {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d requests with a proof, want %d", endpoint, n, want)
		}
	}
	if got := proofs[oidctest.Userinfo][0].Get("Authorization"); got != "DPoP "+user.AccessToken.Reveal() {
		t.Error("userinfo was not asked with the scheme DPoP")
	}

	const api = "https://api.example.test/things?page=2"
	proof, err := client.DPoPProof(t.Context(), "POST", api, "")
	if err != nil {
		t.Fatal(err)
	}
	now, _ := client.User(t.Context())
	expected := &oidc.ExpectedDPoPProof{
		Method: "POST", URL: api, AccessToken: now.AccessToken, Thumbprint: now.key.Thumbprint(),
	}
	if _, err := expected.VerifyDPoPProof(proof, client.session.config.Now()); err != nil {
		t.Errorf("the proof for an API is refused: %v", err)
	}
}

func TestDPoPRefusals(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world)
		want oidc.Code
	}{
		{"a bearer token comes", func(w *world) {
			w.op.EditTokenResponse = func(response map[string]any) { response["token_type"] = "Bearer" }
		}, oidc.ErrTokenTypeNotAllowed},
		{"the provider takes other algorithms", func(w *world) {
			w.op.EditMetadata = func(metadata map[string]any) {
				metadata["dpop_signing_alg_values_supported"] = []string{"RS256"}
			}
		}, oidc.ErrUnsupported},
		{"there are no keys", func(w *world) { w.registry = NewRegistry(Config{Transport: w.transport}) }, oidc.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, _ := newBound(t)
			tt.edit(w)
			client, tab := w.open(false)
			_, err := client.SigninCallback(t.Context(), w.redirect(client, tab))
			mustFail(t, "SigninCallback", err, tt.want)
		})
	}
}

func TestDPoPProofRefusals(t *testing.T) {
	w, _ := newBound(t)
	client, tab := w.open(false)
	_, err := client.DPoPProof(t.Context(), "GET", "https://api.example.test/", "")
	mustFail(t, "for nobody", err, ErrNotSignedIn)
	w.signIn(client, tab)
	_, err = client.DPoPProof(t.Context(), "GET", "nonsense", "")
	mustFail(t, "for no URL", err, oidc.ErrInvalidArgument)
	_, err = client.DPoPProof(t.Context(), "G ET", "https://api.example.test/", "")
	mustFail(t, "for no method", err, oidc.ErrInvalidArgument)

	plain := newWorld(t)
	client, tab = plain.open(false)
	plain.signIn(client, tab)
	_, err = client.DPoPProof(t.Context(), "GET", "https://api.example.test/", "")
	mustFail(t, "for a bearer token", err, oidc.ErrUnsupported)
}

// The next user gets another key.
func TestDPoPKeyEndsWithUser(t *testing.T) {
	w, proofs := newBound(t)
	client, tab := w.open(false)
	w.signIn(client, tab)
	_ = client.RemoveUser(t.Context())
	w.signIn(client, tab)
	key := func(i int) string {
		header, _, _ := strings.Cut(proofs[oidctest.Token][i].Get("DPoP"), ".")
		return header
	}
	if key(0) == key(1) {
		t.Error("two users had one key")
	}
}

// The thumbprint is that of the key which a sign-in is bound to afterwards.
func TestDPoPThumbprint(t *testing.T) {
	w, _ := newBound(t)
	client, tab := w.open(false)
	thumbprint, err := client.DPoPThumbprint(t.Context())
	if err != nil || thumbprint == "" || thumbprint != client.session.key.Thumbprint() {
		t.Fatalf("DPoPThumbprint = %q, %v", thumbprint, err)
	}
	w.signIn(client, tab)
	if again, err := client.DPoPThumbprint(t.Context()); err != nil || again != thumbprint {
		t.Errorf("DPoPThumbprint = %q, %v after the sign-in", again, err)
	}
	w.settings.DPoP = false
	client, _ = w.open(false)
	if thumbprint, err := client.DPoPThumbprint(t.Context()); err != nil || thumbprint != "" {
		t.Errorf("DPoPThumbprint = %q, %v without DPoP", thumbprint, err)
	}
	w = newWorld(t) // without keys
	w.settings.DPoP = true
	client, _ = w.open(false)
	_, err = client.DPoPThumbprint(t.Context())
	mustFail(t, "DPoPThumbprint", err, oidc.ErrUnsupported)
}

// The steps of an OidcClient prove the key to which the refresh token belongs.
func TestDPoPOfSteps(t *testing.T) {
	w, _ := newBound(t)
	steps, err := w.registry.OpenSteps(w.settings, newTab(w.op).page())
	if err != nil {
		t.Fatal(err)
	}
	request, err := steps.Signin(t.Context(), SigninArgs{})
	if err != nil {
		t.Fatal(err)
	}
	user, err := steps.SigninResponse(t.Context(), w.op.Visit(request.URL), ResponseArgs{})
	if err != nil {
		t.Fatal(err)
	}
	previous := &User{RefreshToken: user.RefreshToken, IDToken: user.IDToken, Scope: user.Scope} // what an app keeps
	renewed, err := steps.Refresh(t.Context(), previous, SigninArgs{})
	if err != nil || renewed.TokenType != "dPoP" {
		t.Errorf("Refresh = %v", err)
	}
}

// The proof for a token request that the app sends itself is of the key that
// the steps' own requests have.
func TestTokenProof(t *testing.T) {
	w, proofs := newBound(t)
	steps := w.steps()
	metadata, err := steps.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proof, err := steps.TokenProof(t.Context(), "n1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.SigninResponse(t.Context(), w.callback(steps), ResponseArgs{}); err != nil {
		t.Fatal(err)
	}
	head, claims := readProof(t, proof)
	ownHead, own := readProof(t, proofs[oidctest.Token][0].Get("DPoP"))
	if head != ownHead {
		t.Error("the program's own proof is of another key")
	}
	if claims["htu"] != metadata.TokenEndpoint || claims["htm"] != "POST" || claims["nonce"] != "n1" {
		t.Errorf("claims = %v", claims)
	}
	if own["nonce"] != "n1" || own["jti"] == claims["jti"] {
		t.Errorf("claims of the own proof = %v", own)
	}
	_, err = steps.TokenProof(t.Context(), "a b")
	mustFail(t, "TokenProof", err, oidc.ErrInvalidArgument)
	_, err = newWorld(t).steps().TokenProof(t.Context(), "") // without keys
	mustFail(t, "TokenProof", err, oidc.ErrUnsupported)
}

// readProof returns the header of a proof as it is, and its claims.
func readProof(t *testing.T, proof string) (header string, claims map[string]any) {
	t.Helper()
	header, rest, _ := strings.Cut(proof, ".")
	payload, _, _ := strings.Cut(rest, ".")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || json.Unmarshal(data, &claims) != nil {
		t.Fatalf("no proof: %v", err)
	}
	return header, claims
}

// Who signs in while somebody is signed in has tokens that are bound to another
// key; a renewal has those of the one before.
func TestKeyOfAnotherSignin(t *testing.T) {
	for _, way := range []string{"redirect", "ahead", "popup"} {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings.DPoP, w.settings.ManualRenew = true, true
			w.registry = NewRegistry(Config{Transport: w.transport, NewKey: newES256, Logf: t.Logf})
			client, tab := w.open(false)
			thumbprint := func() string {
				key, err := client.DPoPThumbprint(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return key
			}
			w.signIn(client, tab)
			first := thumbprint()
			w.op.Edit(func() { w.op.Subject = "subject-2" })
			var err error
			switch way {
			case "popup":
				_, err = client.SigninPopup(t.Context(), SigninArgs{})
			default:
				url, arrival := tab.handOn(w.redirect(client, tab))
				if way == "ahead" {
					w.registry.Arrive(url, arrival)
				}
				_, err = client.SigninCallback(t.Context(), url)
			}
			second := thumbprint()
			if err != nil || first == second {
				t.Errorf("both have the key %s, %v", second, err)
			}
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || thumbprint() != second {
				t.Errorf("the renewal: %v", err)
			}
		})
	}
}

// A user has the key that the tokens are bound to, also where the session has
// forgotten it since: somebody signed in elsewhere.
func TestDPoPKeyOfWhatIsUnderWay(t *testing.T) {
	tests := []struct {
		name     string
		bindCode bool
		at       string // where it is forgotten
	}{
		{"while the code is exchanged", false, oidctest.Token},
		{"while the claims come", false, oidctest.Userinfo},
		{"while the tab is away, with a code that is bound", true, oidctest.Authorize},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, proofs := newBound(t)
				w.settings.BindCode = tt.bindCode
				client, tab := w.open(false)
				client.Sleeps(true) // it looks for nobody
				note, forgotten := w.op.Hold, false
				w.op.Edit(func() {
					w.op.Hold = func(endpoint string, r *http.Request) {
						note(endpoint, r)
						if endpoint == tt.at && !forgotten {
							forgotten = true
							client.session.heed(false, func(st *standing) effects {
								return st.heard(news{order: st.order + 1, act: signedIn, who: "somebody"})
							})
						}
					}
				})
				user := w.signIn(client, tab)
				if !forgotten {
					t.Fatal("nothing was forgotten")
				}
				exchanged, _, _ := strings.Cut(proofs[oidctest.Token][0].Get("DPoP"), ".")
				proof, err := client.DPoPProof(t.Context(), "GET", "https://api.example.test/", "")
				if err != nil {
					t.Fatal(err)
				}
				if used, _, _ := strings.Cut(proof, "."); used != exchanged {
					t.Errorf("%s proves another key than that of the token request", user.Subject())
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// A token goes with a proof of the key that it is bound to, whoever has signed in since
// it was taken.
func TestDPoPKeyOfTheToken(t *testing.T) {
	const resource = "https://api.example.test/v1"
	tests := []struct {
		name  string
		apart bool // also where nobody is signed in any more
		use   func(t *testing.T, c *Client, user *User, a *api) error
	}{
		{"fetch", false, func(t *testing.T, c *Client, user *User, a *api) error {
			f := &fetch{client: c, session: c.session, request: &FetchRequest{Method: "GET", URL: apiURL}, transport: a, api: &API{}}
			_, err := f.send(t.Context(), &credential{user, user})
			return err
		}},
		{"userinfo", true, func(t *testing.T, c *Client, user *User, _ *api) error {
			return c.session.loadUserinfo(t.Context(), user, false)
		}},
		{"renewal", true, func(t *testing.T, c *Client, user *User, _ *api) error {
			_, err := c.session.refresh(t.Context(), c, user, user.RefreshToken, SigninArgs{SkipUserinfo: true})
			return err
		}},
		{"token of a resource", true, func(t *testing.T, c *Client, user *User, _ *api) error {
			args := SigninArgs{Request: RequestSettings{Resource: []string{resource}}, scopeless: true}
			holder, err := c.session.refresh(t.Context(), c, user, user.RefreshToken, args)
			if err == nil && holder.key != user.key {
				t.Error("the token has another key")
			}
			return err
		}},
	}
	for _, tt := range tests {
		for _, since := range []string{"sign-in", "sign-out"} {
			for _, stored := range []bool{false, true} {
				if since == "sign-out" && !tt.apart {
					continue
				}
				t.Run(fmt.Sprintf("%s after a %s, stored %t", tt.name, since, stored), func(t *testing.T) {
					w, proofs := newBound(t)
					w.settings.ManualRenew = true
					client, tab := w.open(false)
					user, a := w.signIn(client, tab), &api{}
					if stored {
						if err := client.StoreUser(t.Context(), given(user)); err != nil {
							t.Fatal(err)
						}
						user = client.Current()
					}
					bound := keyIn(proofs[oidctest.Token][0].Get("DPoP"))
					_ = client.RemoveUser(t.Context())
					if since == "sign-in" {
						w.signIn(client, tab)
					}
					clear(proofs)
					if err := tt.use(t, client, user, a); err != nil {
						t.Fatal(err)
					}
					for _, header := range a.sent {
						proofs["api"] = append(proofs["api"], http.Header{"Dpop": {header["DPoP"]}})
					}
					n := 0
					for endpoint, headers := range proofs {
						for _, header := range headers {
							if proof := header.Get("DPoP"); proof != "" {
								n++
								if keyIn(proof) != bound {
									t.Errorf("%s got a proof of another key", endpoint)
								}
							}
						}
					}
					if n == 0 {
						t.Error("nobody got a proof")
					}
					_ = client.RemoveUser(t.Context())
				})
			}
		}
	}
}

// keyIn returns what names the key of a proof.
func keyIn(proof string) string {
	head, _, _ := strings.Cut(proof, ".")
	return head
}

// Who asks for the thumbprint at the same time gets the same.
func TestDPoPThumbprintTwice(t *testing.T) {
	w, _ := newBound(t)
	var client *Client
	var first string
	w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, NewKey: func(ctx context.Context) (oidc.Signer, error) {
		if first == "" {
			first = "is being made"
			first, _ = client.DPoPThumbprint(ctx)
		}
		return newES256(ctx)
	}})
	client, _ = w.open(false)
	if second, err := client.DPoPThumbprint(t.Context()); err != nil || first == "" || second != first {
		t.Errorf("DPoPThumbprint = %q and %q, %v", first, second, err)
	}
}
