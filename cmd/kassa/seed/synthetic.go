package seed

import (
	"fmt"
	"strings"

	"kassa/internal/money"
)

// The words that synthetic products are called by.
var (
	styles = strings.Fields("classic modern rustic slim large small folding stackable handmade vintage compact heavy light round square")
	makes  = strings.Fields("oak ash steel copper stoneware porcelain linen cotton wool leather bamboo glass brass marble concrete felt cork enamel silk canvas walnut birch iron aluminium ceramic")
	kinds  = strings.Fields("mug teapot kettle lamp chair table shirt jacket backpack bottle knife pan blanket pillow clock vase basket bench stool shelf mirror candle notebook pen bowl plate rug curtain hammer saw drill rake spade tent stove rope boot glove towel tray")
	tones  = strings.Fields("red blue green black white grey yellow orange brown pink purple turquoise beige olive navy ivory golden silver crimson amber")
)

// synthetic is the n-th of any number of made-up products, always the same one.
func synthetic(n int, stock int64) article {
	of := func(words []string, every int) string { return words[n/every%len(words)] }
	material, kind := of(makes, 1), of(kinds, len(makes))
	name := fmt.Sprintf("%s %s %s, %s", of(styles, 7), material, kind, of(tones, len(makes)*len(kinds)))
	sku := fmt.Sprintf("GEN-%07d", n)
	amount := int64(190 + (n*7919)%50_000)
	return article{
		Category:    leaves[n/len(makes)%len(leaves)],
		Name:        strings.ToUpper(name[:1]) + name[1:],
		Description: fmt.Sprintf("A %s made of %s. Number %d of a collection that was made up.", kind, material, n),
		Variants: []variant{{SKU: sku, Grams: int64(50 + (n*31)%5000), Prices: []money.Money{
			money.New(amount, "EUR"), money.New(amount*112/100, "USD"), money.New(amount*87/100, "GBP"),
		}}},
		stock: map[string]int64{sku: stock},
	}
}

// leaves are the categories that hold products.
var leaves = func() (slugs []string) {
	for _, shelf := range shelves {
		if shelf[2] != "" {
			slugs = append(slugs, shelf[0])
		}
	}
	return slugs
}()
