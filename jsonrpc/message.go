package jsonrpc

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

const (
	version    = "2.0"      // the member jsonrpc of every message
	cancel     = "$/cancel" // the notification that ends a request early
	maxMessage = 4 << 20    // bytes
)

var null = strictjson.RawMessage("null")

// A message is what arrived: a request, a notification (no id) or a response
// (no method).
type message struct {
	id     strictjson.RawMessage
	method string
	params strictjson.RawMessage
	result strictjson.RawMessage
	err    error // of a response: an *Error or ErrResponse
}

// incoming has the members of all three kinds. Unknown members are ignored.
type incoming struct {
	JSONRPC string                `json:"jsonrpc"`
	ID      strictjson.RawMessage `json:"id"`
	Method  *string               `json:"method"`
	Params  strictjson.RawMessage `json:"params"`
	Result  strictjson.RawMessage `json:"result"`
	Error   strictjson.RawMessage `json:"error"`
}

type outgoing struct {
	JSONRPC string                `json:"jsonrpc"`
	ID      int64                 `json:"id,omitempty"` // 0 is a notification
	Method  string                `json:"method"`
	Params  strictjson.RawMessage `json:"params,omitempty"`
}

type response struct {
	JSONRPC string                `json:"jsonrpc"`
	ID      strictjson.RawMessage `json:"id"`
	Result  strictjson.RawMessage `json:"result,omitempty"`
	Error   *Error                `json:"error,omitempty"`
}

type cancelParams struct {
	ID strictjson.RawMessage `json:"id"`
}

// parse reads one message. With an error comes the id to answer it under; of a
// response or a notification that cannot be read there is nothing to answer.
func parse(data []byte) (*message, *Error) {
	unknown, id := &message{id: null}, opening(data)
	m, invalid := read(data)
	switch {
	case invalid == nil || string(m.id) != "null" || id == nil:
		return m, invalid
	case opens(data, id, method):
		unknown.id = id
	case opens(data, id, result), opens(data, id, failure):
		return &message{id: id, err: ErrResponse}, nil
	}
	return unknown, invalid
}

// What the members of a message begin with that this package, or a page, has written.
const (
	first   = `{"jsonrpc":"2.0","id":`
	method  = `,"method":`
	result  = `,"result":`
	failure = `,"error":`
)

// opening returns the number that a message has as its id, if it begins with that:
// it is known then, whatever the rest is, and one call that cannot be read is no
// matter of the others (JSON-RPC 5: id).
func opening(data []byte) strictjson.RawMessage {
	rest, found := bytes.CutPrefix(data[:min(len(data), len(first)+20)], []byte(first))
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	if !found || digits == 0 || digits > 16 {
		return nil
	}
	return strictjson.RawMessage(rest[:digits])
}

// opens tells whether member comes next.
func opens(data, id []byte, member string) bool {
	return bytes.HasPrefix(data[len(first)+len(id):], []byte(member))
}

func read(data []byte) (*message, *Error) {
	unknown := &message{id: null}
	if len(data) > maxMessage {
		return unknown, &Error{Code: CodeInvalidRequest, Message: "message too long"}
	}
	var whole strictjson.RawMessage
	if err := strictjson.UnmarshalEnvelope(data, &whole); err != nil {
		return unknown, &Error{Code: CodeParse, Message: "parse error"}
	}
	var in incoming
	if err := strictjson.UnmarshalEnvelope(data, &in); err != nil || in.JSONRPC != version {
		return unknown, invalidRequest()
	}
	if in.Method == nil {
		return parseResponse(&in)
	}
	if in.ID != nil && !isID(in.ID) {
		return unknown, invalidRequest()
	}
	m := &message{id: in.ID, method: *in.Method, params: in.Params}
	structured := in.Params == nil || isStructured(in.Params)
	if structured && m.method != "" && in.Result == nil && in.Error == nil {
		return m, nil
	}
	if m.id == nil {
		return unknown, invalidRequest()
	}
	return m, invalidRequest()
}

func parseResponse(in *incoming) (*message, *Error) {
	m := &message{id: in.ID, result: in.Result}
	switch {
	case in.Result == nil && in.Error == nil:
		return &message{id: null}, invalidRequest()
	case in.Result != nil && in.Error != nil:
		m.err = ErrResponse
	case in.Error != nil:
		e := new(Error)
		m.err = e
		if !isObject(in.Error) || strictjson.Unmarshal(in.Error, e) != nil {
			m.err = ErrResponse
		}
	}
	return m, nil
}

// into ends a call: the error of the response, or its result in result, which
// may be nil.
func (m *message) into(method string, result any) error {
	if m.err != nil || result == nil {
		return m.err
	}
	if err := strictjson.Unmarshal(m.result, result); err != nil {
		return fmt.Errorf("jsonrpc: result of %s: %w", method, err)
	}
	return nil
}

// callID returns the number of the call that the response is for. Zero is the
// number of none.
func (m *message) callID() int64 {
	id, err := strconv.ParseInt(string(m.id), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

func invalidRequest() *Error {
	return &Error{Code: CodeInvalidRequest, Message: "invalid request"}
}

func isObject(v strictjson.RawMessage) bool     { return v[0] == '{' }
func isStructured(v strictjson.RawMessage) bool { return v[0] == '{' || v[0] == '[' }

func isID(v strictjson.RawMessage) bool {
	return v[0] == '"' || v[0] == '-' || v[0] >= '0' && v[0] <= '9'
}

// encode returns v as JSON.
func encode(v any) (strictjson.RawMessage, error) {
	if v == nil {
		return null, nil
	}
	// A RawMessage is JSON only where it can be addressed, else it becomes
	// base64: so v goes behind a pointer.
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	data, err := strictjson.Marshal(p.Interface())
	if err != nil {
		return nil, fmt.Errorf("jsonrpc: %w", err)
	}
	return data, nil
}

// encodeMessage returns a message that the peer will accept.
func encodeMessage(v any) ([]byte, error) {
	data, err := encode(v)
	if err == nil && len(data) > maxMessage {
		return nil, ErrTooLarge
	}
	return data, err
}

// encodeParams returns v as the member params; nil and null leave it out.
func encodeParams(v any) (strictjson.RawMessage, error) {
	params, err := encode(v)
	if err != nil || string(params) == "null" {
		return nil, err
	}
	if !isStructured(params) {
		return nil, ErrParams
	}
	return params, nil
}
