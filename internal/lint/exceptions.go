package main

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

const exceptionsName = "exceptions"

// exception is a comment that silences a check: here, its form is the one that
// the driver knows. It reports those that silence nothing, or have no reason.
var (
	exception = regexp.MustCompile(`^//lint:ignore (\S+)`)
	foreign   = regexp.MustCompile(`^(//|/\*)\s*(nolint\b|#nosec\b|lint:|revive:)`)
)

// exceptionsAnalyzer reports comments that silence a check that does not
// exist, or more than one check, or that only one of the checks understands.
func exceptionsAnalyzer(checks []string) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name: exceptionsName,
		Doc:  "finds exceptions that do not name a check",
		Run: func(pass *analysis.Pass) (any, error) {
			for _, file := range pass.Files {
				for _, group := range file.Comments {
					for _, comment := range group.List {
						if message := wrongException(comment.Text, checks); message != "" {
							pass.Reportf(comment.Pos(), "%s", message)
						}
					}
				}
			}
			return nil, nil
		},
	}
}

// wrongException returns what is wrong with a comment as an exception; "" if
// nothing is, or if it is none.
func wrongException(comment string, checks []string) string {
	match := exception.FindStringSubmatch(comment)
	if match == nil {
		if foreign.MatchString(comment) {
			return "the form of an exception is //lint:ignore check reason"
		}
		return ""
	}
	for name := range strings.SplitSeq(match[1], ",") {
		if !slices.Contains(checks, name) {
			return "no check has the name " + name
		}
	}
	return ""
}
