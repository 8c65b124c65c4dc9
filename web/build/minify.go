package build

import (
	"fmt"

	"github.com/evanw/esbuild/pkg/api"
)

// minify removes from a script what nobody runs: comments, white space, long
// names. module says that the names at the top are seen by its exports alone.
func (s *sources) minify(name string, src []byte, module bool) []byte {
	if s.err != nil {
		return nil
	}
	options := api.TransformOptions{
		Sourcefile:        "web/" + name,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
	}
	if module {
		options.Format = api.FormatESModule
	}
	result := api.Transform(string(src), options)
	if len(result.Errors) > 0 {
		first := result.Errors[0]
		s.err = fmt.Errorf("web/%s: %s", name, first.Text)
		if first.Location != nil {
			s.err = fmt.Errorf("%w: %s", s.err, first.Location.LineText)
		}
	}
	return result.Code
}
