//go:build !js

package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// The measures of a picture, in pixels.
const (
	width      = 760
	namesWidth = 170 // of the names at the left
	valueWidth = 130 // of the values at the right
	barsWidth  = width - namesWidth - valueWidth
	barHeight  = 14
	lineHeight = 19
	headHeight = 30
)

// style has colours for pages in light and in dark: the picture has no
// background of its own.
const style = `text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 } .group { font-weight: 600 } .key { font-size: 11px } .name { text-anchor: end }
.bar { fill: #8c959f } .ours { fill: #0969da } .tail { stroke: #57606a; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #4493f8 } .tail { stroke: #adbac7 }
}`

// key says what the bars are.
const key = "Bar: median. Line: up to the 95th percentile. In brackets: the median of " + ours + " by that of this client."

// picture draws a bar for the median of each client, with a line that ends at
// the 95th percentile.
func (c chapter) picture(p *part) string {
	most := 0.0
	var groups []row
	for _, g := range p.figures() {
		for _, figure := range c.figures {
			if g.Figure == figure {
				groups = append(groups, g)
			}
		}
	}
	for _, g := range groups {
		for _, name := range p.clients() {
			if r := p.find(g, name); r != nil {
				most = max(most, r.P50, r.P95)
			}
		}
	}
	scale := barsWidth / max(most, 1e-9)

	var body strings.Builder
	y := 24
	text := func(class string, x float64, content string) {
		fmt.Fprintf(&body, `<text class="%s" x="%.1f" y="%d">%s</text>`+"\n", class, x, y, escape(content))
	}
	text("title", 0, c.title)
	y += lineHeight
	if p.busy() {
		text("key", 0, key+" The machine had other work.")
	} else {
		text("key", 0, key)
	}
	for _, g := range groups {
		y += headHeight
		text("group", 0, groupName(c, g))
		for _, name := range p.clients() {
			r := p.find(g, name)
			if r == nil {
				continue
			}
			y += lineHeight
			class := "bar"
			if name == ours {
				class = "bar ours"
			}
			end := max(r.P50, r.P95) * scale
			text("name", namesWidth-8, name)
			fmt.Fprintf(&body, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`+"\n", class, namesWidth, y-barHeight+3, max(r.P50*scale, 1), barHeight)
			if r.P95 > r.P50 {
				fmt.Fprintf(&body, `<path class="tail" d="M%.1f %dH%.1f"/>`+"\n", namesWidth+r.P50*scale, y-barHeight/2+3, namesWidth+end)
			}
			text("value", namesWidth+end+6, strings.TrimSpace(digits(r.P50)+" "+unitOf(g.Figure)+ratio(r, p.find(g, ours))))
		}
	}
	y += 12
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-label="%[3]s">
<style>%[4]s</style>
%[5]s</svg>
`, width, y, escape(c.title), style, body.String())
}

// groupName is what stands above the bars of a measurement.
func groupName(c chapter, g row) string {
	if len(c.figures) == 1 {
		return g.What
	}
	return g.What + ": " + g.Figure
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // into memory
	return b.String()
}
