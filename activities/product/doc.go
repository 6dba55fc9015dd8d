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
// # Prices
//
// Prices include the tax. A quote therefore adds none: its tax is 0, and its
// total = subtotal − discount + shipping + tax. What shipping costs is a small
// table (shipping.go), the same for every country. There are no discounts yet.
//
// # Quoting without the database
//
// QuoteLines answers from a cache of sellable variants. An entry goes when this
// process changes the product (right after the commit), when another instance
// says so by product.updated, and after an hour. A load that was under way when
// its entry was invalidated is not kept. What does not exist is never cached.
package product
