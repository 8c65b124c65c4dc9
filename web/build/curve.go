package build

import (
	"os"
	"path/filepath"
	"strings"
)

// curvePackage has the arithmetic of the curves, and among it a table of
// multiples of the generator of P-256. That is random to every compression; to
// compute it takes some ten milliseconds, once, before the first signature
// (docs/decisions).
const curvePackage = "crypto/internal/fips140/nistec"

const (
	tableFile  = "p256_table.go"
	tableUser  = "p256.go"
	tableName  = "&p256GeneratorTables["
	tableStub  = "&p256Computed()["
	tableTimes = 2 // as often tableUser uses the table
)

// computeTable makes the overlay compute the table. If Go does not use it as
// expected, the table stays what it is.
func computeTable(folder, pkg string, replace map[string]string) error {
	user, err := os.ReadFile(filepath.Join(pkg, tableUser))
	if err != nil {
		return err
	}
	if strings.Count(string(user), tableName) != tableTimes {
		return nil
	}
	stub, err := stubs.ReadFile("stub/_nistec/" + tableFile)
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		tableFile: string(stub),
		tableUser: strings.ReplaceAll(string(user), tableName, tableStub),
	} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return err
		}
		replace[filepath.Join(pkg, name)] = file
	}
	return nil
}
