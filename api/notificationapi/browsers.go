package notificationapi

import (
	"context"
	"net/http"

	"kassa/activities/notification"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

type browsersOutput struct {
	Body notification.PushSubscriptions
}

func browsers(a *httpapi.API, svc *notification.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-push-subscriptions", Method: http.MethodGet, Path: "/v1/push-subscriptions", Tag: tag,
		Summary:     "List the browsers that one is told in",
		Description: "And the key that a browser subscribes with: applicationServerKey of pushManager.subscribe.",
		Access:      httpapi.Customer, Errors: []*fault.Error{notification.ErrPushOff},
	}, func(ctx context.Context, _ *struct{}) (*browsersOutput, error) {
		asker, _ := identity.From(ctx)
		all, err := svc.ListPushSubscriptions(ctx, notification.ListPushSubscriptionsInput{UserID: asker.UserID})
		if err != nil {
			return nil, err
		}
		return &browsersOutput{Body: all}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "subscribe-push", Method: http.MethodPost, Path: "/v1/push-subscriptions", Tag: tag,
		Summary:     "Be told in this browser",
		Description: "Takes what pushManager.subscribe gives; sending the same again changes nothing. Whether anything is pushed is for the customer's preferences to say.",
		Access:      httpapi.Customer, Status: http.StatusCreated,
		Errors: []*fault.Error{notification.ErrPushOff, notification.ErrBadSubscription, notification.ErrTooManySubscriptions},
	}, func(ctx context.Context, in *struct{ Body notification.PushSubscription }) (*struct{ Body notification.PushSubscription }, error) {
		asker, _ := identity.From(ctx)
		made, err := svc.SubscribePush(ctx, notification.SubscribePushInput{UserID: asker.UserID, PushSubscription: in.Body})
		if err != nil {
			return nil, err
		}
		return &struct{ Body notification.PushSubscription }{made}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "unsubscribe-push", Method: http.MethodDelete, Path: "/v1/push-subscriptions", Tag: tag,
		Summary:     "Be told in this browser no longer",
		Description: "One that is not there is gone already.",
		Access:      httpapi.Customer, Status: http.StatusNoContent,
	}, func(ctx context.Context, in *struct {
		Endpoint string `query:"endpoint" required:"true" minLength:"1" maxLength:"1000" doc:"The subscription's endpoint, as the browser knows it." example:"https://push.example.net/v1/8f3a"`
	},
	) (*struct{}, error) {
		asker, _ := identity.From(ctx)
		_, err := svc.UnsubscribePush(ctx, notification.UnsubscribePushInput{UserID: asker.UserID, Endpoint: in.Endpoint})
		if err != nil {
			return nil, err
		}
		return nil, nil //nolint:nilnil // 204
	})
}
