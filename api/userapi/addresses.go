package userapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/user"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

// AddressPath names an address of a user in a path.
type AddressPath struct {
	UserPath
	AddressID uuid.UUID `path:"address_id" doc:"Id of the address." example:"0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2e"`
}

func (p AddressPath) input() user.AddressInput {
	return user.AddressInput{UserID: p.ID, AddressID: p.AddressID}
}

type addressOutput struct {
	ETag string `header:"ETag" doc:"Version of the address, for If-Match." example:"\"1\""`
	Body user.Address
}

type newAddressOutput struct {
	Location string `header:"Location" doc:"Where the address is." example:"/api/v1/users/0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2d/addresses/0199c7a2-5f3e-7c11-9d2b-3f6a8e0b1c2e"`
	ETag     string `header:"ETag" doc:"Version of the address, for If-Match." example:"\"1\""`
	Body     user.Address
}

type addressesOutput struct{ Body user.Addresses }

// addresses are the places that people have things sent to. Nobody but they see them.
func addresses(a *httpapi.API, svc *user.Service) {
	answer := func(found user.Address, err error) (*addressOutput, error) {
		if err != nil {
			return nil, err
		}
		return &addressOutput{ETag: httpapi.ETag(found.Version), Body: found}, nil
	}
	httpapi.Register(a, httpapi.Operation{
		ID: "list-addresses", Method: http.MethodGet, Path: "/v1/users/{id}/addresses", Tag: tag, Access: httpapi.Customer,
		Summary:     "List your addresses",
		Description: "The default first, then the oldest. There are at most 50, so there are no pages.",
		Errors:      []*fault.Error{user.ErrUserNotFound},
	}, func(ctx context.Context, in *struct{ UserPath }) (*addressesOutput, error) {
		if err := own(ctx, in.ID); err != nil {
			return nil, err
		}
		all, err := svc.ListAddresses(ctx, user.ListAddressesInput{UserID: in.ID})
		if err != nil {
			return nil, err
		}
		return &addressesOutput{Body: all}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "add-address", Method: http.MethodPost, Path: "/v1/users/{id}/addresses", Tag: tag, Access: httpapi.Customer,
		Status: http.StatusCreated, Key: httpapi.OptionalKey, MaxBody: 8 << 10,
		Summary: "Add an address",
		Errors:  []*fault.Error{user.ErrUserNotFound, user.ErrAddressInvalid, user.ErrTooManyAddresses},
	}, func(ctx context.Context, in *struct {
		UserPath
		Body user.NewAddress
	},
	) (*newAddressOutput, error) {
		if err := own(ctx, in.ID); err != nil {
			return nil, err
		}
		made, err := svc.AddAddress(ctx, user.AddAddressInput{UserID: in.ID, NewAddress: in.Body})
		if err != nil {
			return nil, err
		}
		return &newAddressOutput{
			Location: "/api/v1/users/" + in.ID.String() + "/addresses/" + made.ID.String(), ETag: httpapi.ETag(made.Version), Body: made,
		}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "read-address", Method: http.MethodGet, Path: "/v1/users/{id}/addresses/{address_id}", Tag: tag, Access: httpapi.Customer,
		Summary: "Read an address",
		Errors:  []*fault.Error{user.ErrUserNotFound, user.ErrAddressNotFound},
	}, func(ctx context.Context, in *struct{ AddressPath }) (*addressOutput, error) {
		if err := own(ctx, in.ID); err != nil {
			return nil, err
		}
		return answer(svc.ReadAddress(ctx, in.input()))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "replace-address", Method: http.MethodPut, Path: "/v1/users/{id}/addresses/{address_id}", Tag: tag, Access: httpapi.Customer,
		IfMatch: true, MaxBody: 8 << 10,
		Summary:     "Change an address",
		Description: "Orders that were placed keep the address that they were placed with.",
		Errors:      []*fault.Error{user.ErrUserNotFound, user.ErrAddressNotFound, user.ErrAddressInvalid, user.ErrAddressStale},
	}, func(ctx context.Context, in *struct {
		AddressPath
		Body user.NewAddress
	},
	) (*addressOutput, error) {
		if err := own(ctx, in.ID); err != nil {
			return nil, err
		}
		return answer(svc.ReplaceAddress(ctx, user.ReplaceAddressInput{AddressInput: in.input(), IfVersion: httpapi.IfMatch(ctx), NewAddress: in.Body}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "delete-address", Method: http.MethodDelete, Path: "/v1/users/{id}/addresses/{address_id}", Tag: tag, Access: httpapi.Customer,
		Status:      http.StatusNoContent,
		Summary:     "Delete an address",
		Description: "When it was the default, the oldest of the others becomes it.",
		Errors:      []*fault.Error{user.ErrUserNotFound, user.ErrAddressNotFound},
	}, func(ctx context.Context, in *struct{ AddressPath }) (*struct{}, error) {
		if err := own(ctx, in.ID); err != nil {
			return nil, err
		}
		_, err := svc.DeleteAddress(ctx, in.input())
		return nil, err
	})
}
