package main

import (
	"fmt"
	"go/token"
	"io"
	"log"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/golangci/misspell"
	"github.com/golangci/unconvert"
	"github.com/kisielk/errcheck/errcheck"
	"github.com/mgechev/revive/lint"
	"github.com/mgechev/revive/rule"
	"github.com/securego/gosec/v2"
	"github.com/securego/gosec/v2/analyzers"
	"github.com/securego/gosec/v2/rules"
	"github.com/tetafro/godot"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"
)

// mayFail are calls whose errors nobody checks.
var mayFail = regexp.MustCompile(`(?i)^((os\.)?std(out|err)\..*|.*Close|.*Flush|os\.Remove(All)?|.*print(f|ln)?|os\.(Un)?Setenv)$`)

var errcheckAnalyzer = &analysis.Analyzer{
	Name: "errcheck",
	Doc:  "finds errors that are not checked",
	Run: func(pass *analysis.Pass) (any, error) {
		of := *pass
		of.Report = func(analysis.Diagnostic) {} // it does not name the call
		result, err := errcheck.Analyzer.Run(&of)
		if err != nil {
			return nil, err
		}
		for _, found := range result.(errcheck.Result).UncheckedErrors {
			call := found.SelectorName
			if call == "" {
				call = found.FuncName
			}
			if call == "" {
				call = "this call"
			}
			if !mayFail.MatchString(call) {
				reportAt(pass, found.Pos, "the error of "+call+" is not checked")
			}
		}
		return nil, nil
	},
}

// notSecurity are rules of gosec's that find nothing here that is wrong.
var notSecurity = []string{
	"G101", // takes token_expired for a secret
	"G104", // errcheck's
	"G124", // takes a cookie that is being deleted for one without attributes
	"G204", // commands of our own tools
	"G301", // folders of assets are public
	"G302",
	"G304", // files of our own tools
	"G306", // assets are public
}

var (
	gosecRules     = rules.Generate(false, rules.NewRuleFilter(true, notSecurity...))
	gosecAnalyzers = analyzers.Generate(false, analyzers.NewAnalyzerFilter(true, notSecurity...))
)

var gosecAnalyzer = &analysis.Analyzer{
	Name: "gosec",
	Doc:  "finds what an attacker may use",
	Run: func(pass *analysis.Pass) (any, error) {
		config := gosec.NewConfig()
		config.SetGlobal(gosec.Nosec, "true") // its own kind of exception needs no reason
		a := gosec.NewAnalyzer(config, true, false, false, 1, log.New(io.Discard, "", 0))
		a.LoadRules(gosecRules.RulesInfo())
		a.LoadAnalyzers(gosecAnalyzers.AnalyzersInfo())
		pkg := &packages.Package{Fset: pass.Fset, Syntax: pass.Files, Types: pass.Pkg, TypesInfo: pass.TypesInfo}
		a.CheckRules(pkg)
		a.CheckAnalyzers(pkg)
		issues, _, _ := a.Report()
		for _, issue := range issues {
			from, _, _ := strings.Cut(issue.Line, "-")
			line, err := strconv.Atoi(from)
			if err != nil {
				return nil, err
			}
			column, err := strconv.Atoi(issue.Col)
			if err != nil {
				return nil, err
			}
			reportAt(pass, token.Position{Filename: issue.File, Line: line, Column: column}, issue.RuleID+": "+issue.What)
		}
		return nil, nil
	},
}

var reviveRules = configured(
	&rule.BlankImportsRule{},
	&rule.ContextKeysType{},
	&rule.DotImportsRule{},
	&rule.ErrorNamingRule{},
	&rule.ErrorReturnRule{},
	&rule.ErrorStringsRule{},
	&rule.ExportedRule{},
	&rule.IncrementDecrementRule{},
	&rule.PackageCommentsRule{},
	&rule.RangeRule{},
	&rule.ReceiverNamingRule{},
	&rule.RedefinesBuiltinIDRule{},
	&rule.SuperfluousElseRule{},
	&rule.UnexportedReturnRule{},
	&rule.UnreachableCodeRule{},
	&rule.VarDeclarationsRule{},
)

// configured gives rules their defaults, and leaves constants without comments
// alone: what they stand for is in their names.
func configured(rules ...lint.Rule) []lint.Rule {
	for _, r := range rules {
		var arguments lint.Arguments
		if r.Name() == "exported" {
			arguments = lint.Arguments{"disableChecksOnConstants"}
		}
		if r, ok := r.(lint.ConfigurableRule); ok {
			if err := r.Configure(arguments); err != nil {
				panic(err)
			}
		}
	}
	return rules
}

var reviveAnalyzer = &analysis.Analyzer{
	Name: "revive",
	Doc:  "finds missing comments, and names and statements that are not as is usual",
	Run: func(pass *analysis.Pass) (any, error) {
		const confidence = 0.8 // revive's default
		var files []string
		for _, file := range pass.Files {
			files = append(files, pass.Fset.File(file.FileStart).Name())
		}
		linter := lint.New(os.ReadFile, 0)
		failures, err := linter.Lint([][]string{files}, reviveRules, lint.Config{Confidence: confidence})
		if err != nil {
			return nil, err
		}
		for failure := range failures {
			if failure.IsInternal() {
				return nil, fmt.Errorf("revive: %s", failure.Failure)
			}
			if failure.Confidence >= confidence {
				reportAt(pass, failure.Position.Start, failure.RuleName+": "+failure.Failure)
			}
		}
		return nil, nil
	},
}

var godotAnalyzer = &analysis.Analyzer{
	Name: "godot",
	Doc:  "finds comments of declarations that do not end in a period",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, file := range pass.Files {
			issues, err := godot.Run(file, pass.Fset, godot.Settings{Scope: godot.DeclScope, Period: true})
			if err != nil {
				return nil, err
			}
			for _, issue := range issues {
				reportAt(pass, issue.Pos, issue.Message)
			}
		}
		return nil, nil
	},
}

var misspellAnalyzer = &analysis.Analyzer{
	Name: "misspell",
	Doc:  "finds words that are often misspelled",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, file := range pass.Files {
			name := pass.Fset.File(file.FileStart).Name()
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			_, found := misspeller.Replace(string(text))
			for _, word := range found {
				reportAt(pass, token.Position{Filename: name, Line: word.Line, Column: word.Column + 1},
					fmt.Sprintf("%q is a misspelling of %q", word.Original, word.Corrected))
			}
		}
		return nil, nil
	},
}

var misspeller = misspell.New()

var unconvertAnalyzer = &analysis.Analyzer{
	Name: "unconvert",
	Doc:  "finds conversions to the type that a value has",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, position := range unconvert.Run(pass) {
			reportAt(pass, position, "this conversion changes nothing")
		}
		return nil, nil
	},
}

// reportAt reports what was found at a line and column of a file.
func reportAt(pass *analysis.Pass, at token.Position, message string) {
	for _, file := range pass.Files {
		if of := pass.Fset.File(file.FileStart); of.Name() == at.Filename {
			pos := of.LineStart(at.Line) + token.Pos(max(at.Column-1, 0))
			pass.Report(analysis.Diagnostic{Pos: pos, Message: message})
			return
		}
	}
}
