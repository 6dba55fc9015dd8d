package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// bodyWithin is how long a body may take to arrive.
const bodyWithin = 10 * time.Second

// readBody reads and checks the whole body, and puts it back for Huma.
func (rt *route) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, errEncoded
	}
	if rt.bodyTypes == nil {
		return nil, nil
	}
	if r.ContentLength > rt.op.MaxBody {
		return nil, errTooLarge
	}
	contentType := mediaTypeOf(r.Header.Get("Content-Type"))
	if r.ContentLength != 0 && !slices.Contains(rt.bodyTypes, contentType) {
		return nil, errMediaType
	}
	body, err := rt.receive(w, r)
	if err != nil {
		return nil, err
	}
	if rt.bodyJSON {
		if blank(body) {
			if rt.bodyRequired {
				return nil, errNoBody
			}
			body = nil
		}
		if err := scanJSON(body); err != nil {
			return nil, refusal(http.StatusBadRequest, "", []error{err})
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return body, nil
}

// receive reads the body up to the operation's limit, in bounded time.
func (rt *route) receive(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	// The deadline ends with the body: one that stays set would cancel the request.
	if huma.SetReadDeadline(w, time.Now().Add(bodyWithin)) == nil {
		defer func() { _ = huma.SetReadDeadline(w, time.Time{}) }()
	}
	var body []byte
	var err error
	if r.ContentLength > 0 {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, rt.op.MaxBody+1))
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refusal(http.StatusRequestTimeout, "", nil)
	case err != nil:
		return nil, refusal(http.StatusBadRequest, "", []error{&bodyError{code: "truncated", message: "the body ended early"}})
	case int64(len(body)) > rt.op.MaxBody:
		return nil, errTooLarge
	default:
		return body, nil
	}
}
