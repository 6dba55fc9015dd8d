package notificationapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/notification"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
)

// Register adds the operations of the notification service to a. svc may be nil
// when only the document is wanted.
func Register(a *httpapi.API, svc *notification.Service) {
	notifications(a, svc)
	browsers(a, svc)
	endpoints(a, svc)
	deliveries(a, svc)
}

const tag = "Notifications"

type listInput struct {
	UserID  string `query:"user_id" format:"uuid" doc:"Only this customer's; customers see their own anyway."`
	Status  string `query:"status" enum:"pending,sent,skipped,failed" doc:"Only messages in this status."`
	Channel string `query:"channel" enum:"email,sms,push" doc:"Only messages of this channel."`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Messages per page."`
	Cursor  string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type listOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page."`
	Body httpapi.Page[notification.Notification]
}

// NewNotification is what somebody of the shop writes to a customer.
type NewNotification struct {
	UserID   uuid.UUID              `json:"user_id" format:"uuid" doc:"The customer." example:"0199f3c2-0000-7000-8000-000000000001"`
	Subject  string                 `json:"subject" minLength:"1" maxLength:"200" doc:"Subject." example:"Your mug"`
	Text     string                 `json:"text" minLength:"1" maxLength:"10000" doc:"Plain text; an empty line separates paragraphs." example:"It leaves tomorrow."`
	Channels []notification.Channel `json:"channels,omitempty" maxItems:"3" nullable:"false" enum:"email,sms,push" doc:"How it goes; e-mail when left out. SMS and push reach only customers who want them." example:"[\"email\"]"`
}

// NotificationsMade are the messages of a request, one per channel.
type NotificationsMade struct {
	Data []notification.Notification `json:"data" nullable:"false" doc:"One message per channel."`
}

func notifications(a *httpapi.API, svc *notification.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-notifications", Method: http.MethodGet, Path: "/v1/notifications", Tag: tag,
		Summary: "List what customers were told, newest first",
		Description: "Customers see their own messages; support and administrators see all, those that nobody wanted included. " +
			"A message is listed by what it says and how far it has come; its text and the address it went to are not kept.",
		Access: httpapi.Customer, Errors: []*fault.Error{httpapi.ErrBadCursor, notification.ErrNotificationNotFound},
	}, func(ctx context.Context, in *listInput) (*listOutput, error) {
		return list(ctx, svc, a.Cursors(), in)
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "send-notification", Method: http.MethodPost, Path: "/v1/notifications", Tag: tag,
		Summary:     "Write to a customer",
		Description: "The messages are sent soon after; list-notifications tells how far they have come. The text is kept for 30 days.",
		Access:      httpapi.Support, Key: httpapi.OptionalKey, Status: http.StatusAccepted,
		Errors: []*fault.Error{notification.ErrBadMessage, notification.ErrRecipientUnknown},
	}, func(ctx context.Context, in *struct{ Body NewNotification }) (*struct{ Body NotificationsMade }, error) {
		made, err := svc.SendNotification(ctx, notification.SendNotificationInput{
			RequestID: request(ctx, "send-notification"), UserID: in.Body.UserID, Subject: in.Body.Subject, Text: in.Body.Text, Channels: in.Body.Channels,
		})
		if err != nil {
			return nil, err
		}
		return &struct{ Body NotificationsMade }{NotificationsMade{made.Notifications}}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "resend-notification", Method: http.MethodPost, Path: "/v1/notifications/{id}/resend", Tag: tag,
		Summary:     "Send a message once more",
		Description: "To where the customer is reached now, as a message of its own that names the first. What is still being sent cannot be repeated yet.",
		Access:      httpapi.Support, Key: httpapi.OptionalKey, Status: http.StatusAccepted,
		Errors: []*fault.Error{notification.ErrNotificationNotFound, notification.ErrNotificationPending, notification.ErrTextForgotten, notification.ErrBadMessage},
	}, func(ctx context.Context, in *struct {
		ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the message." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7b01"`
	},
	) (*struct{ Body notification.Notification }, error) {
		again, err := svc.ResendNotification(ctx, notification.ResendNotificationInput{RequestID: request(ctx, "resend-notification "+in.ID.String()), ID: in.ID})
		if err != nil {
			return nil, err
		}
		return &struct{ Body notification.Notification }{again}, nil
	})
}

func list(ctx context.Context, svc *notification.Service, cursors httpapi.Cursors, in *listInput) (*listOutput, error) {
	asker, _ := identity.From(ctx)
	ask := notification.ListNotificationsInput{Status: in.Status, Channel: in.Channel, Skipped: true, Limit: in.Limit + 1}
	if in.UserID != "" {
		user, err := id.Parse(in.UserID)
		if err != nil || !asker.Owns(user) {
			return nil, notification.ErrNotificationNotFound
		}
		ask.UserID = &user
	}
	if !asker.Role.Includes(identity.Support) {
		ask.UserID, ask.Skipped = &asker.UserID, in.Status == "skipped"
	}
	scope := "list-notifications?" + in.UserID + "&" + in.Status + "&" + in.Channel + "&" + asker.UserID.String()
	if in.Cursor != "" {
		ask.Before = new(uuid.UUID)
		if err := cursors.Verify(scope, in.Cursor, ask.Before); err != nil {
			return nil, err
		}
	}
	found, err := svc.ListNotifications(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: httpapi.Page[notification.Notification]{Data: found.Notifications}}
	if len(found.Notifications) > in.Limit {
		out.Body.Data = found.Notifications[:in.Limit]
		out.Body.NextCursor = cursors.Sign(scope, out.Body.Data[in.Limit-1].ID)
		out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
	}
	return out, nil
}

// request is the id that makes a keyed request count once, even when the process
// died before it could store its answer under the key.
func request(ctx context.Context, operation string) uuid.UUID {
	asker, _ := identity.From(ctx)
	if key := httpapi.IdempotencyKey(ctx); key != "" {
		return uuid.NewSHA1(asker.UserID, []byte(operation+" "+key))
	}
	return id.New()
}
