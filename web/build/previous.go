package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/andybalholm/brotli"
)

// answerTimeout bounds one request to the running site.
const answerTimeout = 2 * time.Minute

// findPrevious returns what -previous names: a folder, or the address of one.
func findPrevious(name string) (previous, error) {
	if !strings.Contains(name, "://") {
		return previousFolder(name), nil
	}
	u, err := url.Parse(name)
	if err != nil {
		return nil, err
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, fmt.Errorf("%s: files of a site are fetched over https", u.Redacted())
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%s: not the address of a folder", u.Redacted())
	}
	client := &http.Client{
		Timeout:       answerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
		// What arrives is what was sent: it is unpacked here, within bounds.
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableCompression: true, ResponseHeaderTimeout: answerTimeout / 4},
	}
	return &previousSite{folder: u, client: client}, nil
}

var errRedirect = errors.New("the answer leads elsewhere: name the address where the files are")

// A previousFolder is a folder that this package wrote.
type previousFolder string

func (p previousFolder) String() string { return string(p) }

func (p previousFolder) read(_ context.Context, name string, limit int) (data, br []byte, err error) {
	root, err := os.OpenRoot(string(p))
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	if data, err = readIn(root, name, limit); err != nil {
		return nil, nil, err
	}
	if br, err = readIn(root, name+".br", limit); err != nil {
		return data, nil, nil // there need not be one
	}
	if content, err := unbrotli(br, limit); err != nil || !bytes.Equal(content, data) {
		br = nil
	}
	return data, br, nil
}

func readIn(root *os.Root, name string, limit int) ([]byte, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := readBounded(file, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

// A previousSite is such a folder as a web server serves it.
type previousSite struct {
	folder *url.URL
	client *http.Client
}

func (p *previousSite) String() string { return p.folder.Redacted() }

func (p *previousSite) read(ctx context.Context, name string, limit int) (data, br []byte, err error) {
	address := p.folder.JoinPath(name)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept-Encoding", "br")
	r.Header.Set("Cache-Control", "no-cache")
	res, err := p.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answered %s", address.Redacted(), res.Status)
	}
	if data, err = readBounded(res.Body, limit); err == nil {
		switch encoding := strings.ToLower(res.Header.Get("Content-Encoding")); encoding {
		case "", "identity":
		case "br":
			br = data
			data, err = unbrotli(br, limit)
		default:
			err = fmt.Errorf("in the encoding %q, for which nobody has asked", encoding)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", address.Redacted(), err)
	}
	return data, br, nil
}

// unbrotli returns what a .br file holds, which must not be more than limit bytes.
func unbrotli(br []byte, limit int) ([]byte, error) {
	return readBounded(brotli.NewReader(bytes.NewReader(br)), limit)
}

// readBounded reads all, and fails beyond limit bytes.
func readBounded(r io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return data, err
}
