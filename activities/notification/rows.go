package notification

import (
	"time"

	"kassa/sql/notificationdb"
)

func notificationOf(row notificationdb.Message) Notification {
	return Notification{
		ID: row.ID, UserID: row.UserID, Channel: Channel(row.Channel), Kind: row.Kind, AboutID: row.AboutID, EventID: row.EventID,
		ResendOf: row.ResendOf, Status: row.Status, Reason: row.Reason, Attempts: row.Attempts,
		NextAt: utc(row.NextAttemptAt), CreatedAt: row.CreatedAt.UTC(), SettledAt: utc(row.SettledAt),
	}
}

func subscriptionOf(row notificationdb.PushSubscription) PushSubscription {
	return PushSubscription{Endpoint: row.Endpoint, Keys: PushKeys{P256dh: row.P256dh, Auth: row.Auth}}
}

func endpointOf(row notificationdb.WebhookEndpoint) WebhookEndpoint {
	return WebhookEndpoint{
		ID: row.ID, URL: row.Url, Description: row.Description, EventTypes: row.EventTypes, Enabled: row.Enabled,
		DisabledWhy: row.DisabledWhy, FailingSince: utc(row.FailingSince), PreviousUntil: utc(row.PreviousUntil),
		Version: row.Version, CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func deliveryOf(row notificationdb.WebhookDelivery) WebhookDelivery {
	return WebhookDelivery{
		ID: row.ID, EndpointID: row.EndpointID, EventID: row.EventID, Type: row.Type, Status: row.Status,
		Attempts: row.Attempts, ResponseStatus: row.ResponseStatus, Reason: row.Reason, DurationMS: row.DurationMs,
		AttemptedAt: utc(row.AttemptedAt), NextAt: utc(row.NextAttemptAt), CreatedAt: row.CreatedAt.UTC(), SettledAt: utc(row.SettledAt),
	}
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	u := at.UTC()
	return &u
}
