// Package product knows what the shop sells and what it costs.
//
// # Nouns
//
// A Product is what the shop shows; its Variants are what it sells, each with
// a stock keeping unit and a price of one unit per currency. A product without
// options is its own only variant: the variant has the product's id. A Quote
// is what lines of variants cost now.
//
// # States
//
// A product is draft (not yet shown), active (shown and sold) or archived (no
// longer); it may go from any of these to any other. Its version counts every
// change of it, its variants and its prices.
//
// # Shelves
//
// Categories are a tree: at most 1,000, six deep, without circles (a change of
// the tree is made under one lock). A category with something in it stays.
//
// # Prices, shipping, tax
//
// A quote's total = subtotal − discount + shipping + tax. Shipping is a table by
// zone, weight and option (shipping.go); tax a table by country (tax.go), whose
// prices contain it or do not. Every rounding is half up and happens once per
// quote: of a percentage off the subtotal, and of the tax of what is paid for
// goods and shipping together.
//
// # Quoting without the database
//
// QuoteLines answers from a cache of sellable variants. An entry goes when this
// process changes the product (right after the commit), when another instance
// says so by an event, and after an hour. While the broker is away, and for a
// minute after, everything goes every five seconds. A load that was under way
// when its entry was invalidated is not kept. What does not exist is never cached.
//
// # Search
//
// listings holds the active products as search sees them: weighted words, the
// lowest price per currency, whether something is in stock. It is written in the
// transaction that changes the product, so a search is never behind. Stock is a
// copy, fed by inventory's events, and may be some moments old; checkout decides.
// The counts beside a search (facets, total) may be half a minute old.
package product
