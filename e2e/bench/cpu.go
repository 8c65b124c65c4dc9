//go:build !js

package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// processor measures how long the main thread of the page is busy during a
// sign-in and during a reload, how long of that with scripts, and what all
// processes of the browser use meanwhile: a worker, a frame and the network are
// in there, too.
func processor(b *bench, r *results, what *regexp.Regexp, n int) error {
	ways := []struct {
		name string
		act  func(*client, *tab) error
	}{
		{"cpu/signin", b.clickAndWait},
		{"cpu/reload", func(c *client, t *tab) error { _, err := b.reload(c, t); return err }},
	}
	for _, way := range ways {
		if !what.MatchString(way.name) {
			continue
		}
		if err := b.warmUp(); err != nil {
			return err
		}
		err := b.rounds(way.name, n, func(c *client) error {
			t, err := b.openForCPU(c, way.name == "cpu/reload")
			if err != nil {
				return err
			}
			before, err := b.used(t)
			if err != nil {
				return err
			}
			if err := way.act(c, t); err != nil {
				return err
			}
			after, err := b.used(t)
			if err != nil {
				return err
			}
			r.add(way.name, c, figureTasks, after.tasks-before.tasks)
			r.add(way.name, c, figureScripts, after.scripts-before.scripts)
			r.add(way.name, c, figureAll, after.all-before.all)
			return b.leave(t, c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// openForCPU opens the page, with somebody signed in or not.
func (b *bench) openForCPU(c *client, signedIn bool) (*tab, error) {
	if signedIn {
		v, err := b.signIn(c, arrival{})
		return v.tab, err
	}
	t, err := b.open(false)
	if err != nil {
		return nil, err
	}
	if err := t.do(chromedp.Navigate(c.origin + "/?mode=" + modeClick)); err != nil {
		return nil, err
	}
	_, err = b.wait(c, "loaded")
	return t, err
}

func (b *bench) clickAndWait(c *client, t *tab) error {
	if err := t.click(false); err != nil {
		return err
	}
	_, err := b.wait(c, "signed in")
	return err
}

// A usage is what was used so far, in milliseconds.
type usage struct{ tasks, scripts, all float64 }

// used returns what was used when the page has come to rest.
func (b *bench) used(t *tab) (u usage, err error) {
	<-time.After(settle)
	if _, err := chromedp.Call(t.ctx, performance.Enable, performance.EnableParams{}); err != nil {
		return u, err
	}
	result, err := chromedp.Call(t.ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		return u, err
	}
	for _, metric := range result.Metrics {
		switch metric.Name {
		case "TaskDuration":
			u.tasks = metric.Value * 1000
		case "ScriptDuration":
			u.scripts = metric.Value * 1000
		}
	}
	if u.tasks == 0 {
		return u, fmt.Errorf("the browser does not say how long its tasks took")
	}
	u.all, err = b.processorTime()
	return u, err
}
