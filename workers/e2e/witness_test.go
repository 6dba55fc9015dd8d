package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi/datamodel"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"kassa/api"
)

// witness is a transport that compares what goes over the wire with the API
// document: every answer, and every request that was answered with success.
// It remembers which operations have succeeded.
type witness struct {
	next   http.RoundTripper
	judge  validator.Validator
	routes *http.ServeMux // the document's, by method and path

	mu        sync.Mutex
	succeeded map[string]int // operation id → how often
	wrong     []string       // what the document does not allow; the first ones
}

// mostWrong bounds what a witness remembers.
const mostWrong = 20

func newWitness() (*witness, error) {
	// Categories hold categories; the list ends that, which the reader does not see by itself.
	document, err := libopenapi.NewDocumentWithConfiguration(api.Document, &datamodel.DocumentConfiguration{IgnoreArrayCircularReferences: true})
	if err != nil {
		return nil, err
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, err
	}
	w := &witness{
		next:      &http.Transport{MaxIdleConnsPerHost: 256},
		judge:     validator.NewValidatorFromV3Model(&model.Model, config.WithoutSecurityValidation()),
		routes:    http.NewServeMux(),
		succeeded: map[string]int{},
	}
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			w.routes.Handle(strings.ToUpper(method)+" "+path, named{op})
		}
	}
	return w, nil
}

// named is an operation as the witness's routes hold it.
type named struct{ *v3.Operation }

// ServeHTTP makes it a handler; nobody calls it.
func (named) ServeHTTP(http.ResponseWriter, *http.Request) {}

// RoundTrip sends the request and looks at what comes back.
func (w *witness) RoundTrip(request *http.Request) (*http.Response, error) {
	handler, _ := w.routes.Handler(request)
	op, ours := handler.(named)
	if !ours {
		return w.next.RoundTrip(request)
	}
	var sent []byte
	if request.Body != nil {
		var err error
		if sent, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(sent))
	}
	response, err := w.next.RoundTrip(request)
	if err != nil || inLines(response.Header) || inLines(request.Header) {
		if err == nil && response.StatusCode < 300 {
			w.note(op.OperationId, nil)
		}
		return response, err
	}
	got, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(got))
	if err != nil {
		return response, err
	}
	w.compare(op.OperationId, request, response, sent, got)
	return response, nil
}

// inLines reports a body that is no JSON document: events, or a document per line.
func inLines(header http.Header) bool {
	kind := header.Get("Content-Type")
	return kind == "text/event-stream" || kind == "application/x-ndjson"
}

// cannotSay is the judge's word on a schema that holds itself, as a tree's does.
const cannotSay = "schema render failure, circular reference"

// compare notes what the document says about a request and its answer.
func (w *witness) compare(id string, request *http.Request, response *http.Response, sent, got []byte) {
	if wrong := w.objections(id, request, response, sent, got); response.StatusCode < 300 || len(wrong) > 0 {
		w.note(id, wrong)
	}
}

// objections are what the document has against an answer, and against the
// request when it was answered with success.
func (w *witness) objections(id string, request *http.Request, response *http.Response, sent, got []byte) (wrong []string) {
	told := *response
	told.Body = io.NopCloser(bytes.NewReader(got)) // judging reads it
	if _, errs := w.judge.ValidateHttpResponse(again(request, sent), &told); len(errs) > 0 {
		for _, e := range errs {
			if !strings.Contains(e.Reason, cannotSay) {
				wrong = append(wrong, fmt.Sprintf("%s answered %d: %s", id, response.StatusCode, e.Error()))
			}
		}
	}
	if response.StatusCode < 300 {
		for _, objection := range w.unfit(request, sent) {
			wrong = append(wrong, fmt.Sprintf("%s was answered %d, but its request is not as described: %s", id, response.StatusCode, objection))
		}
	}
	return wrong
}

// unfit is what the document has against a request. A member that is null is as
// good as left out.
func (w *witness) unfit(request *http.Request, sent []byte) (wrong []string) {
	_, errs := w.judge.ValidateHttpRequestSync(again(request, withoutNulls(sent)))
	for _, e := range errs {
		wrong = append(wrong, e.Error())
	}
	return wrong
}

// withoutNulls is a JSON object without the members that are null; anything else
// is as it was.
func withoutNulls(sent []byte) []byte {
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(sent))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil || members == nil || !bytes.Contains(sent, []byte("null")) {
		return sent
	}
	dropNulls(members)
	rest, err := json.Marshal(members)
	if err != nil {
		return sent
	}
	return rest
}

func dropNulls(value any) {
	switch value := value.(type) {
	case map[string]any:
		maps.DeleteFunc(value, func(_ string, v any) bool { return v == nil })
		for _, each := range value {
			dropNulls(each)
		}
	case []any:
		for _, each := range value {
			dropNulls(each)
		}
	}
}

// again is a copy of a request whose body has been read.
func again(request *http.Request, sent []byte) *http.Request {
	copied := request.Clone(request.Context())
	copied.Body = io.NopCloser(bytes.NewReader(sent))
	return copied
}

func (w *witness) note(id string, wrong []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.succeeded[id]++
	for _, line := range wrong {
		if len(w.wrong) < mostWrong {
			w.wrong = append(w.wrong, line)
		}
	}
}

// verdict is an error when anything was not as the document says.
func (w *witness) verdict() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wrong) == 0 {
		return nil
	}
	return fmt.Errorf("the API and its document disagree:\n  %s", strings.Join(w.wrong, "\n  "))
}
