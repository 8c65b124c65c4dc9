package session

import (
	"fmt"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// record is what a tab keeps while it is at the provider. Exactly one of
// Signin and Signout is set, so that neither is taken for the other.
type record struct {
	Signin   strictjson.RawMessage `json:"signin,omitempty"`
	Signout  bool                  `json:"signout,omitempty"`
	AppState strictjson.RawMessage `json:"app_state,omitempty"`
	StepUp   *StepUp               `json:"step_up,omitempty"`  // the challenge that is answered
	Metadata *oidc.Metadata        `json:"metadata,omitempty"` // see [Config.OnePage]
	Restore  bool                  `json:"restore,omitempty"`  // nobody asked for the sign-in
	Sent     bool                  `json:"sent,omitempty"`     // the response has led to a token request

	// Order is that of the last act known when a restore began; of a sign-in that was
	// asked for it is [mark].after. nil in a record of an earlier release.
	Order *int64 `json:"order,omitempty"`

	SkipUserinfo bool `json:"skip_userinfo,omitempty"`

	Asked   *RequestSettings            `json:"asked,omitempty"`   // see [Settings.again]; of an older release: nil
	Bound   bool                        `json:"bound,omitempty"`   // the tokens are to be bound to a key
	Request *oidc.AuthenticationRequest `json:"request,omitempty"` // to begin again with, once

	unread    int64 // see [Client.unreadWith], 0 for what no call of the app has begun; not kept here
	initiated bool  // see [SigninArgs]; not kept here
}

// args are those that complete the sign-in of tx in a tab with such settings.
func (r *record) args(settings *Settings, tx *oidc.Transaction, phases *SigninPhases) SigninArgs {
	asked := *settings
	asked.DPoP = asked.DPoP || r.Bound
	if r.Asked != nil {
		asked.Scope, asked.ExtraToken, asked.Request = tx.Scope, tx.ExtraToken, *r.Asked
	}
	return SigninArgs{SkipUserinfo: r.SkipUserinfo, asked: &asked, phases: phases}
}

// errOfAnother is what becomes of a response whose sign-in another client began.
var errOfAnother = fmt.Errorf("the transaction belongs to another client: %w", ErrClientMismatch)

// signin returns the record of a sign-in.
func (r record) signin(tx *oidc.Transaction) ([]byte, error) {
	var err error
	if r.Signin, err = tx.Encode(); err != nil {
		return nil, err
	}
	return strictjson.Marshal(r)
}

// parseRecord returns what was kept; of what is no record, nothing.
func parseRecord(data []byte) (r record) {
	if strictjson.Unmarshal(data, &r) != nil {
		return record{}
	}
	return r
}

// parseSigninRecord returns the transaction of a sign-in and the record that
// it was in. What is not the record of a sign-in is [oidc.ErrStateUnknown].
func parseSigninRecord(data []byte) (*oidc.Transaction, *record, error) {
	r := parseRecord(data)
	if r.Signin == nil {
		return nil, nil, oidc.ErrStateUnknown
	}
	tx, err := oidc.DecodeTransaction(r.Signin)
	return tx, &r, err
}

// A recordKind says what a record is of.
type recordKind int

const (
	ofNothing recordKind = iota
	ofSignin
	ofSignout
)

func kindOf(data []byte) recordKind {
	switch r := parseRecord(data); {
	case r.Signout:
		return ofSignout
	case r.Signin != nil:
		return ofSignin
	}
	return ofNothing
}

// parseSignoutRecord returns the app's state of a sign-out; nothing for a
// state that was not ours, which does no harm after a sign-out.
func parseSignoutRecord(data []byte) strictjson.RawMessage {
	if r := parseRecord(data); r.Signout {
		return r.AppState
	}
	return nil
}
