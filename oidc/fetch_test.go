package oidc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// requests are the ways in which this package asks for JSON.
func requests(t *testing.T) map[string]struct {
	method, url string
	good        string
	send        func(context.Context, Transport) error
} {
	m := goodMetadata(t)
	return map[string]struct {
		method, url string
		good        string
		send        func(context.Context, Transport) error
	}{
		"discovery": {"GET", ConfigurationURL(testIssuer), encode(t, goodDocument()), func(ctx context.Context, tr Transport) error {
			_, err := FetchMetadata(ctx, tr, testIssuer)
			return err
		}},
		"jwks": {"GET", m.JWKSURI, jwks(t, publicJWK(t, "ed")), func(ctx context.Context, tr Transport) error {
			_, err := FetchKeys(ctx, tr, m.JWKSURI, false)
			return err
		}},
		"token": {"POST", m.TokenEndpoint, encode(t, goodTokens()), func(ctx context.Context, tr Transport) error {
			_, err := goodParsedCallback(t, m).Exchange(ctx, tr, m)
			return err
		}},
		"userinfo": {"GET", m.UserinfoEndpoint, `{"sub":"` + testSubject + `"}`, func(ctx context.Context, tr Transport) error {
			_, err := goodUserinfo().Fetch(ctx, tr, m, noon)
			return err
		}},
	}
}

func TestAnswers(t *testing.T) {
	for endpoint, request := range requests(t) {
		good := request.good
		tests := []struct {
			name        string
			status      int
			contentType string
			body        string
			want        error
		}{
			{"valid", 200, "application/json", good, nil},
			{"with a charset", 200, "application/json; charset=utf-8", good, nil},
			{"type in upper case", 200, "Application/JSON", good, nil},
			{"type with a suffix", 200, "application/example+json", good, nil},
			{"white space before", 200, "application/json", " \r\n\t" + good, nil},
			{"HTML with 200", 200, "text/html; charset=utf-8", "<!doctype html>", ErrNotJSON},
			{"JSON as HTML", 200, "text/html", good, ErrNotJSON},
			{"JSON as a script", 200, "text/javascript", good, ErrNotJSON},
			{"no type", 200, "", good, nil},
			{"JSON as text", 200, "text/plain; charset=utf-8", good, nil},
			{"JSON as text/json", 200, "text/json", good, nil},
			{"JSON as bytes", 200, "application/octet-stream", good, nil},
			{"a byte order mark", 200, "application/json", "\ufeff" + good, nil},
			{"two byte order marks", 200, "application/json", "\ufeff\ufeff" + good, ErrNotJSON},
			{"HTML without a type", 200, "", "<!doctype html>", ErrNotJSON},
			{"HTML as text", 200, "text/plain", "<!doctype html>", ErrNotJSON},
			{"empty", 200, "application/json", "", ErrNotJSON},
			{"null", 200, "application/json", "null", ErrNotJSON},
			{"an array", 200, "application/json", "[" + good + "]", ErrNotJSON},
			{"a string", 200, "application/json", `"` + mark + `"`, ErrNotJSON},
			{"truncated", 200, "application/json", good[:len(good)-1], ErrNotJSON},
			{"trailing data", 200, "application/json", good + "{}", ErrNotJSON},
			{"invalid UTF-8", 200, "application/json", good[:len(good)-1] + ",\"x\":\"\xff\"}", ErrNotJSON},
			{"nested too deeply", 200, "application/json", good[:len(good)-1] + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", ErrNotJSON},
			{"another success", 201, "application/json", good, ErrHTTPStatus},
			{"no content", 204, "application/json", good, ErrHTTPStatus},
			{"a redirect", 302, "application/json", good, ErrHTTPStatus},
			{"not found", 404, "text/html", mark, ErrHTTPStatus},
			{"too many requests", 429, "application/json", good, ErrHTTPStatus},
			{"server error", 500, "application/json", good, ErrHTTPStatus},
			{"server error in HTML", 503, "text/html", mark, ErrHTTPStatus},
		}
		for _, tt := range tests {
			t.Run(endpoint+" "+tt.name, func(t *testing.T) {
				transport := fakeTransport{request.method + " " + request.url: respond(tt.status, tt.contentType, tt.body)}
				err := request.send(t.Context(), transport)
				checkError(t, err, tt.want)
				if tt.want != nil {
					checkTransportError(t, err, endpoint, tt.status)
				}
			})
		}
	}
}

func TestNoAnswer(t *testing.T) {
	for endpoint, request := range requests(t) {
		for _, code := range []Code{
			ErrNetwork, ErrTimeout, ErrAborted, ErrCORSRefused, ErrRedirectRefused, ErrResponseTooLarge,
		} {
			t.Run(endpoint+" "+string(code), func(t *testing.T) {
				err := request.send(t.Context(), fakeTransport{request.method + " " + request.url: refuse(code)})
				checkError(t, err, code)
				checkTransportError(t, err, endpoint, 0)
			})
		}
	}
}

func TestContextReachesTheTransport(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	errGone := errors.New("the tab is gone")
	cancel(errGone)
	for endpoint, request := range requests(t) {
		t.Run(endpoint, func(t *testing.T) {
			checkError(t, request.send(ctx, causeTransport{}), errGone)
		})
	}
}

// causeTransport fails for the reason that its context was cancelled.
type causeTransport struct{}

func (causeTransport) Do(ctx context.Context, _ *Request) (*Response, error) {
	return nil, context.Cause(ctx)
}

func TestTokenEndpointRefusals(t *testing.T) {
	tests := []struct {
		name        string
		status      int
		contentType string
		body        string
		want        Code
	}{
		{"5.2 400", 400, "application/json", `{"error":"invalid_grant"}`, ErrProvider},
		{"5.2 401", 401, "application/json", `{"error":"invalid_grant"}`, ErrProvider},
		{"5.2 403", 403, "application/json", `{"error":"invalid_grant"}`, ErrProvider},
		{"5.2 503", 503, "application/json", `{"error":"invalid_grant"}`, ErrProvider},
		{"5.2 with a charset", 400, "application/json;charset=UTF-8", `{"error":"invalid_grant"}`, ErrProvider},
		{"5.2 an unknown member", 400, "application/json", `{"error":"invalid_grant","error_codes":[1]}`, ErrProvider},
		{"5.2 no error", 400, "application/json", `{"message":"` + mark + `"}`, ErrHTTPStatus},
		{"5.2 an empty error", 400, "application/json", `{"error":""}`, ErrHTTPStatus},
		{"5.2 error an object", 400, "application/json", `{"error":{"code":1}}`, ErrHTTPStatus},
		{"5.2 error twice", 400, "application/json", `{"error":"invalid_grant","error":"x"}`, ErrHTTPStatus},
		{"5.2 HTML", 400, "text/html", `{"error":"invalid_grant"}`, ErrHTTPStatus},
		{"5.2 truncated", 400, "application/json", `{"error":"invalid_grant"`, ErrHTTPStatus},
		{"5.2 error with 200", 200, "application/json", `{"error":"invalid_grant"}`, ErrProvider},
		{"5.2 error and tokens with 200", 200, "application/json", `{"error":"invalid_grant","access_token":"` + mark + `","token_type":"Bearer","id_token":"x"}`, ErrProvider},
		{"5.2 an empty error with 200", 200, "application/json", `{"error":""}`, ErrTokenResponseInvalid},
		{"5.2 description an object", 400, "application/json", `{"error":"invalid_grant","error_description":{"text":"` + mark + `"}}`, ErrProvider},
		{"5.2 description null", 400, "application/json", `{"error":"invalid_grant","error_description":null}`, ErrProvider},
		{"5.2 uri a number", 400, "application/json", `{"error":"invalid_grant","error_uri":1}`, ErrProvider},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := goodMetadata(t)
			transport := fakeTransport{"POST " + m.TokenEndpoint: respond(tt.status, tt.contentType, tt.body)}
			tokens, err := goodParsedCallback(t, m).Exchange(t.Context(), transport, m)
			checkError(t, err, tt.want)
			if tokens != nil {
				t.Error("tokens came with an error")
			}
			var refusal *ProviderError
			if want := (ProviderError{Endpoint: "token", Status: tt.status, ErrorCode: "invalid_grant"}); tt.want == ErrProvider &&
				(!errors.As(err, &refusal) || *refusal != want) {
				t.Errorf("error = %#v, want %+v", refusal, want)
			}
		})
	}
}

