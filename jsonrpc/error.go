package jsonrpc

import (
	"errors"
	"strconv"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// Codes of errors that the protocol itself knows (JSON-RPC 5.1).
const (
	CodeParse          = -32700 // the message is not JSON
	CodeInvalidRequest = -32600 // JSON, but no request
	CodeMethodNotFound = -32601
	CodeInvalidParams  = -32602
	CodeInternal       = -32603
)

var (
	// ErrCancelled is the cause in a handler's context when the peer no longer
	// wants the answer.
	ErrCancelled = errors.New("jsonrpc: cancelled by the peer")

	// ErrClosed is the cause of [Conn.Close] when the caller gives none.
	ErrClosed = errors.New("jsonrpc: closed")

	// ErrTooLarge says that a message to send is longer than 4 MiB. The peer
	// would refuse it.
	ErrTooLarge = errors.New("jsonrpc: message longer than 4 MiB")

	// ErrParams says that the parameters of a call are neither an object nor
	// an array (JSON-RPC 4.2).
	ErrParams = errors.New("jsonrpc: parameters are not an object or an array")

	// ErrResponse says that the peer answered a call with something else than
	// one result or one error (JSON-RPC 5).
	ErrResponse = errors.New("jsonrpc: malformed response")
)

// An Error is the error object of a response (JSON-RPC 5.1). All of it crosses
// to the peer: put no secret in it.
type Error struct {
	Code    int                   `json:"code"`
	Message string                `json:"message"`
	Data    strictjson.RawMessage `json:"data,omitempty"`
}

// Error returns the code and the message, never the data.
func (e *Error) Error() string {
	return "jsonrpc: " + strconv.Itoa(e.Code) + " " + e.Message
}

func internalError() *Error { return &Error{Code: CodeInternal, Message: "internal"} }
