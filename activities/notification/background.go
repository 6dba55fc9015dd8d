package notification

import (
	"context"
	"errors"
	"time"
)

const (
	pollEvery   = 500 * time.Millisecond // for what is due
	forgetEvery = time.Hour
)

// Sending is the component that sends messages. report is told what went wrong;
// it says who waits for what, never an address.
func Sending(s *Service, report func(error)) func(ctx context.Context) error {
	return repeating(pollEvery, report, func(ctx context.Context) (bool, error) {
		sent, err := s.SendDueMessages(ctx, SendDueMessagesInput{})
		return sent.Claimed == sendMost, errors.Join(err, sent.Trouble)
	})
}

// Delivering is the component that delivers webhooks.
func Delivering(s *Service, report func(error)) func(ctx context.Context) error {
	return repeating(pollEvery, report, func(ctx context.Context) (bool, error) {
		delivered, err := s.DeliverDueWebhooks(ctx, DeliverDueWebhooksInput{})
		return delivered.Claimed == deliverMost, err
	})
}

// Forgetting is the component that deletes what has been kept long enough.
func Forgetting(s *Service, report func(error)) func(ctx context.Context) error {
	return repeating(forgetEvery, report, func(ctx context.Context) (bool, error) {
		_, err := s.ForgetOldNotifications(ctx, ForgetOldNotificationsInput{})
		return false, err
	})
}

// repeating calls work until ctx ends: at once again while there is more, else
// after a while.
func repeating(every time.Duration, report func(error), work func(context.Context) (more bool, err error)) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			more, err := work(ctx)
			if err != nil && ctx.Err() == nil {
				report(err)
			}
			wait := every
			if more && err == nil {
				wait = 0
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(wait):
			}
		}
	}
}
