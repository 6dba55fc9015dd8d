package demo

import (
	"context"
	"fmt"
	"time"

	"kassa/api/client"
	"kassa/sandbox/shopper"
)

// article is what the demo sells; the price is in euro cents.
type article struct {
	sku, name, description string
	price, stock           int64
}

var catalogue = []article{
	{"MUG-RED", "Mug, red", "Stoneware, 0.3 l.", 1299, 500},
	{"MUG-BLUE", "Mug, blue", "Stoneware, 0.3 l.", 1299, 500},
	{"TEAPOT", "Teapot", "Cast iron, 0.8 l, with a strainer.", 4990, 120},
	{"TEA-GREEN", "Green tea", "100 g, loose.", 890, 800},
	{"TEA-BLACK", "Black tea", "100 g, loose.", 790, 800},
	{"KETTLE", "Kettle", "1.2 l, 80 to 100 °C.", 6990, 60},
	{"TRAY", "Tray", "Ash wood, 45 × 30 cm.", 3490, 90},
	{"SPOON", "Measuring spoon", "For 2 g of tea.", 590, 1000},
	{"LAST-ONE", "Lantern", "The last one.", 5990, 1},
}

// stock fills the shelves. Each run sells articles of its own, so that the demo
// can be repeated.
func stock(ctx context.Context, shop *shopper.Shop) (map[string]shopper.Item, error) {
	run := time.Now().UTC().Format("060102-150405")
	items := map[string]shopper.Item{}
	for _, a := range catalogue {
		item, err := shop.Stock(ctx, shopper.Article{
			SKU: a.sku + "-" + run, Name: a.name, Description: a.description,
			Price: client.Money{Amount: a.price, Currency: "EUR"}, Stock: a.stock,
		})
		if err != nil {
			return nil, fmt.Errorf("fill the shelves: %w", err)
		}
		items[a.sku] = item
	}
	return items, nil
}
