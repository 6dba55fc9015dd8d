package provider

// method is one of Stripe's published test payment methods and what it does.
type method struct {
	id      string
	brand   string
	last4   string
	country string

	declines  string    // decline code of every charge, "" to accept
	challenge challenge // when the bank wants the customer
	refunds   string    // what becomes of a refund: "" succeeds, "pending" succeeds later, "failed" fails later
}

// challenge says when a card asks for 3-D Secure.
type challenge int

const (
	never        challenge = iota
	always                 // and a payment without the customer is declined
	onlyInPerson           // set up for payments without the customer, who is asked when there
)

// methods are the test payment methods of docs.stripe.com/testing that this sandbox knows.
// The id of a method is kept as it was sent; Stripe would make a pm_… of its own for each use.
var methods = index([]method{
	{id: "pm_card_visa", brand: "visa", last4: "4242"},
	{id: "pm_card_visa_debit", brand: "visa", last4: "5556"},
	{id: "pm_card_mastercard", brand: "mastercard", last4: "4444"},
	{id: "pm_card_mastercard_debit", brand: "mastercard", last4: "8210"},
	{id: "pm_card_mastercard_prepaid", brand: "mastercard", last4: "5100"},
	{id: "pm_card_amex", brand: "amex", last4: "0005"},
	{id: "pm_card_discover", brand: "discover", last4: "1117"},
	{id: "pm_card_diners", brand: "diners", last4: "0004"},
	{id: "pm_card_jcb", brand: "jcb", last4: "0505", country: "JP"},
	{id: "pm_card_unionpay", brand: "unionpay", last4: "0005", country: "CN"},
	{id: "pm_card_us", brand: "visa", last4: "4242"},
	{id: "pm_card_gb", brand: "visa", last4: "0000", country: "GB"},
	{id: "pm_card_de", brand: "visa", last4: "0016", country: "DE"},
	{id: "pm_card_fr", brand: "visa", last4: "0003", country: "FR"},
	{id: "pm_card_bypassPending", brand: "visa", last4: "0077"},
	{id: "pm_card_riskLevelElevated", brand: "visa", last4: "9235"},

	{id: "pm_card_visa_chargeDeclined", brand: "visa", last4: "0002", declines: "generic_decline"},
	{id: "pm_card_visa_chargeDeclinedInsufficientFunds", brand: "visa", last4: "9995", declines: "insufficient_funds"},
	{id: "pm_card_visa_chargeDeclinedLostCard", brand: "visa", last4: "9987", declines: "lost_card"},
	{id: "pm_card_visa_chargeDeclinedStolenCard", brand: "visa", last4: "9979", declines: "stolen_card"},
	{id: "pm_card_visa_chargeDeclinedVelocityLimitExceeded", brand: "visa", last4: "6975", declines: "card_velocity_exceeded"},
	{id: "pm_card_chargeDeclined", brand: "visa", last4: "0002", declines: "generic_decline"},
	{id: "pm_card_chargeDeclinedInsufficientFunds", brand: "visa", last4: "9995", declines: "insufficient_funds"},
	{id: "pm_card_chargeDeclinedFraudulent", brand: "visa", last4: "0019", declines: "fraudulent"},
	{id: "pm_card_chargeDeclinedExpiredCard", brand: "visa", last4: "0069", declines: "expired_card"},
	{id: "pm_card_chargeDeclinedIncorrectCvc", brand: "visa", last4: "0127", declines: "incorrect_cvc"},
	{id: "pm_card_chargeDeclinedProcessingError", brand: "visa", last4: "0119", declines: "processing_error"},
	{id: "pm_card_chargeCustomerFail", brand: "visa", last4: "0341", declines: "generic_decline"},
	{id: "pm_card_riskLevelHighest", brand: "visa", last4: "4954", declines: "fraudulent"},
	{id: "pm_card_radarBlock", brand: "visa", last4: "0019", declines: "fraudulent"},

	{id: "pm_card_threeDSecure2Required", brand: "visa", last4: "3220", challenge: always},
	{id: "pm_card_threeDSecureRequired", brand: "visa", last4: "3063", challenge: always},
	{id: "pm_card_threeDSecureRequiredChargeDeclined", brand: "visa", last4: "1629", challenge: always, declines: "generic_decline"},
	{id: "pm_card_threeDSecureRequiredProcessingError", brand: "visa", last4: "1280", challenge: always, declines: "processing_error"},
	{id: "pm_card_threeDSecureOptional", brand: "visa", last4: "3055"},
	{id: "pm_card_amex_threeDSecureNotSupported", brand: "amex", last4: "0005"},
	{id: "pm_card_authenticationRequired", brand: "visa", last4: "3184", challenge: always},
	{id: "pm_card_authenticationRequiredOnSetup", brand: "visa", last4: "3155", challenge: always},
	{id: "pm_card_authenticationRequiredSetupForOffSession", brand: "visa", last4: "0446", challenge: onlyInPerson},
	{id: "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", brand: "visa", last4: "3178", challenge: always, declines: "insufficient_funds"},

	{id: "pm_card_pendingRefund", brand: "visa", last4: "7726", refunds: "pending"},
	{id: "pm_card_refundFail", brand: "visa", last4: "5126", refunds: "failed"},
})

func index(list []method) map[string]method {
	byID := make(map[string]method, len(list))
	for _, m := range list {
		if m.country == "" {
			m.country = "US"
		}
		byID[m.id] = m
	}
	return byID
}

// A decline is what Stripe says for a decline code.
type decline struct {
	code    string // error code
	reason  string // decline_code, "" when Stripe names none
	message string
}

// explain answers what Stripe says for a decline code (docs.stripe.com/declines/codes).
func explain(code string) decline {
	d := decline{code: "card_declined", reason: code, message: "Your card was declined."}
	switch code {
	case "insufficient_funds":
		d.message = "Your card has insufficient funds."
	case "card_velocity_exceeded":
		d.message = "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."
	case "authentication_required":
		d.code, d.message = code, "Your card was declined. This transaction requires authentication."
	case "expired_card":
		d = decline{code: code, message: "Your card has expired."}
	case "incorrect_cvc":
		d = decline{code: code, message: "Your card's security code is incorrect."}
	case "processing_error":
		d = decline{code: code, message: "An error occurred while processing your card. Try again in a little bit."}
	}
	return d
}
