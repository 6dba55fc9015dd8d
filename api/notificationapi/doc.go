// Package notificationapi is the HTTP surface of the notification service: what
// customers were told, the browsers they are told in, and the programs outside
// that hear events.
package notificationapi
