package verify

import (
	"strings"

	"kassa/activities/notification"
)

// The key of the table says the same; this is for who took it away.
const messagesOnce = `
SELECT event_id::text, format('was told %s times to %s by %s', count(*), user_id, channel)
FROM messages
GROUP BY event_id, user_id, channel
HAVING count(*) > 1`

// eventsToldToPeople finds events that were taken in without the mail that they
// cause: an event that was dropped as older than the newest has none.
func eventsToldToPeople() string {
	var types []string
	for typ := range notification.Kinds {
		types = append(types, typ)
	}
	return strings.Replace(`
SELECT inbox.event_id::text, format('%s of %s was taken in, but nobody was written to', inbox.type, inbox.subject)
FROM inbox
WHERE consumer = 'notification'
  AND applied
  AND applied_at > @since
  AND type IN (@types)
  AND NOT EXISTS (SELECT FROM messages WHERE messages.event_id = inbox.event_id AND messages.channel = 'email')`,
		"@types", "'"+strings.Join(types, "', '")+"'", 1)
}

const messagesHaveEvents = `
SELECT id::text, format('tells %s to %s, but the event was not taken in', kind, user_id)
FROM messages
WHERE source = 'event'
  AND created_at > @since
  AND NOT EXISTS (SELECT FROM inbox WHERE inbox.event_id = messages.event_id AND inbox.applied)`

// What cannot be sent is tried again for days; what was never tried was forgotten.
const messagesTried = `
SELECT id::text, format('%s to %s by %s waits since %s and was never tried', kind, user_id, channel, created_at)
FROM messages
WHERE status = 'pending'
  AND attempts = 0
  AND created_at < @before`
