package product

import "kassa/internal/fault"

// The ways the catalogue says no. Those about lines carry the detail "errors", []LineError.
var (
	ErrUnknownVariant   = fault.New(fault.Invalid, "unknown_variant", "Some items do not exist.")
	ErrNotForSale       = fault.New(fault.Invalid, "not_for_sale", "Some items are not for sale.")
	ErrNoPrice          = fault.New(fault.Invalid, "no_price", "Some items have no price in this currency.")
	ErrBadQuantity      = fault.New(fault.Invalid, "bad_quantity", "The quantity of an item must be from 1 to 10,000.")
	ErrBadQuote         = fault.New(fault.Invalid, "bad_quote", "A quote needs 1 to 100 lines.")
	ErrBadCountry       = fault.New(fault.Invalid, "bad_country", "The country must be an ISO 3166-1 code of two letters.")
	ErrUnknownCurrency  = fault.New(fault.Invalid, "unknown_currency", "The shop does not sell in this currency.")
	ErrUnknownShipping  = fault.New(fault.Invalid, "unknown_shipping_option", "There is no such shipping option for this currency and country.")
	ErrAmountOutOfRange = fault.New(fault.Invalid, "amount_out_of_range", "The total is too large.")
	ErrCouponMinimum    = fault.New(fault.Declined, "coupon_minimum", "The items cost less than the coupon asks for.") // detail "minimum"
	ErrCouponCurrency   = fault.New(fault.Invalid, "coupon_currency", "The coupon is for another currency.")
	ErrBadDiscount      = fault.New(fault.Invalid, "bad_discount", "The discount is neither a percentage nor an amount.")

	ErrProductNotFound = fault.New(fault.NotFound, "product_not_found", "There is no such product.")
	ErrProductStale    = fault.New(fault.Stale, "product_changed", "The product has changed since you read it.") // detail "current_version"
	ErrBadProduct      = fault.New(fault.Invalid, "bad_product", "The product cannot be saved like this.")       // detail "errors"
	ErrSKUTaken        = fault.New(fault.Conflict, "sku_taken", "Another variant has this SKU already.")
	ErrBadImport       = fault.New(fault.Invalid, "bad_import", "An import has 1 to 1,000 lines of at most 64 KiB each.")
	ErrBadLine         = fault.New(fault.Invalid, "bad_line", "The line cannot be read as a product.") // detail "errors"
	ErrImportAmbiguous = fault.New(fault.Conflict, "import_ambiguous", "The line names SKUs or ids of several products.")
	ErrVariantNotFound = fault.New(fault.NotFound, "variant_not_found", "The product has no such variant.")
	ErrLastVariant     = fault.New(fault.Conflict, "last_variant", "A product has at least one variant; archive the product instead.")
	ErrNothingToChange = fault.New(fault.Invalid, "nothing_to_change", "Nothing to change was given.")
)

// The ways the shelves say no.
var (
	ErrCategoryNotFound = fault.New(fault.NotFound, "category_not_found", "There is no such category.")
	ErrUnknownCategory  = fault.New(fault.Invalid, "unknown_category", "There is no such category to choose.")
	ErrCategoryStale    = fault.New(fault.Stale, "category_changed", "The category has changed since you read it.") // detail "current_version"
	ErrBadCategory      = fault.New(fault.Invalid, "bad_category", "The category cannot be saved like this.")       // detail "errors"
	ErrCategoryCircle   = fault.New(fault.Invalid, "category_circle", "A category cannot be inside itself.")
	ErrCategoryInUse    = fault.New(fault.Conflict, "category_in_use", "Products or other categories are in this category.")
	ErrSlugTaken        = fault.New(fault.Conflict, "slug_taken", "Another category has this slug already.")
)

// LineError says what is wrong with one member of the request.
type LineError struct {
	Pointer string `json:"pointer"` // into the request's body, like #/lines/0/quantity
	Code    string `json:"code"`
	Message string `json:"message"`
}

// at makes a LineError of a fault.
func at(pointer string, f *fault.Error) LineError {
	return LineError{Pointer: pointer, Code: f.Reason, Message: f.Message}
}
