package oidc

import (
	"context"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// do sends req and names the endpoint in the error.
func do(ctx context.Context, t Transport, endpoint string, req *Request) (*Response, error) {
	resp, err := t.Do(ctx, req)
	if err != nil {
		return nil, &TransportError{Endpoint: endpoint, Err: err}
	}
	return resp, nil
}

// getJSON fetches a JSON object with status 200 into v.
func getJSON(ctx context.Context, t Transport, endpoint string, req *Request, v any) (*Response, error) {
	resp, err := do(ctx, t, endpoint, req)
	if err != nil {
		return nil, err
	}
	if resp.Status != 200 {
		return nil, &TransportError{Endpoint: endpoint, Status: resp.Status, Err: ErrHTTPStatus}
	}
	return resp, decodeJSON(endpoint, resp, v)
}

// postForm posts parameters and decodes the JSON object of a 200 into v. Any
// other status is the provider's refusal if it says so in JSON (RFC 6749
// 5.2), and an HTTP failure if not.
func postForm(ctx context.Context, t Transport, endpoint, url string, form *params, v any) error {
	resp, err := do(ctx, t, endpoint, &Request{
		Method: "POST",
		URL:    url,
		Header: map[string]string{
			"Accept":       "application/json",
			"Content-Type": "application/x-www-form-urlencoded",
		},
		Body: form.encode(),
	})
	if err != nil {
		return err
	}
	if resp.Status == 200 {
		return decodeJSON(endpoint, resp, v)
	}
	var refusal struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		URI         string `json:"error_uri"`
	}
	if decodeJSON(endpoint, resp, &refusal) != nil || refusal.Error == "" {
		return &TransportError{Endpoint: endpoint, Status: resp.Status, Err: ErrHTTPStatus}
	}
	return &ProviderError{
		Endpoint:    endpoint,
		Status:      resp.Status,
		ErrorCode:   refusal.Error,
		Description: refusal.Description,
		URI:         refusal.URI,
	}
}

// decodeJSON decodes the body of resp, which has to be a JSON object and to
// be labelled as JSON.
func decodeJSON(endpoint string, resp *Response, v any) error {
	if !isJSON(mediaType(resp)) || !startsObject(resp.Body) || strictjson.Unmarshal(resp.Body, v) != nil {
		return &TransportError{Endpoint: endpoint, Status: resp.Status, Err: ErrNotJSON}
	}
	return nil
}

// mediaType returns the Content-Type in lower case without its parameters.
func mediaType(resp *Response) string {
	media, _, _ := strings.Cut(resp.Header["content-type"], ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// isJSON accepts application/json and the types of the form x/y+json, such
// as application/jwk-set+json.
func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// startsObject keeps null and arrays out, which decode into a struct or a
// map without an error.
func startsObject(data []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(data[:min(len(data), 256)]), " \t\r\n"), "{")
}
