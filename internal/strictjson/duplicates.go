package strictjson

import "bytes"

// repeats finds a member that an object in data, which is JSON, has twice.
// The decoder finds that out for what it decodes, and not in a [RawMessage],
// which somebody else may read in another way (RFC 8259 4).
func repeats(data []byte) (name string, found bool) {
	var open []map[string]bool // the members of the objects around; nil for an array
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{':
			open = append(open, map[string]bool{})
		case '[':
			open = append(open, nil)
		case '}', ']':
			open = open[:len(open)-1]
		case '"':
			end := endOfString(data, i)
			if len(open) > 0 && open[len(open)-1] != nil && isName(data, end) {
				name := nameOf(data[i:end])
				if open[len(open)-1][name] {
					return name, true
				}
				open[len(open)-1][name] = true
			}
			i = end - 1
		}
	}
	return "", false
}

// Once returns an object without members that say again, letter by letter, what
// another one says. What is no object comes back in some form that is none either.
func Once(data []byte) []byte {
	data = bytes.TrimSpace(data)
	if len(data) < 2 || data[0] != '{' {
		return data
	}
	var kept [][]byte
	known, start, depth := map[string]bool{}, 1, 0
	for i := 1; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			i = endOfString(data, i) - 1
		case c == '{' || c == '[':
			depth++
		case c == ',' && depth == 0, i == len(data)-1:
			if member := bytes.TrimSpace(data[start:i]); !known[string(member)] {
				known[string(member)] = true
				kept = append(kept, member)
			}
			start = i + 1
		case c == '}' || c == ']':
			depth--
		}
	}
	return append(append([]byte{'{'}, bytes.Join(kept, []byte{','})...), data[len(data)-1])
}

// endOfString returns the place behind the string that begins at start.
func endOfString(data []byte, start int) int {
	for i := start + 1; i < len(data); i++ {
		quote := bytes.IndexByte(data[i:], '"')
		if quote < 0 {
			break
		}
		i += quote
		text := data[start+1 : i]
		if escapes := len(text) - len(bytes.TrimRight(text, `\`)); escapes%2 == 0 {
			return i + 1
		}
	}
	return len(data)
}

// isName tells whether the string that ends before end is the name of a member.
func isName(data []byte, end int) bool {
	for end < len(data) && (data[end] == ' ' || data[end] == '\t' || data[end] == '\r' || data[end] == '\n') {
		end++
	}
	return end < len(data) && data[end] == ':'
}

func nameOf(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var name string
	if UnmarshalEnvelope(quoted, &name) != nil {
		return string(quoted) // it was decoded before
	}
	return name
}
