package strictjson

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf16"
)

// halves tells whether data, which is JSON, has an escape for one half of a
// character alone, such as "\ud800" (RFC 8259 8.2): JavaScript and Java have
// texts with those, Go reads each of them as U+FFFD, and two become one.
func halves(data []byte) bool {
	if bytes.IndexByte(data, '\\') < 0 {
		return false
	}
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		if unit := unitAt(data, i); utf16.IsSurrogate(unit) {
			if utf16.DecodeRune(unit, unitAt(data, i+6)) == unicode.ReplacementChar {
				return true
			}
			i += 10
		}
		i++ // what is escaped
	}
	return false
}

// unitAt returns what the escape \uXXXX at i stands for, 0 if there is none.
func unitAt(data []byte, i int) rune {
	if len(data) < i+6 || data[i] != '\\' || data[i+1] != 'u' {
		return 0
	}
	unit, _ := strconv.ParseUint(string(data[i+2:i+6]), 16, 16)
	return rune(unit)
}
