package oidc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// do sends req and names the endpoint in the error.
func do(ctx context.Context, t Transport, endpoint string, req *Request) (*Response, error) {
	resp, err := t.Do(ctx, req)
	if err == nil {
		return resp, nil
	}
	failure := &TransportError{Endpoint: endpoint, Err: err}
	var begun *TransportError
	if errors.As(err, &begun) {
		failure.Status, failure.Err = begun.Status, begun.Err
	}
	return nil, failure
}

// getJSON fetches a JSON object with status 200 into v.
func getJSON(ctx context.Context, t Transport, endpoint string, req *Request, v any) (*Response, error) {
	resp, err := do(ctx, t, endpoint, req)
	if err != nil {
		return nil, err
	}
	if resp.Status == 200 {
		return resp, decodeJSON(endpoint, resp, v)
	}
	failure := statusError(endpoint, resp)
	// Who answers in the words of RFC 6749 5.2 where there is nothing to refuse has no such address.
	if said := providerError(endpoint, resp, nil); said != nil && safeErrorCode(said.ErrorCode) == said.ErrorCode {
		failure.Err = fmt.Errorf("the answer says %s: %w", said.ErrorCode, failure.Err)
	}
	return nil, failure
}

// statusError reports a status that is not the one of success.
func statusError(endpoint string, resp *Response) *TransportError {
	return &TransportError{Endpoint: endpoint, Status: resp.Status, RetryAfter: RetryAfter(resp), Err: ErrHTTPStatus}
}

// RetryAfter reads how long the server asks to wait (RFC 9110 10.2.3). A date
// counts from the server's own Date, whatever the clock says here; where CORS
// hides that, from the clock here, which may be wrong: who waits sets bounds.
func RetryAfter(resp *Response) time.Duration {
	text := resp.Header["retry-after"]
	if delta, ok := deltaSeconds(text); ok {
		return delta
	}
	at, ok := httpDate(text)
	if !ok {
		return 0
	}
	now, ok := httpDate(resp.Header["date"])
	if !ok {
		now = time.Now()
	}
	return min(max(at.Sub(now), 0), maxDelta*time.Second)
}

// postForm posts parameters, and returns the answer if its status is the one
// of success. Any other is the provider's refusal if it says so in JSON
// (RFC 6749 5.2), and an HTTP failure if not.
func postForm(ctx context.Context, t Transport, endpoint, url string, form *params, success int) (*Response, error) {
	resp, err := do(ctx, t, endpoint, &Request{
		Method: "POST",
		URL:    url,
		Header: map[string]string{
			"Accept":       "application/json",
			"Content-Type": "application/x-www-form-urlencoded",
		},
		Body:    form.encode(),
		NoStore: true, // RFC 6749 5.1, whatever the answer says
	})
	if err != nil {
		return nil, err
	}
	if resp.Status == success {
		return resp, nil
	}
	if refusal := providerError(endpoint, resp, form.secrets()); refusal != nil {
		return nil, refusal
	}
	return nil, statusError(endpoint, resp)
}

// providerError returns the refusal in the body of resp (RFC 6749 5.2), nil if
// there is none, without the secrets of the request. Only error decides: a
// description of another type than text is left out.
func providerError(endpoint string, resp *Response, secrets []Secret) *ProviderError {
	var body struct {
		Error       strictjson.RawMessage `json:"error"`
		Description strictjson.RawMessage `json:"error_description"`
		URI         strictjson.RawMessage `json:"error_uri"`
	}
	if decodeJSON(endpoint, resp, &body) != nil {
		return nil
	}
	refusal := ProviderError{
		Endpoint:    endpoint,
		Status:      resp.Status,
		ErrorCode:   textOf(body.Error),
		Description: textOf(body.Description),
		URI:         textOf(body.URI),
		RetryAfter:  RetryAfter(resp),
	}
	if refusal.ErrorCode == "" {
		return nil
	}
	return refusal.without(append(secrets, resp.Secrets...)...)
}

// textOf decodes a JSON string; "" for anything else.
func textOf(raw strictjson.RawMessage) string {
	var text string
	if strictjson.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// otherTypes are those that are named in an error: any text may hold what was sent.
var otherTypes = []string{"text/html", "text/xml", "application/xml", "application/jwt", "application/x-www-form-urlencoded"}

// decodeJSON decodes the body of resp, which has to be a JSON object, perhaps
// behind a byte order mark, and must not be labelled as something else. Kept as it is, it is decoded again by who knows what it
// has to be.
func decodeJSON(endpoint string, resp *Response, v any) error {
	decode := strictjson.Unmarshal
	if _, kept := v.(*strictjson.RawMessage); kept {
		decode = strictjson.UnmarshalEnvelope
	}
	body, media, err := bytes.TrimPrefix(resp.Body, []byte("\ufeff")), mediaType(resp), error(ErrNotJSON)
	switch {
	case slices.Contains(otherTypes, media):
		err = fmt.Errorf("the type is %s: %w", media, ErrNotJSON)
	case isJSON(media) && startsObject(body) && decode(body, v) == nil:
		return nil
	}
	return &TransportError{Endpoint: endpoint, Status: resp.Status, Err: err}
}

// mediaType returns the Content-Type in lower case without its parameters.
func mediaType(resp *Response) string {
	media, _, _ := strings.Cut(resp.Header["content-type"], ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// isJSON accepts application/json and the types of the form x/y+json, such
// as application/jwk-set+json.
//
// Lenient: some servers send it as text, as bytes, or without a type.
func isJSON(media string) bool {
	switch media {
	case "", "application/json", "text/json", "text/plain", "application/octet-stream":
		return true
	}
	return strings.HasSuffix(media, "+json")
}

// startsObject keeps null and arrays out, which decode into a struct or a
// map without an error.
func startsObject(data []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(data[:min(len(data), 256)]), " \t\r\n"), "{")
}
