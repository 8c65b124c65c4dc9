package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// What an earlier build may hold. It comes from elsewhere, perhaps over the
// network.
const (
	maxManifest = 1 << 20
	maxFile     = 64 << 20
	maxFiles    = 16 // per build
)

// A previous is where the files of earlier builds are.
type previous interface {
	// read returns a file, and its .br form if there is one. It fails if the
	// file has more than limit bytes.
	read(ctx context.Context, name string, limit int) (data, br []byte, err error)
	String() string
}

// An earlierBuild is a build that stays, with its files.
type earlierBuild struct {
	manifest.Build
	assets map[string]asset  // by logical name
	brotli map[string][]byte // .br files that hold their assets, by the name of the asset
}

// names returns the names of its files.
func (e earlierBuild) names() []string {
	var names []string
	for _, f := range e.Files {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// earlier returns the builds that stay. A folder to write to need not hold any:
// what cannot be read there is mentioned, and goes.
func (o Options) earlier(ctx context.Context, current []asset) ([]earlierBuild, error) {
	if o.Keep <= 0 {
		return nil, nil
	}
	if o.Previous != "" {
		from, err := findPrevious(o.Previous)
		if err != nil {
			return nil, err
		}
		return readEarlier(ctx, from, o.Keep, current, nil)
	}
	if _, err := manifest.Read(os.DirFS(o.Out)); err != nil {
		return nil, nil // none, or none of ours
	}
	return readEarlier(ctx, previousFolder(o.Out), o.Keep, current, o.Warnf)
}

// readEarlier returns the builds whose files stay beside current ones: the
// newest that are not among these, at most keep. A build that cannot be read is
// an error, or is told to warnf and left out.
func readEarlier(ctx context.Context, from previous, keep int, current []asset, warnf func(string, ...any)) ([]earlierBuild, error) {
	list, _, err := from.read(ctx, manifest.FileName, maxManifest)
	if err != nil {
		return nil, err
	}
	m, err := manifest.Decode(list)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	have := make(map[string]bool)
	for _, a := range current {
		have[a.name] = true
	}
	var kept []earlierBuild
	for _, b := range append([]manifest.Build{{Files: m.Files}}, m.Earlier...) {
		if len(kept) == keep {
			break
		}
		e, err := readBuild(ctx, from, b, have)
		if err != nil && warnf == nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		} else if err != nil {
			warnf("an earlier build cannot be kept: %v", err)
			continue
		}
		for _, a := range e.assets {
			have[a.name] = true
		}
		if len(e.assets) > 0 { // else it is the same build again
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// readBuild reads the files of a build that are not there yet.
func readBuild(ctx context.Context, from previous, b manifest.Build, have map[string]bool) (earlierBuild, error) {
	e := earlierBuild{Build: manifest.Build{Files: hashedFiles(b)}, assets: map[string]asset{}, brotli: map[string][]byte{}}
	if len(e.Files) > maxFiles {
		return e, fmt.Errorf("a build of %d files", len(e.Files))
	}
	for logical, f := range e.Files {
		if have[f.Name] {
			continue
		}
		if err := e.fetch(ctx, from, logical, f); err != nil {
			return e, err
		}
	}
	return e, nil
}

// hashedFiles returns what pages of a build ask for later: what is named by
// its hash.
func hashedFiles(b manifest.Build) map[string]manifest.File {
	files := make(map[string]manifest.File)
	for logical, f := range b.Files {
		if f.Hashed(logical) {
			files[logical] = f
		}
	}
	return files
}

// fetch reads one file. It is taken only if it is what its name says, and the
// manifest.
func (e *earlierBuild) fetch(ctx context.Context, from previous, logical string, f manifest.File) error {
	if f.Size <= 0 || f.Size > maxFile {
		return fmt.Errorf("%s: a size of %d bytes", f.Name, f.Size)
	}
	if ext := filepath.Ext(logical); ext != ".js" && ext != ".wasm" {
		return fmt.Errorf("%s is neither a script nor a wasm", f.Name)
	}
	data, br, err := from.read(ctx, f.Name, f.Size)
	if err != nil {
		return err
	}
	if len(br) == f.Brotli { // else somebody else's, on the way
		e.brotli[f.Name] = br
	}
	a := hashed(logical, data)
	if a.name != f.Name || len(data) != f.Size || integrityOf(data) != f.Integrity {
		return fmt.Errorf("%s %w", f.Name, errOtherContent)
	}
	e.assets[logical] = a
	return nil
}

var errOtherContent = errors.New("does not hold what its name and the manifest say")
