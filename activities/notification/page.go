package notification

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"time"

	"kassa/internal/money"
)

//go:embed templates
var sources embed.FS

// page is what a text is written from.
type page struct {
	Name    string // of the person
	Shop    string // base URL
	Order   *OrderBrief
	Facts   facts
	Token   string
	Expires time.Time
	Link    string
	Subject string // of a letter that somebody wrote
	Body    string // of the same; plain text
}

// sheet is a text, ready for the layouts. Everything in it is plain text: the
// HTML layout escapes it.
type sheet struct {
	Locale     string
	Subject    string
	Greeting   string
	Paragraphs []string
	Lines      []sheetLine
	Total      string
	TotalLabel string
	Button     string // label; "" when there is none
	Link       string
	Closing    []string
	Shop       string
}

type sheetLine struct {
	Name     string
	Quantity int64
	Total    string
}

// locales are the languages that there are texts in; the first is for everybody else.
var locales = []string{"en", "de"}

var (
	words      = readWords()
	htmlLayout = htmltemplate.Must(htmltemplate.ParseFS(sources, "templates/layout.html"))
	textLayout = template.Must(template.ParseFS(sources, "templates/layout.txt"))
)

// readWords parses the texts of each locale: one file, four parts per kind,
// <kind>.subject, .body, .button and .short.
func readWords() map[string]*template.Template {
	read := map[string]*template.Template{}
	for _, locale := range locales {
		read[locale] = template.Must(template.New(locale).Option("missingkey=error").Funcs(template.FuncMap{
			"money": func(m money.Money) string { return amount(m, locale) },
			"date":  func(t time.Time) string { return t.UTC().Format(dates[locale]) },
		}).ParseFS(sources, "templates/"+locale+".tmpl"))
	}
	return read
}

var dates = map[string]string{"en": "2 January 2006, 15:04 UTC", "de": "02.01.2006, 15:04 UTC"}

// write makes the letter of a kind in a locale.
func (p page) write(kind, locale string) (Letter, error) {
	if words[locale] == nil {
		locale = locales[0]
	}
	said := map[string]string{}
	for _, part := range []string{"subject", "body", "button", "short"} {
		text, err := p.say(locale, kind+"."+part)
		if err != nil {
			return Letter{}, err
		}
		said[part] = text
	}
	sheet := sheet{Locale: locale, Subject: oneLine(said["subject"]), Paragraphs: paragraphs(said["body"]), Link: p.Link, Shop: p.Shop}
	if p.Link != "" {
		sheet.Button = said["button"]
	}
	greeting, err := p.say(locale, "greeting")
	if err != nil {
		return Letter{}, err
	}
	closing, err := p.say(locale, "closing")
	if err != nil {
		return Letter{}, err
	}
	sheet.Greeting, sheet.Closing = greeting, paragraphs(closing)
	if p.Order != nil {
		for _, line := range p.Order.Lines {
			sheet.Lines = append(sheet.Lines, sheetLine{Name: line.Name, Quantity: line.Quantity, Total: amount(line.Total, locale)})
		}
		sheet.Total = amount(p.Order.Total, locale)
		if sheet.TotalLabel, err = p.say(locale, "total"); err != nil {
			return Letter{}, err
		}
	}
	var html, text strings.Builder
	if err := htmlLayout.Execute(&html, sheet); err != nil {
		return Letter{}, fmt.Errorf("write %s: %w", kind, err)
	}
	if err := textLayout.Execute(&text, sheet); err != nil {
		return Letter{}, fmt.Errorf("write %s: %w", kind, err)
	}
	return Letter{Subject: sheet.Subject, HTML: html.String(), Text: text.String(), Short: oneLine(said["short"]), Link: p.Link}, nil
}

// say writes one part.
func (p page) say(locale, part string) (string, error) {
	var b strings.Builder
	if err := words[locale].ExecuteTemplate(&b, part, p); err != nil {
		return "", fmt.Errorf("write %s in %s: %w", part, locale, err)
	}
	return strings.TrimSpace(b.String()), nil
}

// paragraphs are separated by an empty line.
func paragraphs(text string) []string {
	var all []string
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// oneLine keeps a text from becoming more than one line of a header.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

var symbols = map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}

// amount shows money as people of the locale write it: €1,299.00, 1.299,00 €.
func amount(m money.Money, locale string) string {
	digits, code, _ := strings.Cut(m.String(), " ")
	digits, negative := strings.CutPrefix(digits, "-")
	whole, part, _ := strings.Cut(digits, ".")
	group, point := ",", "."
	if locale == "de" {
		group, point = ".", ","
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + group + whole[i:]
	}
	if part != "" {
		whole += point + part
	}
	symbol, known := symbols[code]
	if !known {
		symbol = code
	}
	sign := ""
	if negative {
		sign = "-"
	}
	switch {
	case locale == "de" || !known:
		return sign + whole + "\u00a0" + symbol
	default:
		return sign + symbol + whole
	}
}
