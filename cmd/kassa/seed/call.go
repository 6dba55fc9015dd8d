package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// longestPause bounds the wait that a shop asks for.
const longestPause = time.Minute

// call makes a request as the admin and reads the answer into out, which may be
// nil. It waits and asks again when the shop says that it is too much, or not now.
func (s *seeding) call(ctx context.Context, method, path, contentType string, body []byte, header http.Header, out any) (status int, err error) {
	for try := 1; ; try++ {
		res, err := s.send(ctx, method, path, contentType, body, header)
		if err != nil {
			return 0, err
		}
		answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
		_ = res.Body.Close()
		switch {
		case err != nil:
			return res.StatusCode, fmt.Errorf("%s %s: %w", method, path, err)
		case res.StatusCode < 300 && out == nil:
			return res.StatusCode, nil
		case res.StatusCode < 300:
			return res.StatusCode, json.Unmarshal(answer, out)
		case (res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable) && try < 10:
			if err := pause(ctx, res.Header.Get("Retry-After")); err != nil {
				return res.StatusCode, err
			}
		default:
			var problem struct{ Code, Detail string }
			_ = json.Unmarshal(answer, &problem) // an answer that is no problem has neither
			return res.StatusCode, fmt.Errorf("%s %s: %d %s: %s", method, path, res.StatusCode, problem.Code, problem.Detail)
		}
	}
}

func (s *seeding) send(ctx context.Context, method, path, contentType string, body []byte, header http.Header) (*http.Response, error) {
	token, err := s.admin.Token(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.Gateway+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return s.client.Do(req)
}

// pause waits as long as the shop asks, in seconds.
func pause(ctx context.Context, retryAfter string) error {
	seconds, err := strconv.Atoi(retryAfter)
	if err != nil || seconds < 1 {
		seconds = 1
	}
	timer := time.NewTimer(min(time.Duration(seconds)*time.Second, longestPause))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
