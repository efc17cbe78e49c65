package html

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
)

//go:embed assets/style.css
var style string

//go:embed assets/script.js
var script string

//go:embed assets/*.tmpl
var templates embed.FS

// page holds the templates. Each begins and ends in the text of an element, so
// that they can be written one after the other. They are read when a page is
// written: other commands need not wait for them.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(templates, "assets/*.tmpl"))
})

// policy is the Content-Security-Policy: the page's own script and style, known
// by their hashes, and nothing that is loaded, framed or sent.
func policy() string {
	return fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; base-uri 'none'; form-action 'none'",
		hash(script), hash(style))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// writeHead writes the page up to its body. Script and style stand in it byte
// for byte, else their hashes would not hold.
func writeHead(w io.Writer, title string) error {
	_, err := fmt.Fprintf(w, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<style>%s</style>
</head>
<body>
`, policy(), template.HTMLEscapeString(title), style)
	return err
}

// Script is the page's script, for the template that ends the page.
func (pageModel) Script() template.JS { return template.JS(script) }
