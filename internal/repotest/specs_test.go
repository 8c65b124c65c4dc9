package repotest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

const specs = "docs/specs.md"

// requirements are the ids of the rows that docs/specs.md has to have: a
// letter and how many rows begin with it. The advisories follow by their
// names.
var requirements = []struct {
	letter string
	rows   int
}{
	{"D", 9}, {"A", 21}, {"B", 13}, {"C", 11}, {"I", 20}, {"R", 6}, {"U", 3}, {"V", 1}, {"P", 9}, {"S", 7}, {"O", 11}, {"L", 11}, {"X", 6},
}

var advisories = []string{
	"CVE-2018-7307", "CVE-2017-17068", "CVE-2020-5263", "CVE-2018-6873", "CVE-2018-6874", "CVE-2025-68129", "CVE-2020-26160",
	"CVE-2024-53861", "CVE-2025-30144", "CVE-2026-35042", "CVE-2015-9235", "CVE-2022-23539", "CVE-2018-0114", "CVE-2016-9122",
	"CVE-2016-9121", "CVE-2016-9123", "GHSA-2c7c-3mj9-8fqh", "CVE-2024-28180", "CVE-2025-27144", "CVE-2026-34986",
	"CVE-2024-51744", "CVE-2023-27490", "CVE-2026-73419", "CVE-2026-73421", "CVE-2023-48309", "CVE-2022-31093",
	"CVE-2021-43812", "CVE-2021-32702", "CVE-2024-10318", "CVE-2019-10157", "GHSA-7fpj-9hr8-28vh", "CVE-2026-49478",
	"CVE-2022-31034", "CVE-2025-12419", "CVE-2026-40946", "CVE-2026-55076", "CVE-2024-35255", "CVE-2025-65945",
	"late-state-check", "CVE-2019-7644",
}

// requiredIDs are all of them, in the order of the document.
func requiredIDs() []string {
	var ids []string
	for _, r := range requirements {
		for n := range r.rows {
			ids = append(ids, r.letter+strconv.Itoa(n+1))
		}
	}
	return append(ids, advisories...)
}

// A specRow is a row of docs/specs.md: id, level, requirement, function, test.
type specRow struct {
	id, level, requirement, function, test string
}

// specRows returns the rows of all tables.
func specRows(t *testing.T, text string) []specRow {
	t.Helper()
	var rows []specRow
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| id |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 5 {
			t.Errorf("%s: %d columns, want 5: %s", specs, len(cells), line)
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, specRow{cells[0], cells[1], cells[2], cells[3], cells[4]})
	}
	return rows
}

// TestSpecs expects a row for each requirement, whose function and tests
// exist, or which says why there are none.
func TestSpecs(t *testing.T) {
	sources := parseSources(t)
	ids := make([]string, 0, 150)
	var tested, notYet, outOfReach int
	for _, row := range specRows(t, content(t, specs)) {
		ids = append(ids, row.id)
		for _, problem := range sources.check(row) {
			t.Errorf("%s: %s: %s", specs, row.id, problem)
		}
		switch {
		case strings.Contains(row.test, notYetMark):
			notYet++
		case strings.Contains(row.test, "`"):
			tested++
		default:
			outOfReach++
		}
	}
	required := requiredIDs()
	for _, id := range required {
		if !slices.Contains(ids, id) {
			t.Errorf("%s: there is no row %s", specs, id)
		}
	}
	if !t.Failed() && !slices.Equal(ids, required) {
		t.Errorf("%s: the rows are not in order, or one is there twice, or is unknown", specs)
	}
	t.Logf("%d rows: %d with tests, %d not yet, %d out of reach", len(ids), tested, notYet, outOfReach)
}

const (
	notYetMark     = "not yet: "
	outOfReachMark = "out of reach: "
)

// quoted is a name in a cell.
var quoted = regexp.MustCompile("`([^`]+)`")

