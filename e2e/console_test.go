//go:build !js

package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// A console records what the scripts of a tab, and of the shared worker behind
// it, write to their consoles.
type console struct {
	t testing.TB

	mu    sync.Mutex
	lines []string // guarded by mu
}

// listen records what target writes from now on, and what it has written.
func (c *console) listen(target context.Context) {
	messages := chromedp.Console(target)
	go func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			if message.Source != "" {
				continue // of the browser's own, such as the address of what it could not load
			}
			c.mu.Lock()
			c.lines = append(c.lines, message.String())
			c.mu.Unlock()
		}
	}()
}

// listenToWorker does the same for the shared worker of an origin.
func (c *console) listenToWorker(origin string) context.Context {
	c.t.Helper()
	result, err := chromedp.CallBrowser(devtools(c.t), target.GetTargets, target.GetTargetsParams{
		Filter: target.Filter{{Type: "shared_worker"}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, info := range result.TargetInfos {
		if strings.HasPrefix(info.URL, origin) {
			worker, cancel := chromedp.NewContext(devtools(c.t), chromedp.WithTargetID(info.TargetID))
			c.t.Cleanup(cancel)
			if err := chromedp.Do(worker); err != nil {
				c.t.Fatal(err)
			}
			c.listen(worker)
			return worker
		}
	}
	c.t.Error("there is no shared worker to listen to")
	return nil
}

// hear has a script write a line, and waits until it was recorded: a recorder
// that hears nothing would find nothing.
func (c *console) hear(target context.Context, line string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(target, stepTimeout)
	defer cancel()
	for !c.holds(line) {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("console.log("+quote(line)+"), true")); err != nil {
			c.t.Fatalf("the console of %s hears nothing: %v", line, err)
		}
	}
}

func quote(line string) string { return `"` + line + `"` }

func (c *console) holds(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range c.lines {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// check fails for a secret in a line.
func (c *console) check(secrets []string) {
	c.t.Helper()
	for _, secret := range secrets {
		if c.holds(secret) {
			c.t.Errorf("a line in the console holds a secret of %d characters", len(secret))
		}
	}
}
