package build

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// importStatement, lazyImport, packageImport and exportedDeclaration are all that
// modules below web/ use of the module syntax, each on a line of its own; scripts
// that are loaded by their name have one exportStatement beside.
var (
	importStatement     = regexp.MustCompile(`(?m)^import \{([^{}"]*)\} from "(\.[^"]*)";\n`)
	lazyImport          = regexp.MustCompile(`(?m)^( *const \{[^{}"]*\} = await import\(")(\.[^"]*)("\);)\n`)
	packageImport       = regexp.MustCompile(`(?m)^import \{[^{}"]*\} from "(\w[^"]*)";\n`)
	exportedDeclaration = regexp.MustCompile(`(?m)^export ((?:async )?(?:class|function|const) )`)
)

// scripts are what the page can load, in this order: each holds the modules
// that it needs and no script before it has, and imports the rest.
var scripts = []string{"oidcspa.js", "log.js", "stores.js", "client.js", "monitor.js", "entrypoint.js", "createoidc.js",
	"core-mock.js", "react-spa.js", "keycloak.js", "decode-jwt.js", onDemandScript, "index.js"}

// apart are scripts with names of their own, which are no part of index.js.
var apart = []string{"entrypoint.js", "createoidc.js", "core-mock.js", "react-spa.js", "keycloak.js", "decode-jwt.js"}

// packageOf is what a script imports of the app's own packages; no other script
// imports any.
var packageOf = map[string]string{"react-spa.js": "react"}

// onDemandScript is for the other scripts alone, and has no types.
const onDemandScript = "ondemand.js"

// typesOf is the file beside a script that declares for TypeScript what it
// exports.
func typesOf(script string) string { return strings.TrimSuffix(script, ".js") + ".d.ts" }

// link joins the modules that a script imports into one: an app then loads
// one file. The modules share one scope, so that no two may declare the same
// name; that is found out when the script is first loaded, by every test.
func (s *sources) link(name string) []byte { return s.linkAll([]string{name})[name] }

// linkAll joins the modules of several scripts, each module into the first of
// them that needs it.
func (s *sources) linkAll(names []string) map[string][]byte {
	l := &linker{sources: s, scripts: names, owner: map[string]string{}, needs: map[string]map[string][]string{}, packages: map[string][]byte{}}
	linked := map[string][]byte{}
	for _, name := range names {
		l.script, l.needs[name] = name, map[string][]string{}
		var out bytes.Buffer
		l.add(&out, name, nil)
		linked[name] = out.Bytes()
	}
	for _, name := range names {
		linked[name] = l.join(name, names, linked)
	}
	return linked
}

// A linker knows where each module went.
type linker struct {
	*sources
	scripts []string                       // all to be linked
	script  string                         // the one being linked
	owner   map[string]string              // the script of a module
	needs   map[string]map[string][]string // names by the script that needs and the one that has them
	later   []string                       // to be joined when all else is

	packages map[string][]byte // those statements, by the script
}

// add writes what a module imports, and then the module. above are those
// that import it.
func (l *linker) add(out *bytes.Buffer, name string, above []string) {
	switch {
	case l.err != nil || l.owner[name] != "":
		return
	case slices.Contains(above, name):
		l.err = fmt.Errorf("web/%s imports itself by way of web/%s", name, above[len(above)-1])
		return
	}
	above = append(above, name)
	src := l.sources.read(name)
	for _, found := range importStatement.FindAllSubmatch(src, -1) {
		imported := path.Join(path.Dir(name), string(found[2]))
		l.add(out, imported, above)
		if owner := l.owner[imported]; owner != l.script {
			l.needs[l.script][owner] = append(l.needs[l.script][owner], nameList(found[1])...)
		}
	}
	src = l.lazy(name, importStatement.ReplaceAll(src, nil))
	src = packageImport.ReplaceAllFunc(src, func(statement []byte) []byte {
		if name := string(packageImport.FindSubmatch(statement)[1]); name != packageOf[l.script] {
			return statement
		}
		l.packages[l.script] = append(l.packages[l.script], statement...)
		return nil
	})
	if len(above) == 1 {
		for len(l.later) > 0 {
			imported := l.later[0]
			l.later = l.later[1:]
			l.add(out, imported, above)
		}
	} else {
		src = exportedDeclaration.ReplaceAll(exportStatement.ReplaceAll(src, nil), []byte("$1"))
		if left := moduleStatement.Find(src); left != nil && l.err == nil {
			l.err = fmt.Errorf("web/%s: %q cannot be linked", name, left)
		}
	}
	l.owner[name] = l.script
	out.Write(src)
}

// lazy returns src with the names of the scripts that it loads when it needs
// them. A script that is none of those to be linked is joined like a module,
// after those that load it: its names are then there from the start.
func (l *linker) lazy(name string, src []byte) []byte {
	return lazyImport.ReplaceAllFunc(src, func(statement []byte) []byte {
		found := lazyImport.FindSubmatch(statement)
		imported := path.Join(path.Dir(name), string(found[2]))
		if slices.Contains(l.scripts, imported) {
			return fmt.Appendf(nil, "%s./%s%s\n", found[1], imported, found[3])
		}
		l.later = append(l.later, imported)
		return nil
	})
}

// join adds to a script the imports from other scripts, and to its exports
// what those need.
func (l *linker) join(name string, names []string, linked map[string][]byte) []byte {
	var out bytes.Buffer
	var wanted []string
	out.Write(l.packages[name])
	for _, other := range names {
		if needed := l.needs[name][other]; len(needed) > 0 {
			fmt.Fprintf(&out, "import { %s } from \"./%s\";\n", strings.Join(unique(needed), ", "), other)
		}
		wanted = append(wanted, l.needs[other][name]...)
	}
	src := linked[name]
	if len(wanted) > 0 {
		found := exportStatement.FindSubmatch(src)
		if found == nil {
			l.err = fmt.Errorf("web/%s: the last statement is not the one export { A, B };", name)
			return nil
		}
		all := unique(append(nameList(bytes.Trim(found[1], "{ };\n")), wanted...))
		src = exportStatement.ReplaceAll(src, []byte("export { "+strings.Join(all, ", ")+" };\n"))
	}
	out.Write(src)
	return out.Bytes()
}

// nameList splits what stands between the braces of an import or an export.
func nameList(list []byte) []string {
	var names []string
	for name := range strings.SplitSeq(string(list), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// unique returns the names in order, each once.
func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