// testCell is what may stand in the last column: tests, a reason, or tests
// for a part and the reason for the rest.
var testCell = func() *regexp.Regexp {
	const tests, reason = "`[^`]+`(, `[^`]+`)*", "(not yet|out of reach): .+"
	return regexp.MustCompile("^(" + tests + "(; " + reason + ")?|" + reason + ")$")
}()

// check returns what is wrong with a row.
func (s *sources) check(row specRow) (problems []string) {
	if !slices.Contains([]string{"M", "S", "R", "–"}, row.level) {
		problems = append(problems, "the level "+row.level+" is none of M, S, R, –")
	}
	if row.requirement == "" {
		problems = append(problems, "there is no requirement")
	}
	if !testCell.MatchString(row.test) {
		return append(problems, "the last column is neither tests nor \""+notYetMark+"\" nor \""+outOfReachMark+"\" with a reason")
	}
	tests, _, _ := strings.Cut(row.test, notYetMark)
	tests, _, _ = strings.Cut(tests, outOfReachMark)
	for _, name := range quoted.FindAllStringSubmatch(tests, -1) {
		if problem := s.checkTest(name[1]); problem != "" {
			problems = append(problems, problem)
		}
	}
	functions := quoted.FindAllStringSubmatch(row.function, -1)
	if len(functions) == 0 && tests != "" {
		problems = append(problems, "tests, but no function")
	}
	for _, name := range functions {
		if problem := s.checkFunction(name[1]); problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems
}

// TestSpecRow tests the check itself.
func TestSpecRow(t *testing.T) {
	s := parseSources(t)
	good := specRow{"D1", "M", "a requirement", "`oidc.ConfigurationURL`", "`oidc.TestConfigurationURL/4 plain`"}
	tests := []struct {
		name string
		edit func(row *specRow)
		want string // part of the problem; "" for none
	}{
		{"valid", func(*specRow) {}, ""},
		{"two tests", func(r *specRow) { r.test += ", `oidc.FuzzCallback`" }, ""},
		{"a test and what is missing", func(r *specRow) { r.test += "; not yet: the rest" }, ""},
		{"a reason alone", func(r *specRow) { r.function, r.test = "–", "not yet: nobody did it" }, ""},
		{"a method", func(r *specRow) { r.function = "`oidc.Metadata.Check`" }, ""},
		{"a script and its function", func(r *specRow) { r.function = "`web/shim/host.js connect`" }, ""},
		{"a row of the hostile table", func(r *specRow) { r.test = "`session.TestHostileTable/iss an array`" }, ""},
		{"unknown row of the hostile table", func(r *specRow) { r.test = "`session.TestHostileTable/offline`" }, "no row"},
		{"no level", func(r *specRow) { r.level = "" }, "level"},
		{"no requirement", func(r *specRow) { r.requirement = "" }, "no requirement"},
		{"no test", func(r *specRow) { r.test = "" }, "the last column"},
		{"a test without quotes", func(r *specRow) { r.test = "oidc.TestConfigurationURL" }, "the last column"},
		{"no reason", func(r *specRow) { r.test = "not yet: " }, "the last column"},
		{"another reason", func(r *specRow) { r.test = "later: perhaps" }, "the last column"},
		{"no function", func(r *specRow) { r.function = "–" }, "no function"},
		{"unknown function", func(r *specRow) { r.function = "`oidc.ConfigurationURI`" }, "no function"},
		{"a test for a function", func(r *specRow) { r.function = "`oidc.TestConfigurationURL`" }, "no function"},
		{"unknown method", func(r *specRow) { r.function = "`oidc.Metadata.Verify`" }, "no function"},
		{"unknown script", func(r *specRow) { r.function = "`web/shim/hosts.js connect`" }, "no file"},
		{"unknown function of a script", func(r *specRow) { r.function = "`web/shim/host.js connects`" }, "no function"},
		{"unknown test", func(r *specRow) { r.test = "`oidc.TestConfigurationURI`" }, "no test"},
		{"test of another package", func(r *specRow) { r.test = "`session.TestConfigurationURL`" }, "no test"},
		{"helper for a test", func(r *specRow) { r.test = "`oidc.goodTransaction`" }, "no test"},
		{"unknown row", func(r *specRow) { r.test = "`oidc.TestConfigurationURL/4 plane`" }, "no row"},
		{"a reason without its sign", func(r *specRow) { r.test += " not yet: the rest" }, "the last column"},
		{"unknown second test", func(r *specRow) { r.test += ", `oidc.TestNothing`" }, "no test"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := good
			tt.edit(&row)
			got := strings.Join(s.check(row), "; ")
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("problems %q, want %q", got, tt.want)
			}
		})
	}
}

