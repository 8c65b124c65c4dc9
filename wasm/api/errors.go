package api

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// applicationError is the JSON-RPC code of every failure that has a code of
// our own in its data (JSON-RPC 5.1: -32000 to -32099 are the server's).
const applicationError = -32000

// errorData is what JavaScript gets to know of a failure.
type errorData struct {
	Code             oidc.Code `json:"code"`
	Claim            string    `json:"claim,omitempty"`
	Step             string    `json:"step,omitempty"`
	Endpoint         string    `json:"endpoint,omitempty"`
	Status           int       `json:"status,omitempty"`
	Skew             int64     `json:"skew,omitempty"` // seconds
	Error            string    `json:"error,omitempty"`
	ErrorDescription string    `json:"error_description,omitempty"`
	ErrorURI         string    `json:"error_uri,omitempty"`
	SessionState     string    `json:"session_state,omitempty"` // OIDC Session Management 2
	Message          string    `json:"message,omitempty"`       // in the place of the provider's text alone

	// What the app gave to a sign-in that the provider refused.
	State    strictjson.RawMessage `json:"state,omitempty"`
	URLState string                `json:"url_state,omitempty"`
}

// describe returns the facts of err, and its message with advice; an error
// without a code is internal, and its text stays here.
func describe(err error) (data errorData, message string) {
	data.Code, message = codeOf(err), err.Error()
	if data.Code == session.ErrInternal {
		message = session.ErrInternal.Error()
	}
	var claim *oidc.ClaimError
	if errors.As(err, &claim) {
		data.Claim, data.Step = claim.Claim, claim.Step
	}
	var transport *oidc.TransportError
	if errors.As(err, &transport) {
		data.Endpoint, data.Status = transport.Endpoint, transport.Status
	}
	// What was found may say itself what to do, behind a semicolon.
	if text := adviceOn(data.Code, cmp.Or(data.Endpoint, data.Claim), data.Status); text != "" && !strings.Contains(message, "; ") {
		message += ": " + text
	}
	var skew *oidc.ClockSkewError
	if errors.As(err, &skew) {
		data.Skew = skew.Seconds
	}
	var refusal *oidc.ProviderError
	if errors.As(err, &refusal) {
		data.Endpoint, data.Status = refusal.Endpoint, refusal.Status
		data.Error = refusal.ErrorCode
		data.ErrorDescription, data.ErrorURI, data.SessionState = refusal.Description, refusal.URI, refusal.SessionState
		if text := adviceOnRefusal(refusal); text != "" {
			data.Message = cmp.Or(strings.TrimSuffix(refusal.Description, "."), refusal.ErrorCode) + ": " + text
		}
		var signin *session.SigninError
		if errors.As(err, &signin) {
			data.State, data.URLState = signin.State, signin.URLState
		}
	}
	return data, message
}

func codeOf(err error) oidc.Code {
	var code oidc.Code
	switch {
	case errors.As(err, &code):
		return code
	case errors.Is(err, context.DeadlineExceeded):
		return oidc.ErrTimeout
	case errors.Is(err, context.Canceled), errors.Is(err, jsonrpc.ErrCancelled):
		return oidc.ErrAborted
	}
	return session.ErrInternal
}

// toRPC returns err as it crosses to the page.
func toRPC(err error) error {
	if err == nil {
		return nil
	}
	data, message := describe(err)
	encoded, encodeErr := strictjson.Marshal(data)
	if encodeErr != nil {
		return encodeErr
	}
	return &jsonrpc.Error{Code: applicationError, Message: message, Data: encoded}
}

// pageCodes are the reasons that a service of the page may give.
var pageCodes = []oidc.Code{
	session.ErrFrameNoResponse, oidc.ErrTimeout, oidc.ErrAborted, oidc.ErrInsecureURL, ErrStorageUnavailable,
	session.ErrPopupBlocked, session.ErrPopupClosed, session.ErrPopupSevered, oidc.ErrInvalidConfig, ErrFormBlocked,
}

// ErrFormBlocked: the policy of the page keeps the form of a sign-out from the provider.
const ErrFormBlocked oidc.Code = "form_blocked"

// ErrStorageUnavailable: the tab cannot keep a transaction, because the
// browser is set to keep nothing or the storage is full.
const ErrStorageUnavailable oidc.Code = "storage_unavailable"

// fromPage turns an answer of the page's into an error with a code.
func fromPage(err error) error {
	var answer *jsonrpc.Error
	if !errors.As(err, &answer) {
		return err
	}
	var data struct {
		Code oidc.Code `json:"code"`
	}
	if strictjson.Unmarshal(answer.Data, &data) == nil {
		for _, code := range pageCodes {
			if data.Code == code {
				return code
			}
		}
	}
	return session.ErrInternal
}