// A date in Retry-After counts from the server's clock if that shows.
func TestRetryAfterDate(t *testing.T) {
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(imfFixdate) }
	tests := []struct {
		name, retryAfter, date string
		least, most            time.Duration
	}{
		{"10.2.3 seconds", "7", "", 7 * time.Second, 7 * time.Second},
		{"10.2.3 a date of the server's clock", "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:29 GMT", 30 * time.Second, 30 * time.Second},
		{"10.2.3 a date alone", at(time.Hour), "", 58 * time.Minute, time.Hour},
		{"10.2.3 a date that has passed", at(-time.Hour), "", 0, 0},
		{"10.2.3 neither", "soon", "", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := &Response{Header: map[string]string{"retry-after": tt.retryAfter, "date": tt.date}}
			if got := RetryAfter(resp); got < tt.least || got > tt.most {
				t.Errorf("retryAfter = %v, want %v to %v", got, tt.least, tt.most)
			}
		})
	}
}

// A media type is text of the provider's, too, which may hold what was sent.
func TestSecretInMediaType(t *testing.T) {
	for media, shown := range map[string]bool{"text/html": true, "x/s3cr3t-token": false, "s3cr3t-token": false} {
		transport := fakeTransport{"POST " + testIssuer + "/token": respond(200, media, "{}")}
		request := &RefreshRequest{ClientID: "client", RefreshToken: "s3cr3t-token"}
		_, err := request.Refresh(t.Context(), transport, goodMetadata(t))
		if !errors.Is(err, ErrNotJSON) || strings.Contains(err.Error(), media) != shown {
			t.Errorf("%s: %v", media, err)
		}
	}
}