// sources are the names that a row can refer to.
type sources struct {
	files    map[string]string
	declared map[string]bool            // "oidc.Metadata.Check", by folder
	tests    map[string]bool            // "oidc.TestStart", by folder
	literals map[string]map[string]bool // strings of the tests, by folder
	hostile  map[string]bool            // names of oidctest's cases
}

// hostileTest is the name of the tests whose rows are oidctest's cases.
const hostileTest = "TestHostileTable"

// parseSources reads all Go files.
func parseSources(t *testing.T) *sources {
	t.Helper()
	s := &sources{
		files:    repositoryFiles(t),
		declared: make(map[string]bool),
		tests:    make(map[string]bool),
		literals: make(map[string]map[string]bool),
		hostile:  make(map[string]bool),
	}
	for _, c := range oidctest.Cases() {
		s.hostile[c.Name] = true
	}
	for name, text := range s.files {
		if path.Ext(name) != ".go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		folder, names := path.Dir(name), s.declared
		if strings.HasSuffix(name, "_test.go") {
			names = s.tests
			s.addLiterals(folder, file)
		}
		for _, decl := range file.Decls {
			for _, declared := range declaredNames(decl) {
				names[folder+"."+declared] = true
			}
		}
	}
	return s
}

// declaredNames returns what a declaration declares, methods as Type.Method.
func declaredNames(decl ast.Decl) (names []string) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			return []string{decl.Name.Name}
		}
		receiver := decl.Recv.List[0].Type
		if star, ok := receiver.(*ast.StarExpr); ok {
			receiver = star.X
		}
		if index, ok := receiver.(*ast.IndexExpr); ok { // a type parameter
			receiver = index.X
		}
		if typ, ok := receiver.(*ast.Ident); ok {
			return []string{typ.Name + "." + decl.Name.Name}
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

func (s *sources) addLiterals(folder string, file *ast.File) {
	literals := s.literals[folder]
	if literals == nil {
		literals = make(map[string]bool)
		s.literals[folder] = literals
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if value, err := strconv.Unquote(literal.Value); err == nil {
				literals[value] = true
			}
		}
		return true
	})
}

// checkFunction checks "oidc.Metadata.Check", "web/callback.js", or
// "web/shim/host.js connect".
func (s *sources) checkFunction(name string) string {
	file, function, _ := strings.Cut(name, " ")
	if path.Ext(file) != ".js" {
		if !s.declared[name] {
			return "there is no function " + name
		}
		return ""
	}
	text, ok := s.files[file]
	if !ok {
		return "there is no file " + file
	}
	if function != "" && !regexp.MustCompile(`[\s#"]`+regexp.QuoteMeta(function)+`"?\(`).MatchString(text) {
		return file + " has no function " + function
	}
	return ""
}

// checkTest checks "oidc.TestStart" or "oidc.TestStart/name of a row".
func (s *sources) checkTest(name string) string {
	folder, rest, _ := strings.Cut(name, ".")
	function, row, hasRow := strings.Cut(rest, "/")
	if !s.tests[folder+"."+function] || !strings.HasPrefix(function, "Test") && !strings.HasPrefix(function, "Fuzz") {
		return "there is no test " + folder + "." + function
	}
	rows := s.literals[folder]
	if function == hostileTest {
		rows = s.hostile
	}
	if hasRow && !rows[row] {
		return "no row of " + folder + "." + function + " has the name " + row
	}
	return ""
}
