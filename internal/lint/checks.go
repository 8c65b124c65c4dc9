package main

import (
	"slices"
	"strings"

	"codeberg.org/polyfloyd/go-errorlint/errorlint"
	"github.com/gordonklaus/ineffassign/pkg/ineffassign"
	"github.com/ldez/usetesting"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/modernize"
	"honnef.co/go/tools/analysis/lint"
	"honnef.co/go/tools/lintcmd"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"
)

// module is the path of what is checked.
const module = "github.com/oidcspa/oidcspa"

// notChecked are checks of staticcheck's that revive makes, or that are a
// matter of taste.
var notChecked = []string{"ST1000", "ST1003", "ST1016", "ST1020", "ST1021", "ST1022"}

// servers are the folders of programs for tests, which fail by being of no use.
var servers = []string{"/demo", "/internal/jstest", "/oidc/oidctest"}

// addChecks adds all checks to a command.
func addChecks(cmd *lintcmd.Command) {
	suites := slices.Concat(simple.Analyzers, staticcheck.Analyzers, stylecheck.Analyzers, []*lint.Analyzer{unused.Analyzer})
	suites = slices.DeleteFunc(suites, func(a *lint.Analyzer) bool { return slices.Contains(notChecked, a.Analyzer.Name) })
	cmd.AddAnalyzers(suites...)

	others := published()
	names := []string{exceptionsName}
	for _, a := range suites {
		names = append(names, a.Analyzer.Name)
	}
	for _, a := range others {
		names = append(names, a.Name)
	}
	cmd.AddBareAnalyzers(append(others, exceptionsAnalyzer(names))...)
}

// published are the checks that are not staticcheck's, and two of our own.
func published() []*analysis.Analyzer {
	return []*analysis.Analyzer{
		check(bodyclose.Analyzer, withoutTests),
		check(errcheckAnalyzer, withoutTests, servers...),
		check(with(errorlint.NewAnalyzer(), "errorf"), withoutTests),
		check(formatAnalyzer, withTests),
		check(godotAnalyzer, withTests),
		check(gosecAnalyzer, withoutTests, servers...),
		check(ineffassign.Analyzer, withTests),
		check(misspellAnalyzer, withTests),
		check(modernize.ForVarAnalyzer, withTests),
		check(modernize.RangeIntAnalyzer, withTests),
		check(reviveAnalyzer, withTests),
		check(unconvertAnalyzer, withTests),
		check(with(usetesting.NewAnalyzer(), "ossetenv"), withTests),
	}
}

// with sets a flag of an analyzer.
func with(a *analysis.Analyzer, flag string) *analysis.Analyzer {
	if err := a.Flags.Set(flag, "true"); err != nil {
		panic(err)
	}
	return a
}

const (
	withTests    = true
	withoutTests = false
)

// check is an analyzer for the driver, which knows findings by the analyzer's
// name. It reports nothing about packages in some folders of the module and
// below them, and about tests if it should.
func check(a *analysis.Analyzer, tests bool, except ...string) *analysis.Analyzer {
	of, run := *a, a.Run
	of.Requires = append(slices.Clip(of.Requires), resolveAnalyzer)
	of.Run = func(pass *analysis.Pass) (any, error) {
		skipped := slices.ContainsFunc(except, func(folder string) bool {
			return pass.Pkg.Path() == module+folder || strings.HasPrefix(pass.Pkg.Path(), module+folder+"/")
		})
		own := *pass
		own.Report = func(found analysis.Diagnostic) {
			name := pass.Fset.File(found.Pos).Name()
			if skipped || !tests && strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") { // a main that Go made
				return
			}
			found.Category = ""
			pass.Report(found)
		}
		return run(&own)
	}
	return &of
}
