package oidc

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A ClientAuthentication is how a client that has a secret proves who it is
// (RFC 6749 2.3.1, OIDC Core 9). What is delivered to browsers holds no
// secret: this is for providers that give one to every client.
type ClientAuthentication struct {
	Method    string // "client_secret_post", the default, "client_secret_basic", "client_secret_jwt"
	Secret    Secret // none: the client is public
	Algorithm string // of client_secret_jwt: "HS256", the default, "HS384", "HS512"
}

// assertionLifetime is how long a client_secret_jwt is good, in seconds.
const assertionLifetime = 60

// Check fails for what is not known. Code: [ErrInvalidConfig].
func (a ClientAuthentication) Check() error {
	if !slices.Contains([]string{"", "client_secret_post", "client_secret_basic", "client_secret_jwt"}, a.Method) {
		return fmt.Errorf("client_authentication has to be client_secret_post, _basic or _jwt: %w", ErrInvalidConfig)
	}
	if a.Algorithm != "" && macs[a.Algorithm] == nil {
		return fmt.Errorf("token_endpoint_auth_signing_alg has to be HS256, HS384 or HS512: %w", ErrInvalidConfig)
	}
	if a.Secret == "" && a.Method != "" && a.Method != "client_secret_post" {
		return fmt.Errorf("client_secret is missing: %w", ErrInvalidConfig)
	}
	return nil
}

// Authenticate returns a transport that authenticates the client with every
// form that is posted, and leaves other requests as they are; t itself for a
// public client.
func (a ClientAuthentication) Authenticate(t Transport, random io.Reader, now func() time.Time) Transport {
	if a.Secret == "" {
		return t
	}
	return &authenticated{t, a, random, now}
}

// authenticated is a Transport with the credentials of a client.
type authenticated struct {
	Transport
	with   ClientAuthentication
	random io.Reader
	now    func() time.Time
}

// Do is [Transport].
func (a *authenticated) Do(ctx context.Context, req *Request) (*Response, error) {
	if req.Method != "POST" {
		return a.Transport.Do(ctx, req)
	}
	signed := *req
	add, secrets := &params{}, []Secret{a.with.Secret}
	switch a.with.Method {
	case "client_secret_basic":
		signed.Body = a.basic(&signed)
		secrets = append(secrets, Secret(strings.TrimPrefix(signed.Header["Authorization"], "Basic ")))
	case "client_secret_jwt":
		assertion, err := a.assertion(req)
		if err != nil {
			return nil, err
		}
		add.add("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		add.add("client_assertion", assertion)
		secrets = append(secrets, Secret(assertion))
	default:
		add.add("client_secret", a.with.Secret.Reveal())
	}
	if len(add.names) > 0 {
		signed.Body += "&" + add.encode()
	}
	resp, err := a.Transport.Do(ctx, &signed)
	if err != nil {
		return nil, err
	}
	known := *resp
	known.Secrets = slices.Concat(secrets, resp.Secrets)
	return &known, nil
}

// basic sets the credentials as a header, and returns the form without the
// client_id (RFC 6749 2.3.1: both parts are form-encoded first).
func (a *authenticated) basic(req *Request) string {
	id, rest := clientID(req.Body)
	header := map[string]string{
		"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+formEscape(a.with.Secret.Reveal()))),
	}
	for name, value := range req.Header {
		header[name] = value
	}
	req.Header = header
	return rest
}

// clientID returns the client_id of a form, as it is encoded, and the form
// without it.
func clientID(form string) (id, rest string) {
	pairs := strings.Split(form, "&")
	i := slices.IndexFunc(pairs, func(pair string) bool { return strings.HasPrefix(pair, "client_id=") })
	if i < 0 {
		return "", form
	}
	id = strings.TrimPrefix(pairs[i], "client_id=")
	return id, strings.Join(slices.Delete(pairs, i, i+1), "&")
}

// macs are the algorithms of client_secret_jwt (RFC 7518 3.2).
var macs = map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}

// assertion returns a JWT for one request (OIDC Core 9, RFC 7523 3).
func (a *authenticated) assertion(req *Request) (string, error) {
	encodedID, _ := clientID(req.Body)
	id, err := url.QueryUnescape(encodedID)
	if err != nil {
		return "", err
	}
	jti, err := randomSecret(a.random)
	if err != nil {
		return "", err
	}
	alg, now := a.with.Algorithm, a.now().Unix()
	if alg == "" {
		alg = "HS256"
	}
	var parts [2]string
	for i, part := range []map[string]any{
		{"alg": alg, "typ": "JWT"},
		{"iss": id, "sub": id, "aud": req.URL, "jti": jti.Reveal(), "iat": now, "exp": now + assertionLifetime},
	} {
		data, err := strictjson.Marshal(part)
		if err != nil {
			return "", err
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(data)
	}
	input := parts[0] + "." + parts[1]
	mac := hmac.New(macs[alg], []byte(a.with.Secret.Reveal()))
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}
