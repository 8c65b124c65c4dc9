package build

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
)

// importStatement and exportedDeclaration are all that modules below web/ use
// of the module syntax, each on a line of its own.
var (
	importStatement     = regexp.MustCompile(`(?m)^import \{[^{}"]*\} from "(\.[^"]*)";\n`)
	exportedDeclaration = regexp.MustCompile(`(?m)^export ((?:async )?(?:class|function|const) )`)
)

// link joins the modules that a script imports into one: an app then loads
// one file. The modules share one scope, so that no two may declare the same
// name; that is found out when the script is first loaded, by every test.
func (s *sources) link(name string) []byte {
	var out bytes.Buffer
	s.linkInto(&out, name, nil, map[string]bool{})
	return out.Bytes()
}

// linkInto writes what a module imports, and then the module. above are those
// that import it.
func (s *sources) linkInto(out *bytes.Buffer, name string, above []string, done map[string]bool) {
	switch {
	case s.err != nil || done[name]:
		return
	case slices.Contains(above, name):
		s.err = fmt.Errorf("web/%s imports itself by way of web/%s", name, above[len(above)-1])
		return
	}
	above = append(above, name)
	src := s.script(name)
	for _, found := range importStatement.FindAllSubmatch(src, -1) {
		s.linkInto(out, path.Join(path.Dir(name), string(found[1])), above, done)
	}
	src = importStatement.ReplaceAll(src, nil)
	if len(above) > 1 {
		src = exportedDeclaration.ReplaceAll(src, []byte("$1"))
		if left := moduleStatement.Find(src); left != nil && s.err == nil {
			s.err = fmt.Errorf("web/%s: %q cannot be linked", name, left)
		}
	}
	done[name] = true
	out.Write(src)
}
