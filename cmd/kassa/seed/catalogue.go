package seed

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"kassa/internal/money"
)

//go:embed catalogue.tsv
var table string

// images is where the pictures of the catalogue would be. The host is reserved
// for examples and answers nobody.
const images = "https://images.example.com/"

// shelves are the categories: slug, name and the slug of the one above.
var shelves = [][3]string{
	{"kitchen", "Kitchen", ""},
	{"mugs-and-cups", "Mugs and cups", "kitchen"},
	{"tea-and-coffee", "Tea and coffee", "kitchen"},
	{"pots-and-pans", "Pots and pans", "kitchen"},
	{"knives-and-boards", "Knives and boards", "kitchen"},
	{"table", "Table", "kitchen"},
	{"home", "Home", ""},
	{"home-textiles", "Textiles", "home"},
	{"lighting", "Lighting", "home"},
	{"desk", "Desk", "home"},
	{"outdoors", "Outdoors", ""},
	{"garden", "Garden", "outdoors"},
	{"bags", "Bags and bottles", "outdoors"},
}

// article is a product as POST /products/import takes it.
type article struct {
	Category    string    `json:"category,omitempty"`
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Images      []picture `json:"images,omitempty"`
	Variants    []variant `json:"variants"`

	stock map[string]int64 // units by SKU; not part of the import
}

type picture struct {
	URL string `json:"url"`
	Alt string `json:"alt"`
}

type variant struct {
	SKU     string        `json:"sku"`
	Options []choice      `json:"options,omitempty"`
	Grams   int64         `json:"weight_grams,omitempty"`
	Prices  []money.Money `json:"prices"`
}

type choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// catalogue reads the committed table. Rows of one product follow each other;
// its SKU is what comes before the first dot.
func catalogue() ([]article, error) {
	var all []article
	last := ""
	for number, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Split(line, "\t")
		if len(field) != 10 {
			return nil, fmt.Errorf("line %d of the catalogue has %d fields", number+1, len(field))
		}
		var figures [5]int64 // grams, EUR, USD, GBP, stock
		for i := range figures {
			var err error
			if figures[i], err = strconv.ParseInt(field[4+i], 10, 64); err != nil {
				return nil, fmt.Errorf("line %d of the catalogue: %w", number+1, err)
			}
		}
		v := variant{SKU: field[1], Grams: figures[0], Prices: []money.Money{
			money.New(figures[1], "EUR"), money.New(figures[2], "USD"), money.New(figures[3], "GBP"),
		}}
		if name, value, chosen := strings.Cut(field[3], "="); chosen {
			v.Options = []choice{{name, value}}
		}
		product, _, _ := strings.Cut(v.SKU, ".")
		if product != last {
			all = append(all, article{
				Category: field[0], Name: field[2], Description: field[9], stock: map[string]int64{},
				Images: []picture{{URL: images + strings.ToLower(product) + ".jpg", Alt: field[2]}},
			})
			last = product
		}
		p := &all[len(all)-1]
		p.Variants = append(p.Variants, v)
		p.stock[v.SKU] = figures[4]
	}
	return all, nil
}
