package session

import (
	"bytes"
	"errors"
	"strings"
)

// errLineTooLong means that a server sends something else than events.
var errLineTooLong = errors.New("a line is too long")

// eventLines are those of a stream of server-sent events (HTML 9.2.5, 9.2.6), as far as
// they have come. The zero value is for a new stream.
type eventLines struct {
	rest       []byte // of a line that has not ended
	cut        bool   // the last line has ended with CR: an LF belongs to it
	name, data string // of the event that is coming
}

// take hands each event over that is complete. It ends with the first error of event.
func (l *eventLines) take(piece []byte, event func(name, data string) error) error {
	for len(piece) > 0 {
		if l.cut && piece[0] == '\n' {
			piece = piece[1:]
		}
		l.cut = false
		end := bytes.IndexAny(piece, "\r\n")
		if len(l.rest)+max(end, 0) > logoutEventLimit || end < 0 && len(l.rest)+len(piece) > logoutEventLimit {
			return errLineTooLong
		}
		if end < 0 {
			l.rest = append(l.rest, piece...)
			return nil
		}
		line := string(append(l.rest, piece[:end]...))
		l.rest, l.cut, piece = nil, piece[end] == '\r', piece[end+1:]
		if err := l.line(line, event); err != nil {
			return err
		}
	}
	return nil
}

func (l *eventLines) line(line string, event func(name, data string) error) error {
	if line == "" {
		name, data := l.name, l.data
		l.name, l.data = "", ""
		if data == "" {
			return nil
		}
		return event(name, strings.TrimSuffix(data, "\n"))
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "event":
		l.name = value
	case "data":
		if len(l.data)+len(value) > logoutEventLimit {
			return errLineTooLong
		}
		l.data += value + "\n"
	}
	return nil
}
