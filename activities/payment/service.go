package payment

import (
	"context"

	"kassa/internal/fault"
)

// Service is the payment service: every exported method is an operation.
type Service struct{}

// AuthorizePayment asks for an order's payment.
func (s *Service) AuthorizePayment(context.Context, AuthorizePaymentInput) (Payment, error) {
	return Payment{}, fault.ErrUnavailable
}

// VoidPayment undoes an order's payment.
func (s *Service) VoidPayment(context.Context, VoidPaymentInput) (Payment, error) {
	return Payment{}, fault.ErrUnavailable
}

// ResolvePayment asks the provider for the truth.
func (s *Service) ResolvePayment(context.Context, ResolvePaymentInput) (Payment, error) {
	return Payment{}, fault.ErrUnavailable
}

// CapturePayment takes what is authorized.
func (s *Service) CapturePayment(context.Context, CapturePaymentInput) (Payment, error) {
	return Payment{}, fault.ErrUnavailable
}

// ReadPayment answers one payment.
func (s *Service) ReadPayment(context.Context, ReadPaymentInput) (Payment, error) {
	return Payment{}, fault.ErrUnavailable
}

// ListPayments answers a page of payments.
func (s *Service) ListPayments(context.Context, ListPaymentsInput) (Payments, error) {
	return Payments{}, fault.ErrUnavailable
}

// ListUnsettledPayments answers what Reconcile should resolve.
func (s *Service) ListUnsettledPayments(context.Context, ListUnsettledPaymentsInput) (UnsettledPayments, error) {
	return UnsettledPayments{}, fault.ErrUnavailable
}
