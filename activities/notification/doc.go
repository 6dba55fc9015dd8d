// Package notification tells people, and programs outside, what happened.
//
// # Nouns
//
// A Notification is one message: one event, told to one person, by one channel
// (e-mail, SMS, push). Kinds is the table of what is told, by which channels.
// A WebhookEndpoint is a program outside that hears events by Standard
// Webhooks; a WebhookDelivery is one event on its way to it.
//
// # States
//
// A message is pending, then sent (the channel's server took it), skipped (the
// customer does not want it or cannot be reached that way) or failed (refused
// for good, or given up after MaxAttempts). A delivery is pending, then
// delivered or failed; replaying makes it pending again. An endpoint that did
// not answer well for DisableAfter is switched off and its maker is told.
//
// # Invariants
//
//   - One message per event, channel and person (checked by the schema).
//   - Every applied event of Kinds has its messages: they are written in the
//     transaction of the inbox.
//   - One delivery per event and endpoint (checked by the schema).
//   - No row holds an address, a name or a token, except push subscriptions and
//     what somebody of the shop wrote; addresses are asked for when sending.
//
// # When it fails
//
// The sender claims what is due with SKIP LOCKED, so any number of processes
// share the work, and counts the attempt in the claim. A process that dies
// leaves a message that is due again when its lease ends. It may have sent it:
// the repeat carries the same Message-ID (of an SMS the same Idempotency-Key,
// of a push the same tag), made from the event's id, and the last attempt alone
// may settle the message. Content that cannot be read now (the user or the order
// service is out) is a reason to try later, not to give up early.
package notification
