package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"
)

// Layout of the plot, in its own units.
const (
	plotWidth, plotHeight = 640, 400
	plotLeft, plotTop     = 70, 30
	plotRight, plotBottom = 20, 50
)

// plot draws wall times over bytes, both axes logarithmic: what grows in
// proportion is a line at the slope of the dashed one.
func plot(points []point) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, plotHeight)
	x, y := axes(points)
	for _, e := range x.decades() {
		at := plotLeft + x.place(e)*(plotWidth-plotLeft-plotRight)
		fmt.Fprintf(&b, `<path d="M%.1f %dV%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%g</text>`+"\n",
			at, plotTop, plotHeight-plotBottom, at, plotHeight-plotBottom+18, e)
	}
	for _, e := range y.decades() {
		at := plotHeight - plotBottom - y.place(e)*(plotHeight-plotTop-plotBottom)
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n",
			plotLeft, at, plotWidth-plotRight, plotLeft-6, at+4, e)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">MiB of $MFT and $J</text>`+"\n", (plotLeft+plotWidth-plotRight)/2, plotHeight-10)
	fmt.Fprintf(&b, `<text x="16" y="%d" text-anchor="middle" transform="rotate(-90 16 %d)">wall time, s</text>`+"\n",
		(plotTop+plotHeight-plotBottom)/2, (plotTop+plotHeight-plotBottom)/2)
	curve(&b, points, x, y, "#b33", "", "jobscan scan", 0, func(p point) time.Duration { return p.jobscan })
	curve(&b, points, x, y, "#33b", "", "floor", 1, func(p point) time.Duration { return p.floor })
	last := points[len(points)-1]
	curve(&b, points, x, y, "#999", ` stroke-dasharray="4 4"`, "in proportion", 2, func(p point) time.Duration {
		return time.Duration(float64(last.jobscan) * float64(p.bytes) / float64(last.bytes))
	})
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// axis is logarithmic.
type axis struct{ low, high float64 }

func (a *axis) take(v float64) {
	if v <= 0 {
		return
	}
	if a.high == 0 {
		a.low, a.high = v, v
	}
	a.low, a.high = min(a.low, v), max(a.high, v)
}

// widen moves the ends to powers of ten.
func (a *axis) widen() {
	a.low = math.Pow(10, math.Floor(math.Log10(a.low)))
	a.high = math.Pow(10, math.Ceil(math.Log10(a.high)))
	if a.high <= a.low {
		a.high = a.low * 10
	}
}

// place gives 0 for the low end and 1 for the high one.
func (a *axis) place(v float64) float64 {
	return math.Log10(max(v, a.low)/a.low) / math.Log10(a.high/a.low)
}

func (a *axis) decades() (out []float64) {
	for e := math.Round(math.Log10(a.low)); e <= math.Round(math.Log10(a.high)); e++ {
		out = append(out, math.Pow(10, e))
	}
	return out
}

func axes(points []point) (x, y axis) {
	for _, p := range points {
		x.take(mib(p.bytes))
		y.take(p.jobscan.Seconds())
		y.take(p.floor.Seconds())
	}
	x.widen()
	y.widen()
	return x, y
}

func curve(b *bytes.Buffer, points []point, x, y axis, color, style, name string, row int, value func(point) time.Duration) {
	var line []string
	for _, p := range points {
		line = append(line, fmt.Sprintf("%.1f,%.1f", plotLeft+x.place(mib(p.bytes))*(plotWidth-plotLeft-plotRight),
			plotHeight-plotBottom-y.place(value(p).Seconds())*(plotHeight-plotTop-plotBottom)))
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.Join(line, " "), color, style)
	if style == "" {
		for _, at := range line {
			cx, cy, _ := strings.Cut(at, ",")
			fmt.Fprintf(b, `<circle cx="%s" cy="%s" r="3" fill="%s"/>`+"\n", cx, cy, color)
		}
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", plotLeft+12, plotTop+18+16*row, color, name)
}
