// Lint checks the repository. It is a module of its own, so that what it is
// made of is not among the requirements of the library: staticcheck's driver
// and checks, some more that are published as packages, and none that would
// bring a hundred modules along.
//
//	lint [packages]      reports findings, for the platform of GOOS and GOARCH
//	lint fmt [folders]   groups the imports of files, and formats them
//
// An exception is a comment above the line, with the check and the reason:
//
//	//lint:ignore gosec G115: it is not negative
//
// The command go vet and the tests in internal/repotest check the rest.
package main

import (
	"fmt"
	"os"

	"honnef.co/go/tools/lintcmd"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "fmt" {
		if err := format(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	cmd := lintcmd.NewCommand("lint")
	if err := cmd.FlagSet().Set("checks", "all"); err != nil { // of those that checks adds
		panic(err)
	}
	cmd.ParseFlags(os.Args[1:])
	addChecks(cmd)
	cmd.Run()
}
