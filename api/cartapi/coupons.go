package cartapi

import (
	"context"
	"net/http"
	"strconv"

	"kassa/activities/cart"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

const couponTag = "Coupons"

type couponOutput struct {
	Location string `header:"Location" doc:"Where the coupon is."`
	Body     cart.Coupon
}

type couponListInput struct {
	Deleted bool   `query:"deleted" doc:"Those that were withdrawn, too."`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Coupons per page."`
	Cursor  string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type couponListOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/coupons?cursor=ImEi.c2ln>; rel=\"next\""`
	Body httpapi.Page[cart.Coupon]
}

func coupons(a *httpapi.API, carts *cart.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-coupons", Method: http.MethodGet, Path: "/v1/coupons", Tag: couponTag, Access: httpapi.Admin,
		Summary: "List coupons by code, with how often each was used",
		Errors:  []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *couponListInput) (*couponListOutput, error) {
		scope := "list-coupons?deleted=" + strconv.FormatBool(in.Deleted)
		ask := cart.ListCouponsInput{Deleted: in.Deleted, Limit: in.Limit}
		if in.Cursor != "" {
			if err := a.Cursors().Verify(scope, in.Cursor, &ask.After); err != nil {
				return nil, err
			}
		}
		page, err := carts.ListCoupons(ctx, ask)
		if err != nil {
			return nil, err
		}
		out := &couponListOutput{Body: httpapi.Page[cart.Coupon]{Data: page.Coupons}}
		if page.More {
			out.Body.NextCursor = a.Cursors().Sign(scope, page.Coupons[len(page.Coupons)-1].Code)
			out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
		}
		return out, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "create-coupon", Method: http.MethodPost, Path: "/v1/coupons", Tag: couponTag, Access: httpapi.Admin, Key: httpapi.OptionalKey, Status: http.StatusCreated,
		Summary: "Make a coupon",
		Description: "percent takes a part of the subtotal off (rounded half up to a minor unit), fixed an amount. " +
			"A coupon is never changed, and its code is never used again: withdraw it and make another.",
		Errors: []*fault.Error{cart.ErrBadCoupon, cart.ErrCouponExists},
	}, func(ctx context.Context, in *struct{ Body cart.CouponTerms }) (*couponOutput, error) {
		made, err := carts.CreateCoupon(ctx, cart.CreateCouponInput{CouponTerms: in.Body})
		if err != nil {
			return nil, err
		}
		return &couponOutput{Location: httpapi.PublicPrefix + "/v1/coupons", Body: made}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "delete-coupon", Method: http.MethodDelete, Path: "/v1/coupons/{code}", Tag: couponTag, Access: httpapi.Admin,
		Summary:     "Withdraw a coupon",
		Description: "No order can carry it from now on; those that do keep it.",
		Errors:      []*fault.Error{cart.ErrCouponMissing},
	}, func(ctx context.Context, in *struct {
		Code string `path:"code" minLength:"3" maxLength:"40" doc:"The code, in any case." example:"WELCOME10"`
	},
	) (*struct{}, error) {
		_, err := carts.DeleteCoupon(ctx, cart.DeleteCouponInput{Code: in.Code})
		return nil, err
	})
}
